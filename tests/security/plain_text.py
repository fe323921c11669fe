"""Looks for texts in raw bytes: databases, journals, logs, temporary files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import openpyxl

ENCODINGS = ("utf-8", "utf-16-le")
#: Fewer bytes than these stand somewhere in some megabytes of sealed ones by chance.
LEAST = 6
#: As many bytes as these never do, however many megabytes there are and texts to look for.
SURE = 8
#: Columns of the county workbook that say who somebody is, or how to find them.
PERSONAL = {
    "names": ("姓名", "监护人姓名"),
    "numbers": ("证件号码",),
    "phones": ("联系电话", "监护人电话"),
    "addresses": ("户籍地址", "现住详细地址", "监护人住址"),
}


def personal(*books: Path) -> dict[str, set[str]]:
    """Names, numbers, phones and addresses of the people in these workbooks."""
    found: dict[str, set[str]] = {kind: set() for kind in PERSONAL}
    known: set[str] = set()
    for path in books:
        book = openpyxl.load_workbook(path, read_only=True)
        known |= {
            text for sheet in ("机构与区划",) for row in _rows(book[sheet]) for text in _texts(row.values())
        }
        for row in _rows(book["患者"]):
            for kind, columns in PERSONAL.items():
                found[kind] |= {
                    text for text in _texts(row.get(column) for column in columns) if len(text) >= 2
                }
        book.close()
    # Where a village is called as somebody's whole address reads, the text says nothing about anybody.
    places = {county + place for county in known for place in known} | known
    return {kind: texts - places for kind, texts in found.items()}


def _rows(sheet: Any) -> Iterator[dict[str, Any]]:
    rows = sheet.iter_rows(values_only=True)
    header = next(rows)
    for row in rows:
        yield dict(zip(header, row, strict=True))


def _texts(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        text = str(value).strip() if value is not None else ""
        if text:
            yield text


def found_in(content: bytes, texts: Iterable[str]) -> set[str]:
    """Those of ``texts`` that occur in ``content``, in any of the encodings.

    A text is looked for by its last four or eight bytes at every position, thousands at once; only what
    seems to be there is then looked for whole. Two characters are looked for in UTF-8 alone.
    """
    probes: dict[int, dict[int, list[tuple[bytes, str]]]] = {4: {}, 8: {}}
    for text in texts:
        for encoding in ENCODINGS:
            raw = text.encode(encoding)
            if len(raw) < LEAST:
                continue
            width = 8 if len(raw) >= 8 else 4
            value = int.from_bytes(raw[-width:], "little")
            probes[width].setdefault(value, []).append((raw, text))
    found = set()
    for width, values in probes.items():
        wanted = values.keys()
        seen: set[int] = set()
        for offset in range(min(width, len(content))):
            whole = (len(content) - offset) // width * width
            view = memoryview(content)[offset : offset + whole].cast("I" if width == 4 else "Q")
            seen |= wanted & set(view) if len(view) < len(wanted) else set(wanted).intersection(view)
        for value in seen:
            found |= {text for raw, text in values[value] if raw in content}
    return found


def leaked_in(content: bytes, texts: Iterable[str]) -> set[str]:
    """Those of ``texts`` that somebody has written into ``content``.

    Hundreds of names are so short that one of them stands in the sealed bytes of a database once in some
    tens of thousands of runs. Among bytes that are no text, a single place where a single short one stands
    therefore is no leak; a second place, another text, a longer one or a file of text is.
    """
    found = found_in(content, texts)
    if len(found) != 1:
        return found
    (text,) = found
    places = sum(content.count(text.encode(encoding)) for encoding in ENCODINGS)
    long = any(len(raw) >= SURE and raw in content for raw in (text.encode(one) for one in ENCODINGS))
    return found if long or places > 1 or _is_text(content) else set()


def _is_text(content: bytes) -> bool:
    """Is this a log, a list, a drawing: something that programs write as text?"""
    try:
        return "\0" not in content.decode()
    except UnicodeDecodeError:
        return False


def files(*folders: Path) -> list[Path]:
    """Every file below these folders."""
    return sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
