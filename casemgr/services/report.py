"""报表: issue a report, keep it, give it out, and say whether a paper is the one that was issued."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum

from casemgr.indicators.period import Period
from casemgr.reports.figures import (
    Figures,
    canonical,
    code_of,
    digest_of,
    grouped,
    read_code,
    restored,
)
from casemgr.reports.marks import LARGEST_FILE, Claim, claim_of
from casemgr.reports.monthly import day_in_words
from casemgr.reports.paper import document, title_of
from casemgr.rules.access import Access, Action
from casemgr.services import clock, giving, monthly, period_report, statistics_form
from casemgr.services.errors import Conflict, Forbidden, Missing, Problem, Refused, Unfit
from casemgr.services.fault import describe
from casemgr.services.monthly import month_number, month_text
from casemgr.services.presses import Presses, Sheet
from casemgr.services.report_file import path_of, write_file
from casemgr.services.use_case import note_refusal, use_case
from casemgr.store.db import new_key
from casemgr.store.models.report import Report
from casemgr.store.queries import report as queries
from casemgr.store.work import Work
from casemgr.terms.area import span_of
from casemgr.terms.report import ReportKind

PAGE = 50
#: Where people ask about a paper, as printed on it. The host differs from office to office.
ADDRESS = "填报单位所用系统的网页“报表—核验”（/reports/verify）"
#: No report of ours is larger (bytes); nobody needs to send or read more of a file than this.
LARGEST = LARGEST_FILE
#: What a paper hides stays hidden in the papers of the year after it.
REMEMBERED = timedelta(days=366)
#: What some system does not take in the name of a file, or a header not in a line.
UNFIT_FOR_FILES = re.compile(r'[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069/\\:*?"<>|]+')


@dataclass(frozen=True, slots=True)
class ReportView:
    """One issued report as pages and commands show it; nothing in it is about a person."""

    key: int
    number: str
    kind: ReportKind
    period: str
    area: int
    area_name: str
    revision: int
    newest: bool
    as_of: date
    title: str
    digest: str
    file_digest: str
    code: str
    size: int
    issued_at: datetime

    @property
    def digest_groups(self) -> str:
        """The digest of the figures as it is printed, in groups of four."""
        return grouped(self.digest, " ")


@dataclass(frozen=True, slots=True)
class Download:
    """The bytes of a report and the name to save them under."""

    name: str
    content: bytes


class Verdict(Enum):
    """What can be said about a paper."""

    GENUINE = "genuine"
    KNOWN_CODE = "known-code"
    ALTERED = "altered"
    UNKNOWN = "unknown"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Verification:
    """The answer to «is this ours, unchanged?»: verdict, sentence for people, the report if it is known."""

    verdict: Verdict
    sentence: str
    report: ReportView | None

    @property
    def genuine(self) -> bool:
        """Whether the very bytes were issued here."""
        return self.verdict is Verdict.GENUINE


# --- which month ----------------------------------------------------------------------------------


_QUARTER = re.compile(r"(20\d\d)-Q([1-4])")
_YEAR = re.compile(r"20\d\d")
_PERIODS = {
    ReportKind.MONTHLY: "月份应写成 2026-10 这样。",
    ReportKind.QUARTERLY: "季度应写成 2026-Q3 这样（也可写该季最后一个月，如 2026-09）。",
    ReportKind.YEARLY: "年份应写成 2025 这样。",
    ReportKind.EXCHANGE: "月份应写成 2026-10 这样。",
    ReportKind.STATISTICS: "年份应写成 2025 这样。",
}


def last_month(kind: ReportKind, period: str) -> str:
    """The month whose closing is printed: ``2026-Q3`` → ``2026-09``, ``2025`` → ``2025-12``.

    The last month itself is taken as well. Raises :class:`Unfit` (field ``period``) for anything else.
    """
    if kind is ReportKind.QUARTERLY and (found := _QUARTER.fullmatch(period)):
        return f"{found[1]}-{int(found[2]) * 3:02d}"
    if kind in (ReportKind.YEARLY, ReportKind.STATISTICS) and _YEAR.fullmatch(period):
        return f"{period}-12"
    months = {ReportKind.QUARTERLY: 3, ReportKind.YEARLY: 12, ReportKind.STATISTICS: 12}.get(kind, 1)
    try:
        number = month_number(period)
    except Unfit:
        number = 0
    if not number or number % 100 % months:
        raise Unfit(_PERIODS[kind], fields={"period": _PERIODS[kind]})
    return month_text(number)


def period_text(kind: ReportKind, number: int) -> str:
    """The period of a kind whose last month is ``number`` (202609): ``2026-09``, ``2026-Q3`` or ``2026``."""
    if kind is ReportKind.QUARTERLY:
        return f"{number // 100}-Q{number % 100 // 3}"
    if kind in (ReportKind.YEARLY, ReportKind.STATISTICS):
        return str(number // 100)
    return month_text(number)


# --- issuing --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Draft:
    """What is to be printed: the report as it stands already, or the figures and text of a new issue."""

    figures: Figures
    issued: ReportView | None
    file_sound: bool


def issue(access: Access, period: str, area: int, kind: ReportKind = ReportKind.MONTHLY) -> ReportView:
    """The report of ``period`` for a county or township, printed and kept if it is not yet.

    ``period``: ``2026-10``, ``2026-Q3`` or ``2025``, as :func:`last_month` reads it. Asking again with the
    same closed figures gives the same report; other figures make the next revision. Prints in this process
    (about a second): for jobs and commands, never for a web request. Raises :class:`Missing`,
    :class:`Unfit`, and :class:`Refused` when the month is not closed, when a character cannot be drawn or
    when the kept file was damaged beyond repair.
    """
    draft = _draft(access, period, area, kind)
    if draft.issued is not None and draft.file_sound:
        return draft.issued
    from casemgr.reports.pdf import printed  # WeasyPrint takes over a second and stays out of start-up

    made = printed(document(draft.figures, ADDRESS))
    return _kept(access, draft.figures, made.content, made.missing)


def _kept(access: Access, figures: Figures, content: bytes, missing: tuple[str, ...]) -> ReportView:
    try:
        return _keep(access, figures, content, missing, clock.now())
    except Conflict:
        # Another process has issued the same report in this moment; its file is as good as ours.
        return _keep(access, figures, content, missing, clock.now())


def issue_many(
    access: Access,
    period: str,
    areas: Sequence[int],
    step: Callable[[int, int], None] | None = None,
    kind: ReportKind = ReportKind.MONTHLY,
) -> Iterator[tuple[int, ReportView | Problem]]:
    """(area, report or the reason why there is none) for each of ``areas``, drawn side by side in children.

    ``step(done, total)`` is called before each result. Reports that stand already are not drawn again; one
    that cannot be drawn is told as a :class:`Problem` and stops no other.
    """
    waiting: list[tuple[int, Figures, Sheet]] = []
    done = 0
    with Presses() as presses:

        def finish() -> tuple[int, ReportView | Problem]:
            area, figures, sheet = waiting.pop(0)
            try:
                content, missing = presses.result(sheet)
                return area, _kept(access, figures, content, missing)
            except Problem as problem:
                return area, problem
            except Exception as wrong:
                return area, Refused(f"没有印成。{describe(wrong, 'printing a report')}")

        for area in areas:
            if step is not None:
                step(done, len(areas))
            while len(waiting) > 2 * presses.count:
                yield finish()
                done += 1
            try:
                draft = _draft(access, period, area, kind)
            except Problem as problem:
                yield area, problem
                done += 1
                continue
            if draft.issued is not None and draft.file_sound:
                yield area, draft.issued
                done += 1
                continue
            waiting.append((area, draft.figures, presses.submit(document(draft.figures, ADDRESS))))
        while waiting:
            if step is not None:
                step(done, len(areas))
            yield finish()
            done += 1


@use_case(Action.REPORT_ISSUE, writes=False)
def _draft(work: Work, period: str, area: int, kind: ReportKind) -> _Draft:
    month = last_month(kind, period)
    number = month_number(month)
    issued = queries.newest(work, int(kind), number, area)
    if issued is not None:
        earlier = earlier_papers(work, area, issued.as_of, issued.id)
        figures = collect(work, kind, number, area, issued.revision, earlier)
        if digest_of(figures) == issued.figures_digest:
            sound = _read_file(work, issued) is not None
            return _Draft(figures, _view(issued, figures.area_name, issued.revision), sound)
    revision = issued.revision + 1 if issued is not None else 1
    as_of = Period.of_month(number).end
    return _Draft(collect(work, kind, number, area, revision, earlier_papers(work, area, as_of)), None, False)


def collect(
    work: Work, kind: ReportKind, number: int, area: int, revision: int, earlier: Sequence[Figures] = ()
) -> Figures:
    """The figures of a kind of report whose last month is ``number`` (202609), for its issue ``revision``."""
    month, period = month_text(number), period_text(kind, number)
    if kind is ReportKind.MONTHLY:
        return monthly.collect(work, month, area, revision, earlier)
    if kind in period_report.LENGTH:
        return period_report.collect(work, kind, period, month, area, revision, earlier)
    return statistics_form.collect(work, kind, period, month, area, revision, earlier)


def earlier_papers(work: Work, area: int, as_of: date, before: int | None = None) -> list[Figures]:
    """The figures of papers about ``area`` of the year up to ``as_of`` that are out already, oldest first.

    ``before``: only those issued before the report with this key.
    """
    found = []
    for row in queries.issued_since(work, area, as_of - REMEMBERED, before):
        figures = frozen(work, row)
        if figures is not None:
            found.append(figures)
    return found


def frozen(work: Work, row: Report) -> Figures | None:
    """The figures a report was printed from; ``None`` where they were not kept or are damaged."""
    try:
        content = zlib.decompress(path_of(work, figures_name(row.file_name)).read_bytes())
    except (OSError, zlib.error):
        return None
    if hashlib.sha256(content).hexdigest() != row.figures_digest:
        return None
    return restored(content)


def figures_name(file_name: str) -> str:
    """Where the figures lie beside a report's file."""
    return file_name.removesuffix(".pdf") + ".figures"


def _file_name(kind: ReportKind, number: int, figures: Figures) -> str:
    which = "" if kind is ReportKind.MONTHLY else f"{kind.slug}-"
    return f"{number}/{which}{figures.area:012d}-{figures.revision}.pdf"


@use_case(Action.REPORT_ISSUE)
def _keep(
    work: Work, figures: Figures, content: bytes, missing: tuple[str, ...], now: datetime
) -> ReportView:
    kind, period = _kind_of(figures.kind), month_number(figures.last_month)
    if missing:
        raise Refused(
            f"{figures.area_name}的{kind.label}里有 {len(missing)} 个字没有字形，印出来会缺字，因此没有签发。"
            "请核对区划和单位名称中的生僻字，或由系统管理员安装补充字体后再试。"
        )
    file_digest = hashlib.sha256(content).hexdigest()
    standing = queries.numbered(work, int(kind), period, figures.area, figures.revision)
    if standing is not None:
        # Somebody else was as quick, or the file was lost: the very same bytes may take its place again.
        if standing.file_digest != file_digest:
            raise Refused(
                f"{standing.number}的原文件已经损坏或丢失，重新生成的文件与原件不完全相同，不能冒充原件。"
                "请从备份恢复“reports”文件夹，或重新月结后签发新的一版。"
            )
        write_file(path_of(work, standing.file_name), content)
        write_file(path_of(work, figures_name(standing.file_name)), zlib.compress(canonical(figures)))
        return _view(standing, figures.area_name, standing.revision)
    name = _file_name(kind, period, figures)
    write_file(path_of(work, name), content)
    write_file(path_of(work, figures_name(name)), zlib.compress(canonical(figures)))
    digest = digest_of(figures)
    row = work.add(
        Report(
            id=new_key(),
            area=figures.area,
            kind=int(kind),
            number=figures.number,
            period=period,
            revision=figures.revision,
            as_of=date.fromisoformat(figures.as_of),
            title=title_of(figures),
            figures_digest=digest,
            file_digest=file_digest,
            file_name=name,
            size=len(content),
            code=code_of(digest),
            issued_at=now.replace(microsecond=now.microsecond // 1000 * 1000),
            issued_by=work.access.actor,
        )
    )
    return _view(row, figures.area_name, row.revision)


def _kind_of(slug: str) -> ReportKind:
    """The kind with this plain word; ``KeyError`` if there is none."""
    return ReportKind[slug.upper()]


def _read_file(work: Work, report: Report) -> bytes | None:
    """The kept file if it is there and still the one that was issued."""
    path = path_of(work, report.file_name)
    try:
        content = path.read_bytes()
    except OSError:
        return None
    return content if hashlib.sha256(content).hexdigest() == report.file_digest else None


# --- looking --------------------------------------------------------------------------------------


def _views(work: Work, rows: Sequence[Report]) -> list[ReportView]:
    names = queries.area_names(work, {row.area for row in rows})
    newest = queries.newest_revisions(work, {row.period for row in rows}, {row.area for row in rows})
    return [
        _view(row, names.get(row.area, str(row.area)), newest[row.kind, row.period, row.area]) for row in rows
    ]


def _view(row: Report, area_name: str, newest: int) -> ReportView:
    return ReportView(
        key=row.id,
        number=row.number,
        kind=ReportKind.read(row.kind),
        period=period_text(ReportKind.read(row.kind), row.period),
        area=row.area,
        area_name=area_name,
        revision=row.revision,
        newest=row.revision == newest,
        as_of=row.as_of,
        title=row.title,
        digest=row.figures_digest,
        file_digest=row.file_digest,
        code=row.code,
        size=row.size,
        issued_at=row.issued_at,
    )


@use_case(Action.REPORT_READ)
def list_(
    work: Work, month: str = "", area: int | None = None, page: int = 1, size: int = PAGE
) -> tuple[list[ReportView], int]:
    """One page of the issued reports inside the access, and how many there are.

    ``month`` and ``area`` (with all areas below it) narrow the list. Raises :class:`Unfit` for a bad month.
    """
    low, high = span_of(area) if area is not None else (0, 10**12)
    period = month_number(month) if month else None
    rows, total = queries.listed(work, period, low, high, (max(page, 1) - 1) * size, size)
    return _views(work, rows), total


@use_case(Action.REPORT_READ)
def months(work: Work) -> list[str]:
    """Months that have a report, newest first."""
    return [month_text(period) for period in queries.periods(work)]


@use_case(Action.REPORT_READ)
def get(work: Work, key: int) -> ReportView:
    """One issued report; :class:`Missing` when there is none or it lies outside the access."""
    row = queries.by_key(work, key)
    if row is None:
        raise Missing("没有这份报表，或不在您的辖区内。请从报表列表中选择。")
    return _views(work, [row])[0]


@use_case(Action.REPORT_READ, writes=True)
def download(work: Work, key: int) -> Download:
    """The file of a report, as issued; written down as a download.

    Raises :class:`Missing` outside the access, :class:`Refused` when the kept file is not the one issued.
    """
    row = queries.by_key(work, key)
    if row is None:
        raise Missing("没有这份报表，或不在您的辖区内。请从报表列表中选择。")
    content = _read_file(work, row)
    if content is None:
        raise Refused(
            f"{row.number}的文件已损坏或丢失，为避免发出不真实的报表，没有下载。"
            "请让县级人员重新签发一次（数据未变时会恢复成同一份文件），或从备份恢复。"
        )
    work.note("download", "Report", row_key=row.id)
    if row.kind == ReportKind.EXCHANGE and work.access.may(Action.SHARING_WRITE):
        giving.enter_totals(work, row.number)
    again = f"第{row.revision}版" if row.revision > 1 else ""
    return Download(f"{UNFIT_FOR_FILES.sub(' ', row.title)}{again}.pdf", content)


# --- verifying ------------------------------------------------------------------------------------


def verify(access: Access | None, content: bytes) -> Verification:
    """Whether ``content`` is, byte for byte, a report issued by this installation.

    The digest of the bytes decides; what the file says about itself only makes the sentence clearer. The
    register is asked as a whole, because a genuine paper from elsewhere in the county is genuine too.
    ``None`` is the operator's own access.
    """
    _may_verify(access)
    system = Access.system("report-verify")
    return _judge(system, hashlib.sha256(content).hexdigest(), claim_of(content))


def verify_code(access: Access | None, typed: str) -> Verification:
    """Which report a 核验码 typed from paper belongs to; the paper itself has to be compared by eye."""
    _may_verify(access)
    code = read_code(typed)
    if code is None:
        return Verification(
            Verdict.UNKNOWN,
            "核验码应是 12 位数字和大写字母，印在每页下方，如 7K2M-9XWD-40TQ。请核对后再输入。",
            None,
        )
    return _judge_code(Access.system("report-verify"), code)


def _may_verify(access: Access | None) -> None:
    if access is not None and not access.may(Action.REPORT_VERIFY):
        note_refusal(access, Action.REPORT_VERIFY)
        raise Forbidden("您的角色不能核验报表。如工作需要，请联系本单位管理员。")


def _told(view: ReportView) -> str:
    return f"{view.number}，《{view.title}》，数据截至{day_in_words(view.as_of.isoformat())}"


def _newer(view: ReportView) -> str:
    return "" if view.newest else " 注意：这份报表之后已经签发了新的一版，请以最新一版为准。"


def _known(work: Work, row: Report | None) -> ReportView | None:
    return _views(work, [row])[0] if row is not None else None


@use_case(Action.REPORT_VERIFY)
def _judge(work: Work, file_digest: str, claim: Claim | None) -> Verification:
    genuine = _known(work, queries.by_file(work, file_digest) or queries.by_further_file(work, file_digest))
    if genuine is not None:
        sentence = f"通过核验：这是本系统签发的报表，内容没有改动。{_told(genuine)}。{_newer(genuine)}"
        return Verification(Verdict.GENUINE, sentence, genuine)
    if claim is None:
        return Verification(
            Verdict.FOREIGN,
            "不能通过核验：文件里读不到本系统报表的标记。它不是本系统签发的 PDF，或者已被改动、损坏或另存。"
            "请使用收到的原始文件，或按纸面上的核验码核对。",
            None,
        )
    named = _named(work, claim)
    if named is None:
        return Verification(
            Verdict.UNKNOWN,
            "不能通过核验：文件带有同类报表的标记，但本系统没有签发过这一份。它可能出自别的系统，或标记被改动。"
            "请向报送单位索取原件，或到纸面所印的核验地址核对。",
            None,
        )
    return Verification(
        Verdict.ALTERED,
        f"不能通过核验：文件自称是{named.number}，本系统确实签发过这一编号的报表，但文件内容与签发时不同，"
        "可能有数字被改动，或是重新制作、另存过。请以“报表”页下载的原件为准。",
        named,
    )


def _named(work: Work, claim: Claim) -> ReportView | None:
    """The issued report a file pretends to be: by its code, else by month, area and revision."""
    found = queries.by_code(work, claim.code)
    if found is None and claim.kind.upper() in ReportKind.__members__:
        kind = _kind_of(claim.kind)
        found = queries.numbered(work, int(kind), month_number(claim.period), claim.area, claim.revision)
    return _known(work, found)


@use_case(Action.REPORT_VERIFY)
def _judge_code(work: Work, code: str) -> Verification:
    found = _known(work, queries.by_code(work, code))
    if found is None:
        return Verification(
            Verdict.UNKNOWN,
            f"本系统没有核验码为 {code} 的报表。请核对是否看错（没有字母 I、L、O、U）；"
            "若无误，这张纸不是本系统签发的，或数字被改动过。",
            None,
        )
    sentence = (
        f"这个核验码属于本系统签发的{_told(found)}。核验码只说明有这份报表，"
        f"请下载原件与纸面逐项核对，两者应完全一致。{_newer(found)}"
    )
    return Verification(Verdict.KNOWN_CODE, sentence, found)
