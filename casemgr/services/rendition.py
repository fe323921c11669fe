"""报表格式: an issued report as 公文, PDF/A or Excel, made from its frozen figures and kept beside it."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from casemgr.reports.figures import Figures, digest_of
from casemgr.reports.own_fonts import FOLDER as FONT_FOLDER
from casemgr.reports.own_fonts import UnfitFont, own_fonts
from casemgr.reports.paper import Letter, document
from casemgr.reports.press import FONTS
from casemgr.reports.tables import Table, tables_of
from casemgr.reports.workbook import MEDIA, workbook
from casemgr.rules.access import Access, Action
from casemgr.services import clock
from casemgr.services.clock import SHANGHAI
from casemgr.services.errors import Conflict, Missing, Problem, Refused
from casemgr.services.printing import ROOT, SURROUNDINGS
from casemgr.services.report import (
    ADDRESS,
    UNFIT_FOR_FILES,
    Download,
    ReportView,
    collect,
    earlier_papers,
    frozen,
    get,
)
from casemgr.services.report_file import path_of, write_file
from casemgr.services.use_case import use_case, within
from casemgr.store.db import new_key
from casemgr.store.models.report import Report, ReportFile
from casemgr.store.queries import report as queries
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel, ancestor
from casemgr.terms.report import Rendition, ReportKind

PDF = "application/pdf"
#: Seconds that drawing one report may take on a busy machine.
SECONDS = 120
OFFICIAL = frozenset({Rendition.OFFICIAL, Rendition.OFFICIAL_ARCHIVE})
ARCHIVE = frozenset({Rendition.TABLE_ARCHIVE, Rendition.OFFICIAL_ARCHIVE})
#: All but the one that is made when a report is issued.
FURTHER = tuple(one for one in Rendition if one is not Rendition.TABLE)

NOT_THERE = "没有这份报表，或不在您的辖区内。请从报表列表中选择。"
BROKEN = "生成文件时出错，没有生成。请再试一次；如仍出错，请把时间告诉系统管理员。"

#: HTML and whether PDF/A is wanted → the bytes of the file and the number of characters not drawn.
Draw = Callable[[str, bool], tuple[bytes, int]]


@dataclass(frozen=True, slots=True)
class FileView:
    """One form of a report: ``size`` 0 where it has not been made; ``message`` says why making it failed."""

    rendition: Rendition
    size: int
    made_at: datetime | None
    message: str


@dataclass(frozen=True, slots=True)
class Opened:
    """An issued report with its frozen figures as tables and the further forms it can be had in."""

    report: ReportView
    tables: tuple[Table, ...]
    files: tuple[FileView, ...]


# --- looking --------------------------------------------------------------------------------------


def opened(access: Access, key: int) -> Opened:
    """An issued report to look at; :class:`Missing` outside the access."""
    figures, files = _opened(access, key)
    return Opened(get(access, key), tables_of(figures) if figures is not None else (), files)


@use_case(Action.REPORT_READ)
def _opened(work: Work, key: int) -> tuple[Figures | None, tuple[FileView, ...]]:
    row = queries.by_key(work, key)
    if row is None:
        raise Missing(NOT_THERE)
    made = {one.rendition: one for one in queries.files(work, key)}
    return _figures(work, row), tuple(_view(one, made.get(int(one))) for one in FURTHER)


def _view(rendition: Rendition, row: ReportFile | None) -> FileView:
    if row is None:
        return FileView(rendition, 0, None, "")
    return FileView(rendition, row.size, row.made_at, row.message)


def _figures(work: Work, row: Report) -> Figures | None:
    """The figures of a report as issued: kept beside it, or taken from the closings if they give the same."""
    return frozen(work, row) or _again(Access.system("report-figures"), row.id)


@use_case(Action.REPORT_READ)
def _again(work: Work, key: int) -> Figures | None:
    """The figures taken from the closings once more; a closing belongs to the county, whoever asks."""
    row = queries.by_key(work, key)
    if row is None:
        return None
    try:
        papers = earlier_papers(work, row.area, row.as_of, row.id)
        again = collect(work, ReportKind.read(row.kind), row.period, row.area, row.revision, papers)
    except Problem:
        return None
    return again if digest_of(again) == row.figures_digest else None


# --- making ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be drawn: the figures, the letter of a 公文, and which row of the agency it names."""

    figures: Figures
    letter: Letter | None
    agency: int | None
    file: FileView | None
    fonts: Path | None


def make(access: Access, key: int, rendition: Rendition, draw: Draw | None = None) -> None:
    """Make one form of a report and keep it; nothing happens where it stands already.

    ``draw`` prints in a child process unless it is given. Raises :class:`Missing` outside the access and
    :class:`Refused` where there is no agency yet, where the figures are lost or a character has no shape;
    what goes wrong while drawing is kept for the page of the report.
    """
    plan = _plan(access, key, rendition)
    if plan.file is not None:
        return
    if rendition is Rendition.WORKBOOK:
        content, missing = workbook(plan.figures, ADDRESS), 0
    else:
        text = document(plan.figures, ADDRESS, plan.letter)
        try:
            content, missing = (draw or partial(drawn, fonts=plan.fonts))(text, rendition in ARCHIVE)
        except Exception:
            _keep(access, key, rendition, plan.agency, b"", BROKEN)
            raise
    if missing:
        sentence = f"有 {missing} 个字没有字形，印出来会缺字，因此没有生成。请核对机关和区划名称中的生僻字。"
        _keep(access, key, rendition, plan.agency, b"", sentence)
        raise Refused(sentence)
    try:
        _keep(access, key, rendition, plan.agency, content, "")
    except Conflict:
        return  # somebody else has made the same file in this moment


def check(access: Access, key: int, rendition: Rendition) -> None:
    """Whether a form can be made at all; raises what :func:`make` raises before it draws."""
    _plan(access, key, rendition)


def drawn(text: str, archive: bool, fonts: Path | None = None) -> tuple[bytes, int]:
    """HTML → the bytes of the PDF and how many characters could not be drawn, made by a child process.

    ``fonts``: a folder with fonts of the agency for 公文.
    """
    wanted = ["--archive" if archive else "--paper", *([f"{FONTS}{fonts}"] if fonts is not None else ())]
    made = subprocess.run(  # noqa: S603  # our own module, one of two words and a folder of ours
        [sys.executable, "-B", "-s", "-m", "casemgr.reports.press", *wanted],
        input=text.encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env=SURROUNDINGS,
        timeout=SECONDS,
        check=True,
    )
    first, _, content = made.stdout.partition(b"\n")
    return content, int(first)


@use_case(Action.REPORT_READ)
def _plan(work: Work, key: int, rendition: Rendition) -> _Plan:
    row = queries.by_key(work, key)
    if row is None:
        raise Missing(NOT_THERE)
    figures = _figures(work, row)
    if figures is None:
        raise Refused(
            f"{row.number}签发时的数据没有保存下来，月结之后又有变动，不能再做成其他格式。"
            "请由县级人员重新签发新的一版后再试。"
        )
    made = queries.file(work, key, int(rendition))
    standing = _view(rendition, made) if made is not None and _read(work, made) is not None else None
    letter, agency = None, made.agency_id if made is not None and made.size else None
    fonts = None
    if rendition in OFFICIAL:
        letter, agency = _letter(row, agency)
        fonts = _fonts(work)
    return _Plan(figures, letter, agency, standing, fonts)


def _fonts(work: Work) -> Path | None:
    """The folder with fonts of the agency, if it has any; :class:`Refused` for one that may not be used."""
    folder: Path = within(work).instance / FONT_FOLDER
    try:
        return folder if own_fonts(folder) else None
    except UnfitFont as unfit:
        raise Refused(str(unfit)) from unfit


def _letter(row: Report, agency: int | None) -> tuple[Letter, int]:
    """The agency of a file made before, else the one of the county that is in force."""
    found = _agency(Access.system("report-agency"), ancestor(row.area, AreaLevel.COUNTY), agency)
    if found is None:
        raise Refused(
            "还没有填写发文机关，公文没有落款，不能印发。请县级人员在“报表—发文机关”页填写后再试，"
            "或下载统计表格式。"
        )
    day = row.issued_at.astimezone(SHANGHAI).date().isoformat()
    return Letter(found.title, found.code, found.letterhead, day), found.key


@dataclass(frozen=True, slots=True)
class _Agency:
    key: int
    title: str
    code: str
    letterhead: bool


@use_case(Action.REPORT_READ)
def _agency(work: Work, county: int, key: int | None) -> _Agency | None:
    row = queries.agency(work, key) if key is not None else queries.agency_of(work, county)
    return _Agency(row.id, row.title, row.code, row.letterhead) if row is not None else None


@use_case(Action.REPORT_READ, writes=True)
def _keep(
    work: Work, key: int, rendition: Rendition, agency: int | None, content: bytes, message: str
) -> None:
    row = queries.by_key(work, key)
    if row is None:
        raise Missing(NOT_THERE)
    digest = hashlib.sha256(content).hexdigest() if content else ""
    end = "xlsx" if rendition is Rendition.WORKBOOK else "pdf"
    name = f"{row.file_name.removesuffix('.pdf')}-{int(rendition)}.{end}" if content else ""
    if content:
        write_file(path_of(work, name), content)
    made = queries.file(work, key, int(rendition))
    if made is None:
        made = ReportFile(id=new_key(), area=row.area, report_id=row.id, rendition=int(rendition))
        _fill(work, made, agency, digest, name, len(content), message)
        work.add(made)
    elif made.file_digest and content and made.file_digest != digest:
        raise Refused(
            f"{row.number}的{rendition.label}文件已经损坏或丢失，重新生成的文件与原件不完全相同，不能冒充原件。"
            "请从备份恢复“reports”文件夹，或重新月结后签发新的一版。"
        )
    elif content or not made.size:
        _fill(work, made, agency, digest, name, len(content), message)


def _fill(
    work: Work, made: ReportFile, agency: int | None, digest: str, name: str, size: int, message: str
) -> None:
    made.agency_id, made.file_digest, made.file_name = agency, digest, name
    made.size, made.message = size, message
    made.made_at, made.made_by = clock.now(), work.access.actor


# --- giving out -----------------------------------------------------------------------------------


@use_case(Action.REPORT_READ, writes=True)
def download(work: Work, key: int, rendition: Rendition) -> Download:
    """The file of one form, written down as a download; :class:`Missing` where it was not made."""
    row = queries.by_key(work, key)
    made = queries.file(work, key, int(rendition)) if row is not None else None
    if row is None or made is None or not made.size:
        raise Missing("这份报表还没有生成这种格式。请在报表页选择格式后生成。")
    content = _read(work, made)
    if content is None:
        raise Refused(
            f"{row.number}的{rendition.label}文件已损坏或丢失。请在报表页重新生成，会恢复成同一份文件。"
        )
    work.note("download", "Report", row_key=row.id, purpose=rendition.label)
    again = f"第{row.revision}版" if row.revision > 1 else ""
    end = ".xlsx" if rendition is Rendition.WORKBOOK else f"（{rendition.label}）.pdf"
    return Download(f"{UNFIT_FOR_FILES.sub(' ', row.title)}{again}{UNFIT_FOR_FILES.sub('-', end)}", content)


def _read(work: Work, made: ReportFile) -> bytes | None:
    """The kept file if it is there and still the one that was made."""
    if not made.size:
        return None
    try:
        content = path_of(work, made.file_name).read_bytes()
    except OSError:
        return None
    return content if hashlib.sha256(content).hexdigest() == made.file_digest else None


def media_of(rendition: Rendition) -> str:
    """The media type of the files of a form."""
    return MEDIA if rendition is Rendition.WORKBOOK else PDF
