"""归档与无障碍: what PDF/A-2a and PDF/UA-1 ask of a file, as far as it can be read out of the file.

No validator of these two is among the tools of the project; docs/decisions/0034 says what was checked how.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from pypdf.generic import DictionaryObject, IndirectObject

from casemgr.reports.figures import canonical
from casemgr.reports.paper import Letter, document
from tests.reports.sample import county, township

pdf = pytest.importorskip("casemgr.reports.pdf", reason="WeasyPrint finds no Pango here", exc_type=OSError)

#: The library leaves its colour profile to be closed by the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

ADDRESS = "http://127.0.0.1:8000/reports/verify"
#: Characters of names beyond GB 2312, of extension B among them.
RARE = "堃喆䶮㛃𬀩镕犇"
ROOT = Path(__file__).resolve().parents[2]


def read(html: str, *, archive: bool) -> PdfReader:
    made = pdf.printed(html, archive=archive)
    assert made.missing == ()
    return PdfReader(BytesIO(made.content))


@pytest.fixture(scope="module")
def archived() -> PdfReader:
    figures = replace(county(30), area_name=f"{RARE}县")
    return read(document(figures, ADDRESS), archive=True)


@pytest.fixture(scope="module")
def tagged() -> PdfReader:
    return read(
        document(township(), ADDRESS, Letter("示例县卫生健康局", "示卫", True, "2026-11-01")), archive=False
    )


def objects(reader: PdfReader) -> list[Any]:
    """Every object of the file once."""
    seen: dict[int, Any] = {}
    waiting: list[Any] = [reader.trailer["/Root"]]
    found = []
    while waiting:
        one = waiting.pop()
        if isinstance(one, IndirectObject):
            if one.idnum in seen:
                continue
            seen[one.idnum] = True
            one = one.get_object()
        found.append(one)
        if isinstance(one, dict):
            waiting.extend(one.raw_get(key) if hasattr(one, "raw_get") else one[key] for key in one)
        elif isinstance(one, list):
            waiting.extend(list.__iter__(one))
    return found


def metadata(reader: PdfReader) -> str:
    return reader.trailer["/Root"]["/Metadata"].get_object().get_data().decode()


def test_each_kind_says_in_its_metadata_what_it_conforms_to(archived: PdfReader, tagged: PdfReader) -> None:
    part, conformance = (
        re.search(rf"pdfaid:{name}[>=]\"?(\w)", metadata(archived)) for name in ("part", "conformance")
    )
    assert part is not None
    assert conformance is not None
    assert (part[1], conformance[1]) == ("2", "A")
    assert re.search(r'pdfuaid:part[>=]"?1', metadata(tagged))
    # Nothing of the file tells the day of printing or the machine.
    for reader in (archived, tagged):
        assert set(re.findall(r"20\d\d-\d\d-\d\d", metadata(reader))) <= {"2026-11-01"}


def test_colours_are_defined_and_every_font_is_inside_and_can_be_read_out(archived: PdfReader) -> None:
    (intent,) = archived.trailer["/Root"]["/OutputIntents"]
    assert intent.get_object()["/S"] == "/GTS_PDFA1"
    assert intent.get_object()["/DestOutputProfile"].get_object()["/N"] == 3
    fonts = [
        one for one in objects(archived) if isinstance(one, DictionaryObject) and one.get("/Type") == "/Font"
    ]
    assert fonts
    for font in fonts:
        if font["/Subtype"] == "/Type0":
            assert "/ToUnicode" in font
        else:
            descriptor = font["/FontDescriptor"].get_object()
            assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor)


def test_the_file_is_tagged_titled_bookmarked_and_in_chinese(archived: PdfReader, tagged: PdfReader) -> None:
    for reader in (archived, tagged):
        root = reader.trailer["/Root"]
        assert root["/Lang"] == "zh-CN"
        assert root["/MarkInfo"]["/Marked"]
        assert root["/ViewerPreferences"]["/DisplayDocTitle"]
        assert reader.metadata is not None
        assert reader.metadata.title
        assert len(reader.outline) >= 1
        nodes = [
            one for one in objects(reader) if isinstance(one, dict) and one.get("/Type") == "/StructElem"
        ]
        kinds = {str(one["/S"]) for one in nodes}
        assert {"/H1", "/H2", "/Table", "/TR", "/TH", "/TD", "/Figure", "/P"} <= kinds
        assert all(one.get("/Alt") for one in nodes if one["/S"] == "/Figure")
        assert not any(page.get("/Contents") is None for page in reader.pages)


@pytest.mark.parametrize("kind", ["archived", "tagged"])
def test_nothing_acts_leads_outside_or_is_locked(kind: str, request: pytest.FixtureRequest) -> None:
    reader: PdfReader = request.getfixturevalue(kind)
    assert not reader.is_encrypted
    # PDF/A asks for an identifier; ours follows from the content.
    assert kind == "tagged" or "/ID" in reader.trailer
    root = reader.trailer["/Root"]
    assert not {"/OpenAction", "/AA", "/AcroForm", "/Collection"} & set(root)
    for one in objects(reader):
        if isinstance(one, dict):
            assert not {"/JS", "/AA", "/EmbeddedFiles", "/RichMediaContent"} & set(one)
            assert one.get("/S") not in {"/JavaScript", "/Launch", "/URI", "/GoToR", "/SubmitForm"}
            assert one.get("/Type") != "/Filespec"
            # Nothing shines through: what is printed on paper is what is kept.
            assert float(one.get("/ca", 1)) == float(one.get("/CA", 1)) == 1
            assert one.get("/BM", "/Normal") == "/Normal"
            assert "/SMask" not in one or one["/SMask"] == "/None"


def test_rare_characters_come_out_as_they_went_in(archived: PdfReader) -> None:
    text = "".join("".join(page.extract_text().split()) for page in archived.pages)
    assert f"{RARE}县严重精神障碍管理治疗月报" in text
    assert RARE in (archived.metadata.title or "")  # type: ignore[union-attr]


def test_heads_repeat_and_no_row_is_split_over_two_pages(archived: PdfReader) -> None:
    """30 townships: each row stands on one page with all its cells, each page of the table has its head."""
    figures = county(30)
    pages = ["".join(page.extract_text().split()) for page in archived.pages]
    rows = [
        f"{number}{row.name}{row.registered}{row.cells[0].numerator}"
        for number, row in enumerate(figures.table.rows, 1)
    ]
    where = [[number for number, text in enumerate(pages) if row in text] for row in rows]
    assert all(len(found) == 1 for found in where)
    on = {found[0] for found in where}
    assert len(on) == 2
    assert all("序号乡镇（街道）" in pages[number] for number in on)


PRINT = """
import sys
from casemgr.reports.figures import restored
from casemgr.reports.paper import document
from casemgr.reports.pdf import printed
from casemgr.reports.workbook import workbook
from hashlib import sha256
figures = restored(sys.stdin.buffer.read())
for archive in (False, True):
    print(sha256(printed(document(figures, "A"), archive=archive).content).hexdigest())
print(sha256(workbook(figures, "A")).hexdigest())
"""


def test_the_same_figures_give_the_same_bytes_under_another_clock_language_home_and_folder(
    tmp_path: Path,
) -> None:
    from casemgr.reports.workbook import workbook

    figures = township()
    surroundings = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "TZ": "America/Anchorage",
        "LANG": "de_DE.UTF-8",
        "LC_ALL": "tr_TR.UTF-8",
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "PYTHONHASHSEED": "77",
    }
    made = subprocess.run(
        [sys.executable, "-B", "-c", PRINT],
        input=canonical(figures),
        capture_output=True,
        cwd=tmp_path,
        env=surroundings,
        check=True,
    )
    here = [pdf.printed(document(figures, "A"), archive=archive).content for archive in (False, True)]
    here.append(workbook(figures, "A"))
    assert made.stdout.decode().split() == [sha256(content).hexdigest() for content in here]
