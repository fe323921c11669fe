"""表单打印: a declared form, filled or blank, as the paper that is signed; one sheet front and back.

What stands where follows from the declaration: items in the order of the paper, options with their numbers
and a box □ for the code, words that belong to an option right behind it, repeated lines as lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from casemgr.forms.cell import Code, Codes, Flag, FullDay, PartialDay, Whole
from casemgr.forms.condition import Equals, Holds
from casemgr.forms.form import Field, Form, Item, Moment, Table, shown
from casemgr.terms.code import from_mask

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"

#: Signs (a Chinese character counts 2) that fit the half of a line, label and options together.
HALF = 44
#: Size of the type by form: larger where two pages leave room to write by hand, smaller where one must do.
SIZES = {
    "followup": "roomy",
    "supplement": "roomy",
    # One page takes it, with its notes.
    "supplement-2017.1": "",
    "report_card": "roomy",
    "resident": "roomy",
    "discharge": "small",
}
LIST_ROWS = 14
#: Characters, blanks included, that are not torn at the end of a line.
SHORT = 20


@dataclass(frozen=True, slots=True)
class Blank:
    """A place to write: words before it, what stands in it, unit behind it, width in characters."""

    label: str
    value: str
    unit: str = ""
    width: int = 8
    options: tuple[Option, ...] = ()
    box: str | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """One option with its number; ``blanks`` are written behind it."""

    code: str
    label: str
    chosen: bool
    blanks: tuple[Blank, ...] = ()

    @property
    def short(self) -> bool:
        """Whether it stands on one line, with the one short blank that it may have behind it."""
        room = sum(blank.width if not blank.options else SHORT for blank in self.blanks)
        return len(self.blanks) < 2 and len(self.label) + room < SHORT


@dataclass(frozen=True, slots=True)
class Cell:
    """One item on paper: options with boxes for codes, or a blank, or lines of blanks."""

    label: str
    group: str = ""
    star: bool = False
    options: tuple[Option, ...] = ()
    boxes: tuple[str, ...] = ()
    value: str = ""
    unit: str = ""
    date: str = ""
    tall: int = 1
    lines: tuple[tuple[Blank, ...], ...] = ()
    wide: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: one wide cell, two halves, or the cells of a shared heading."""

    cells: tuple[Cell, ...]
    group: str = ""

    @property
    def inline(self) -> bool:
        """Whether the cells of a shared heading are short blanks that stand side by side."""
        return all(not cell.options and not cell.lines and not cell.date for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Band:
    """Rows under one heading; without heading when the paper has none."""

    title: str
    rows: tuple[Row, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """One form for one person, ready to be laid out; ``head`` are short lines above the table."""

    form: Form
    bands: tuple[Band, ...]
    head: tuple[tuple[str, str], ...] = ()
    size: str = ""
    columns: tuple[tuple[str, str], ...] = ()
    lines: tuple[tuple[str, ...], ...] = ()
    marks: tuple[str, ...] = field(default=())


def paper(form: Form, values: Mapping[str, Any], head: Sequence[tuple[str, str]] = ()) -> Paper:
    """One form with clean values (none of them: a blank one) and the lines above it, e.g. 姓名 and 编号."""
    size = SIZES.get(f"{form.name}-{form.version}", SIZES.get(form.name, ""))
    if form.paper == "numbers":
        bands: tuple[Band, ...] = (Band("", _rows(_in_order(form), form, values)),)
    else:
        bands = tuple(
            Band(section.title, _rows(section.items, form, values), section.note)
            for section in form.sections
            if any(each.printed for each in section.fields)
        )
    return Paper(form, bands, tuple(head), size)


def listed(form: Form, people: Sequence[Mapping[str, Any]]) -> Paper:
    """A form that is a list: one line for each of ``people``, blank lines to the end of the page."""
    columns = tuple(each for each in form.fields if each.printed)
    lines = [tuple(_in_list(each, values) for each in columns) for values in people]
    blank = ("",) * len(columns)
    lines += [blank] * max(LIST_ROWS - len(lines), 0)
    return Paper(form, (), (), "", tuple((each.label, _breadth(each)) for each in columns), tuple(lines))


def _breadth(each: Field) -> str:
    if each.key in ("residence", "id_number"):
        return "broad"
    return "narrow" if len(each.choices) in (2, 4) or isinstance(each.kind, Whole) else ""


def _in_list(each: Field, values: Mapping[str, Any]) -> str:
    value = values.get(each.key)
    if value is not None and isinstance(each.kind, Codes):
        return "、".join(str(int(term)) for term in from_mask(each.kind.term, value))
    return shown(each, value)


def document(
    papers: Iterable[Paper], day: date, unit: str = "", demo: bool = False, blank: bool = False
) -> str:
    """Papers as HTML for :func:`casemgr.reports.pdf.printed`; each begins on the front of a sheet.

    ``day`` is the day of printing and stands in the foot (not of a ``blank`` form, which is the same every
    day); the title names the form, never a person.
    """
    found = tuple(papers)
    titles = {one.form.title for one in found}
    return (
        _environment()
        .get_template("reports/forms/document.html")
        .render(
            papers=found,
            day=day,
            unit=unit,
            demo=demo,
            undated=blank,
            title=titles.pop() if len(titles) == 1 else "官方表单",
        )
    )


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter: receiver, paragraphs around the facts, who signs; ``basis`` stands in the foot."""

    title: str
    to: str
    opening: tuple[str, ...]
    facts: tuple[tuple[str, str], ...] = field(repr=False)
    closing: tuple[str, ...]
    unit: str
    day: date
    basis: str


def letter(written: Letter, demo: bool = False) -> str:
    """A letter as HTML for :func:`casemgr.reports.pdf.printed`; its title never names a person."""
    return _environment().get_template("reports/forms/letter.html").render(letter=written, demo=demo)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


# --- what stands where ----------------------------------------------------------------------------


def _in_order(form: Form) -> tuple[Item, ...]:
    """The items in the order of the numbers on paper; what has no number keeps its place."""
    items = [item for section in form.sections for item in section.items]
    place: dict[int, float] = {}
    last = 0.0
    for index, item in enumerate(items):
        last = float(item.number) if item.number.isdigit() else last
        place[index] = last
    return tuple(item for index, item in sorted(enumerate(items), key=lambda pair: (place[pair[0]], pair[0])))


def _rows(items: Sequence[Item], form: Form, values: Mapping[str, Any]) -> tuple[Row, ...]:
    attached = {each.key for parent in form.fields for _, each in _attached(form, parent)}
    cells = [
        _table(item, values) if isinstance(item, Table) else _cell(item, form, values)
        for item in items
        if isinstance(item, Table) or (item.printed and item.key not in attached)
    ]
    return tuple(_packed(cells))


def _packed(cells: Sequence[Cell]) -> Iterator[Row]:
    for group, found in groupby(cells, key=lambda cell: cell.group):
        own = list(found)
        if group:
            yield Row(tuple(replace(cell, label=cell.label.removeprefix(group)) for cell in own), group)
            continue
        waiting: Cell | None = None
        for cell in own:
            if cell.wide:
                if waiting is not None:
                    yield Row((waiting,))
                    waiting = None
                yield Row((cell,))
            elif waiting is None:
                waiting = cell
            else:
                yield Row((waiting, cell))
                waiting = None
        if waiting is not None:
            yield Row((waiting,))


def _attached(form: Form, parent: Field) -> Iterator[tuple[int, Field]]:
    """Items that are asked because of one option of ``parent``: they are printed behind that option."""
    if not isinstance(parent.kind, Code | Codes):
        return
    together = {each.key: section.key for section in form.sections for each in section.fields}
    for each in form.fields:
        match each.asked:
            case Equals(parent.key, int(code)) | Holds(parent.key, code) if each.printed:
                short = each.widget != "textarea" or each.label == f"{parent.label}内容"
                if short and together[each.key] == together[parent.key]:
                    yield code, each
            case _:
                pass


def _width(text: str) -> int:
    return sum(2 if ord(sign) > 255 else 1 for sign in text)


def _cell(each: Field, form: Form, values: Mapping[str, Any]) -> Cell:
    value = values.get(each.key)
    label, star = each.label, each.star
    if form.paper == "questions" and each.number:
        label = f"{each.number}. {label}"
    if isinstance(each.kind, Code | Codes | Flag):
        options, boxes = _options(each, form, values)
        if len(options) > MOST_OPTIONS:
            return Cell(label, each.group, star, value=shown(each, value), wide=False)
        length = sum(_width(option.label) + 4 + 12 * len(option.blanks) for option in options)
        wide = length + 3 * len(boxes) > HALF - 16 or any(option.blanks for option in options)
        return Cell(label, each.group, star, options, boxes, wide=wide)
    text = shown(each, value) if not each.unit else shown(each, value).removesuffix(f" {each.unit}")
    space = ""
    if isinstance(each.kind, FullDay | PartialDay | Moment):
        space = DAY_SPACE + (TIME_SPACE if isinstance(each.kind, Moment) else "")
    tall = {"textarea": 3 if getattr(each.kind, "limit", 0) <= 1_000 else 2}.get(each.widget, 1)
    return Cell(label, each.group, star, value=text, unit=each.unit, date=space, tall=tall, wide=tall > 1)


DAY_SPACE, TIME_SPACE = "　　　　年　　月　　日", "　　时　　分"
#: Longer lists (民族) are written out instead of printed.
MOST_OPTIONS = 15


def _options(
    each: Field, form: Form, values: Mapping[str, Any]
) -> tuple[tuple[Option, ...], tuple[str, ...]]:
    value = values.get(each.key)
    blanks: dict[Any, list[Blank]] = {}
    for code, child in _attached(form, each):
        blanks.setdefault(code, []).append(_blank(each, child, form, values))
    if isinstance(each.kind, Codes):
        chosen: set[Any] = {int(term) for term in from_mask(each.kind.term, value)}
        boxes = tuple(str(code) for code in sorted(chosen))
        boxes += ("",) * (max(3, len(boxes)) - len(boxes))
    elif isinstance(each.kind, Flag):
        said = "" if value is None else "是" if value else "否"
        chosen, boxes = {said}, (said,)
    else:
        chosen, boxes = {value}, ("" if value is None else str(value),)
    flag = isinstance(each.kind, Flag)
    options = tuple(
        Option(
            "" if flag or label.startswith(str(code)) else str(code),
            label,
            code in chosen,
            tuple(blanks.get(code, ())),
        )
        for code, label in each.choices
    )
    return options, boxes


def _blank(parent: Field, child: Field, form: Form, values: Mapping[str, Any]) -> Blank:
    value = values.get(child.key)
    label = child.label
    if label in (f"{parent.label}其他", f"{parent.label}内容") or child.unit == "次":
        label = ""
    elif label.startswith(parent.label):
        label = label.removeprefix(parent.label)
    if isinstance(child.kind, Code | Codes):
        options, boxes = _options(child, form, values)
        return Blank("", "", options=options, box=boxes[0])
    text = shown(child, value).removesuffix(f" {child.unit}" if child.unit else "")
    width = 3 if child.unit else 14 if child.widget == "textarea" else 9
    return Blank(label, text, child.unit, max(width, _width(text) // 2))


def _table(table: Table, values: Mapping[str, Any]) -> Cell:
    lines = []
    for number, line in enumerate(table.lines, 1):
        name, rest = line[0], line[1:]
        written = [
            Blank(table.row_label.format(number).split("·")[-1], shown(name, values.get(name.key)), width=12)
        ]
        for index, each in enumerate(rest):
            text = shown(each, values.get(each.key)).removesuffix(f" {each.unit}")
            written.append(
                Blank(f"{'用法：' if index == 0 else ''}{table.columns[index + 1].label}", text, each.unit, 4)
            )
        lines.append(tuple(written))
    return Cell(table.label, "", table.star, lines=tuple(lines))
