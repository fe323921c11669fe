"""打印: official forms as PDF — blank, for one person, for a village — drawn beside the requests.

A print is begun (what is on it is opened, recorded and sealed), carried out (a child process draws it) and
fetched by whoever began it, within a day. Nothing readable about a person lies on a disk in between.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from casemgr.forms.cell import DAY, Partial, PartialDay, day_of, days
from casemgr.forms.form import Field, Form
from casemgr.forms.official import checkup, followup, referral
from casemgr.forms.register import PersonRow
from casemgr.forms.registry import FORMS, form_named
from casemgr.reports.form import Paper, document, listed, paper
from casemgr.rules.access import Access, Action
from casemgr.services import clock
from casemgr.services import exchange_rows as rows
from casemgr.services.errors import Missing, Problem, Unfit
from casemgr.services.register import NOT_THERE, purpose_of
from casemgr.services.use_case import use_case, within
from casemgr.store import sealed_files
from casemgr.store.db import new_key
from casemgr.store.identity import open_texts, opening
from casemgr.store.queries import area as areas
from casemgr.store.queries import exchange as exchange_queries
from casemgr.store.queries import printing as queries
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel
from casemgr.terms.followup import FormVersion
from casemgr.terms.referral import Direction
from casemgr.terms.resident import EthnicGroup

FOLDER, BLANKS = "prints", "blanks"
NOTE, TEXT, BODY = "note", "html", "pdf"
KEPT = timedelta(hours=24)
PREPARING, READY, FAILED = "preparing", "ready", "failed"
#: People in one file, and earlier records to choose from.
MOST, LISTED = 150, 20
#: Seconds that drawing may take at all and for each person; a form takes about one on an idle machine.
SECONDS, SECONDS_EACH = 120, 8
#: No print waits longer than this: then its process is gone, and whoever waits is told so.
LONGEST_WAIT, SHORTEST_WAIT = timedelta(hours=1), timedelta(minutes=10)
ROOT = Path(__file__).resolve().parents[2]
#: All that the drawing process gets to know on Linux; elsewhere it finds its libraries by the surroundings.
SURROUNDINGS = {"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"} if sys.platform == "linux" else None

OUT_OF_REACH = (
    "文件里有人已不在您的辖区（迁出或调整了管理单位），这份打印文件不能再打开。"
    "请返回“表单”页，只为现在辖区内的人重新打印；其余的请联系现在的管理单位。"
)
GONE = "没有这份打印文件，或已超过 24 小时被清除。请返回“表单”页重新打印。"
BROKEN = "生成 PDF 时出错，没有生成文件。请再试一次；如仍出错，请把时间告诉系统管理员。"
LOST = "生成这份文件的程序已经中断，没有生成文件，也不会再继续。请返回重新打印；仍不行时，请联系系统管理员。"
GLYPHS = (
    "有 {0} 个字没有字形，印出来会缺字，因此没有生成文件。"
    "请核对姓名、地址中的生僻字，或请系统管理员安装补充字体。"
)
NO_FORM = "没有这张表，或没有这个版本。请从“表单”页的列表中选择。"

#: Which items of a form are written from the register; judgements and signatures stay blank.
_HEAD = ("name", "sex")
PREFILLED: Mapping[str, tuple[str, ...]] = {
    "consent": (*_HEAD, "file_no", "residence"),
    "emergency_consent": (*_HEAD, "residence"),
    "resident": (
        *_HEAD,
        "birth_on",
        "id_number",
        "workplace",
        "phone",
        "contact_name",
        "contact_phone",
        "group",
        "group_other",
        "education",
        "marriage",
    ),
    "supplement": (
        "name",
        "file_no",
        "guardian_name",
        "relation",
        "guardian_residence",
        "guardian_phone",
        "household",
        "employment",
        "consent",
        "consent_on",
        "onset",
        "past_symptoms",
        "past_confinement",
        "past_treatment",
        "treated",
        "admissions_count",
        "diagnosis",
        "icd10",
        "diagnosed_at",
        "diagnosed",
        "past_acts",
        "economy",
        "subsidised",
        "disability_grade",
        "care_team",
        "family_doctor",
    ),
    "followup": (),
    "referral": (*_HEAD, "age", "file_no", "residence", "phone"),
    "emergency": (*_HEAD, "age", "document_kind", "id_number"),
    "checkup": (*_HEAD, "file_no"),
    "report_card": (
        *_HEAD,
        "birth_on",
        "document_kind",
        "id_number",
        "ethnicity",
        "household",
        "contact_name",
        "contact_phone",
        "contact_relation",
        "domicile",
        "residence",
        "residence_code",
        "education",
        "marriage",
        "employment",
        "onset",
        "treated",
        "admissions_count",
        "past_confinement",
        "past_acts",
        "diagnosed_at",
        "diagnosed",
        "diagnosis",
        "icd10",
    ),
    "discharge": (*_HEAD, "birth_on", "document_kind", "id_number", "past_acts"),
}
#: Forms that are printed for many people at once.
BATCHED = ("followup", "consent", "supplement", "resident", "checkup")


@dataclass(frozen=True, slots=True)
class PrintView:
    """One print as its page shows it; nothing in it is about a person."""

    key: int
    state: str
    title: str
    people: int
    message: str
    begun_at: datetime


@dataclass(frozen=True, slots=True)
class Record:
    """Something filled in before that may be printed: a visit or a sheet, by its day."""

    key: int
    on: date | None
    version: str


@dataclass(frozen=True, slots=True)
class Village:
    """A village with people on the register."""

    code: int
    name: str


def form_of(name: str, version: str | None = None) -> Form:
    """The form of that name; :class:`Missing` with a sentence if there is none."""
    try:
        return form_named(name, version)
    except KeyError:
        raise Missing(NO_FORM) from None


@use_case(Action.FORM_PRINT, writes=False)
def catalogue(_work: Work) -> list[Form]:
    """Every official form, in the order of the national numbering, the newest version first."""
    return [form for versions in FORMS.values() for form in versions]


@use_case(Action.FORM_PRINT, writes=False)
def read(_work: Work, name: str, version: str | None = None) -> Form:
    """One official form, the newest version unless one is named; :class:`Missing` if there is none."""
    return form_of(name, version)


@use_case(Action.FORM_PRINT, writes=False)
def villages(work: Work) -> list[Village]:
    """Villages within reach in which somebody on the register lives."""
    inhabited = set(queries.villages(work))
    found = areas.within(work, work.access.low, work.access.high, int(AreaLevel.VILLAGE))
    return [Village(row.code, row.name) for row in found if row.code in inhabited]


@use_case(Action.FORM_PRINT, writes=False)
def sheet(_work: Work, name: str, version: str) -> bytes:
    """The Excel sheet of a form, to be filled in; nobody is on it."""
    from casemgr.forms.sheet import template  # keeps start-up light

    return template(form_of(name, version))


# --- blank forms ----------------------------------------------------------------------------------


def _blank_text(form: Form) -> str:
    empty = listed(form, []) if form.paper == "list" else paper(form, {}, _head(form, None))
    # Without a day of printing a blank form is the same file every day.
    return document([empty], form.since, blank=True)


def _blank_key(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big")


@use_case(Action.FORM_PRINT, writes=False)
def blank(work: Work, name: str, version: str) -> bytes | None:
    """The blank form as PDF; ``None`` while nobody has drawn it yet (:func:`draw_blank`)."""
    return sealed_files.take(work, BLANKS, _blank_key(_blank_text(form_of(name, version))), BODY)


def draw_blank(access: Access, name: str, version: str) -> None:
    """Draw a blank form once and for all; a second call does nothing."""
    if blank(access, name, version) is not None:
        return
    text = _blank_text(form_of(name, version))
    content, missing = _drawn(text)
    if not missing:
        _keep_blank(access, _blank_key(text), content)


@use_case(Action.FORM_PRINT)
def _keep_blank(work: Work, key: int, content: bytes) -> None:
    sealed_files.put(work, BLANKS, key, BODY, content)


# --- begun ----------------------------------------------------------------------------------------


@use_case(Action.FORM_PRINT, writes=False)
def records(work: Work, case_id: int, name: str) -> list[Record]:
    """What was filled in before and may be printed, latest first; :class:`Missing` outside the access."""
    file_no_of, _ = exchange_queries.names_of(work, [case_id])
    form = form_of(name)
    if not file_no_of or form.name not in PREFILLED:
        raise Missing(NOT_THERE)
    if form.name == followup.NAME:
        return [
            Record(row.id, row.on, f"{row.form_version}.1") for row in queries.visits(work, case_id, LISTED)
        ]
    if form.name == referral.NAME:
        return [
            Record(row.id, row.advised_on, form.version) for row in queries.referrals(work, case_id, LISTED)
        ]
    if form.name == checkup.NAME:
        return [Record(row.id, row.on, form.version) for row in queries.checkups(work, case_id, LISTED)]
    return [
        Record(row.id, row.filled_on, row.form_version)
        for row in queries.sheets(work, case_id, form.name, LISTED)
    ]


@use_case(Action.FORM_PRINT)
def begin(work: Work, case_ids: Sequence[int], name: str, purpose: str, today: date, record: int = 0) -> int:
    """Begin a print of a form for these people; the key of the print.

    ``record`` is a visit or a sheet of the one person (0: from the register, the rest blank). Names leave
    the house by it: the opening is written down with its purpose. Raises :class:`Unfit` without a purpose or
    for too many people, :class:`Missing` when nobody of them lies inside the access.
    """
    why = purpose_of(purpose).label
    form = form_of(name)
    if form.name not in PREFILLED:
        raise Missing(NO_FORM)
    keys = list(dict.fromkeys(case_ids))
    if len(keys) > MOST:
        raise Unfit(
            f"一次最多为 {MOST} 人打印。请按村分批打印，或缩小名单。", fields={"village": f"最多 {MOST} 人。"}
        )
    if record:
        papers = [_of_record(work, keys[0], form, record, why, today)] if keys else []
    else:
        papers = list(_of_people(work, keys, form, why, today))
    if not papers:
        raise Missing(NOT_THERE)
    title = papers[0].form.title
    work.note(
        "print",
        "Form",
        fields=form.name,
        purpose=why,
        count=len(papers),
        case_key=keys[0] if len(keys) == 1 else None,
    )
    text = document(papers, today, demo=within(work).demo)
    return put(work, text, title, len(papers))


def begin_village(access: Access, village: int, name: str, purpose: str, today: date) -> int:
    """Begin a print for everybody on the register who lives in a village; otherwise like :func:`begin`."""
    if name not in BATCHED:
        raise Unfit("这张表不能按村打印。", fields={"form": "请从列表中选择一张表。"})
    keys = _of_village(access, village)
    if not keys:
        raise Unfit(
            "这个村（社区）没有在册的患者，没有生成文件。",
            fields={"village": "请选择有在册患者的村（社区）。"},
        )
    return begin(access, keys, name, purpose, today)


@use_case(Action.FORM_PRINT, writes=False)
def _of_village(work: Work, village: int) -> list[int]:
    return queries.of_village(work, village, MOST + 1)


def put(work: Work, text: str, title: str, people: int) -> int:
    """Lay a finished text down to be drawn, sealed; part of the unit of work that opened what is in it."""
    key, now = new_key(), clock.now()
    _forget(work, now)
    note = {
        "actor": work.access.actor,
        "title": title,
        "people": people,
        "begun": now.isoformat(),
        "message": "",
        # Whose names are on it: whoever of them is out of reach later takes the print along.
        "persons": sorted(work.opened_people()),
    }
    sealed_files.put(work, FOLDER, key, TEXT, text.encode())
    sealed_files.put(work, FOLDER, key, NOTE, json.dumps(note).encode())
    return key


def _head(form: Form, row: PersonRow | None) -> tuple[tuple[str, str], ...]:
    """The lines above the table of a form that does not ask for the name itself."""
    if form.name != followup.NAME:
        return ()
    return (("姓名", row.name if row else ""), ("编号", row.file_no if row else "□□□-□□□□□"))


def _opened_people(work: Work, keys: Sequence[int], why: str) -> Iterator[PersonRow]:
    units = {unit.key: code for code, unit in rows.known_units(work).items()}
    subjects: list[int] = []
    with opening(work, "Identity", why, subjects) as opened:
        found = {one.key: one for one in rows.people(work, keys, units, opened)}
        subjects += [one.person for one in found.values()]
    return (found[key].row for key in keys if key in found)


def _of_people(work: Work, keys: Sequence[int], form: Form, why: str, today: date) -> Iterator[Paper]:
    for row in _opened_people(work, keys, why):
        yield paper(form, known_values(form, row, today), _head(form, row))


def known_values(form: Form, row: PersonRow, today: date) -> dict[str, Any]:
    """What the register knows and the form asks, judgements and signatures apart."""
    known = _known(row, today)
    values = {key: known[key] for key in PREFILLED[form.name] if known.get(key) is not None}
    if form.name == "resident":
        values["ethnicity"] = values.pop("group", None)
        values["ethnicity_other"] = values.pop("group_other", None)
    return values


def _known(row: PersonRow, today: date) -> dict[str, Any]:
    """What the register knows of a person, by the keys that the forms use."""
    known = row._asdict()
    han = row.ethnicity == int(EthnicGroup.HAN)
    born = day_of(row.birth_on) if row.birth_on is not None else None
    known |= {
        "age": today.year - born.year - ((today.month, today.day) < (born.month, born.day)) if born else None,
        "contact_name": row.guardian_name,
        "contact_phone": row.guardian_phone,
        "contact_relation": row.relation,
        "residence_code": str(row.village) if row.village else None,
        "group": None if row.ethnicity is None else int(EthnicGroup.HAN if han else EthnicGroup.MINORITY),
        "group_other": None if row.ethnicity is None or han else _ethnicity(row.ethnicity),
    }
    return known


def _ethnicity(code: int) -> str:
    form = form_named("report_card")
    return str(dict(form.field("ethnicity").choices).get(code, code))


def _of_record(work: Work, case: int, form: Form, key: int, why: str, today: date) -> Paper:
    row = next(_opened_people(work, [case], why), None)
    if row is None:
        raise Missing(NOT_THERE)
    if form.name == followup.NAME:
        return _of_visit(work, case, key, row, why)
    if form.name in (referral.NAME, checkup.NAME):
        told = _of_referral if form.name == referral.NAME else _of_checkup
        return paper(form, {**known_values(form, row, today), **told(work, case, key, why)})
    found = queries.sheet(work, key, case, form.name)
    if found is None:
        raise Missing(NOT_THERE)
    filled = form_of(form.name, found.form_version)
    text = open_texts(work, "Sheet", [(found.id, found.data)], why, case)[0]
    return paper(filled, stored_values(filled, json.loads(text)), _head(filled, row))


def _of_referral(work: Work, case: int, key: int, why: str) -> dict[str, Any]:
    """What a referral says, by the keys of 表10."""
    found = next((row for row in queries.referrals(work, case, MOST) if row.id == key), None)
    if found is None:
        raise Missing(NOT_THERE)
    up = found.direction == int(Direction.UP)
    sealed = {"to_unit": found.target, "reason" if up else "plan": found.reason}
    told = [(name, value) for name, value in sealed.items() if value is not None]
    opened = open_texts(work, "Referral", [(found.id, value) for _, value in told], why, case)
    return {
        "direction": found.direction,
        "on": days(found.sent_on or found.advised_on),
        **{name: text for (name, _), text in zip(told, opened, strict=True)},
    }


def _of_checkup(work: Work, case: int, key: int, why: str) -> dict[str, Any]:
    """What a check-up found, by the keys of the form."""
    found = next((row for row in queries.checkups(work, case, MOST) if row.id == key), None)
    if found is None:
        raise Missing(NOT_THERE)
    values = {name: getattr(found, name) for name in CHECKED}
    if found.note is not None:
        values["note"] = open_texts(work, "Checkup", [(found.id, found.note)], why, case)[0]
    return {"on": days(found.on), **values}


CHECKED = ("systolic", "diastolic", "weight_g", "blood_count", "transaminase", "glucose", "ecg")


def _of_visit(work: Work, case: int, key: int, person: PersonRow, why: str) -> Paper:
    file_no_of, where = exchange_queries.names_of(work, [case])
    with opening(work, "Visit", why) as opened:
        found = [one.row for one in rows.visits(work, [case], file_no_of, where, opened) if one.key == key]
    if not found:
        raise Missing(NOT_THERE)
    version = "2017.1" if found[0].form_version == int(FormVersion.V2017) else None
    form = form_named(followup.NAME, version)
    return paper(form, followup.of_row(found[0]), _head(form, person))


def stored_values(form: Form, data: Mapping[str, Any]) -> dict[str, Any]:
    """Clean values of a kept sheet: JSON knows no pairs, so partly known days come back as lists."""
    return {each.key: _stored(each, data[each.key]) for each in form.fields if data.get(each.key) is not None}


def _stored(each: Field, value: Any) -> Any:
    if isinstance(each.kind, PartialDay):
        return Partial(*value) if isinstance(value, list | tuple) else Partial(int(value), DAY)
    return value


# --- carried out and fetched ----------------------------------------------------------------------


def carry_out(access: Access, key: int) -> None:
    """Draw a print that was begun; what goes wrong is written into it and goes on to the caller."""
    text, people = _text(access, key)
    if text is None:
        return
    try:
        content, missing = _drawn(text.decode(), people)
    except Exception:
        _end(access, key, b"", BROKEN)
        raise
    _end(access, key, b"" if missing else content, GLYPHS.format(missing) if missing else "")


def _patience(people: int) -> int:
    return SECONDS + SECONDS_EACH * people


def _longest(people: int) -> timedelta:
    """How long a print may wait and draw; another one of the largest kind may come before a large one."""
    turns = timedelta(seconds=_patience(people) + _patience(MOST if people > 1 else 1))
    return min(max(turns, SHORTEST_WAIT), LONGEST_WAIT)


def _drawn(text: str, people: int = 1) -> tuple[bytes, int]:
    """HTML → the bytes of the PDF and how many characters could not be drawn, made by a child process."""
    made = subprocess.run(
        [sys.executable, "-B", "-s", "-m", "casemgr.reports.press"],
        input=text.encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env=SURROUNDINGS,
        timeout=_patience(people),
        check=True,
    )
    first, _, content = made.stdout.partition(b"\n")
    return content, int(first)


@use_case(Action.FORM_PRINT, writes=False)
def _text(work: Work, key: int) -> tuple[bytes | None, int]:
    return sealed_files.take(work, FOLDER, key, TEXT), int(_note(work, key)["people"])


@use_case(Action.FORM_PRINT)
def _end(work: Work, key: int, content: bytes, message: str) -> None:
    note = _note(work, key)
    if content:
        sealed_files.put(work, FOLDER, key, BODY, content)
    sealed_files.put(work, FOLDER, key, NOTE, json.dumps({**note, "message": message}).encode())
    sealed_files.remove(work, FOLDER, key, TEXT)


def _note(work: Work, key: int) -> dict[str, Any]:
    kept = sealed_files.take(work, FOLDER, key, NOTE)
    note: dict[str, Any] = json.loads(kept) if kept is not None else {}
    if note.get("actor") != work.access.actor:
        raise Missing(GONE)
    persons = note.get("persons", [])
    if persons and len(queries.reached(work, persons)) < len(persons):
        raise Missing(OUT_OF_REACH)
    return note


@use_case(Action.FORM_PRINT, writes=False)
def view(work: Work, key: int) -> PrintView:
    """How far a print is; :class:`Missing` for anybody but who began it."""
    note = _note(work, key)
    begun = datetime.fromisoformat(note["begun"])
    if sealed_files.exists(work, FOLDER, key, BODY):
        state = READY
    else:
        lost = clock.now() - begun > _longest(int(note["people"]))
        state = FAILED if note["message"] or lost else PREPARING
    message = note["message"] or (LOST if state == FAILED else "")
    return PrintView(key, state, note["title"], note["people"], message, begun)


@use_case(Action.FORM_PRINT)
def fetch(work: Work, key: int) -> bytes:
    """The finished PDF; written down as a download. :class:`Missing` when it is not there (any more)."""
    note = _note(work, key)
    content = sealed_files.take(work, FOLDER, key, BODY)
    if content is None:
        raise Missing(GONE)
    work.note("download", "Form", count=int(note["people"]), purpose="打印")
    return content


@use_case(Action.FORM_PRINT)
def forget_old(work: Work) -> int:
    """Forget prints after a day; how many."""
    return _forget(work, clock.now())


def _forget(work: Work, now: datetime) -> int:
    old = [key for key in sealed_files.keys(work, FOLDER) if _age(work, key, now) > KEPT]
    for key in old:
        for kind in (NOTE, TEXT, BODY):
            sealed_files.remove(work, FOLDER, key, kind)
    return len(old)


def _age(work: Work, key: int, now: datetime) -> timedelta:
    try:
        kept = sealed_files.take(work, FOLDER, key, NOTE)
        return now - datetime.fromisoformat(json.loads(kept)["begun"]) if kept is not None else KEPT * 2
    except (Problem, ValueError, KeyError):
        return KEPT * 2
