"""报表页: one report looked at, and the same figure under the same name on screen, paper, Excel and API."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from html import unescape
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader

from casemgr.rules.access import Access
from casemgr.rules.timetable import SHANGHAI
from casemgr.services import account, clock, rendition, report
from casemgr.services.errors import Forbidden, Missing, Refused
from casemgr.store.db import db
from casemgr.terms.report import Rendition, ReportKind
from casemgr.web.staff import report as pages
from tests.conftest import TODAY, create_app, make_config
from tests.services.closed_county import COUNTY, DOCTOR, OFFICER, SYSTEM, TOWN, close, open_areas
from tests.staff import NOW, open_accounts, quick_hasher
from tests.web.conftest import sign_in, token_in

pytest.importorskip("casemgr.reports.pdf", reason="WeasyPrint finds no Pango here", exc_type=OSError)

DOORS = ("web", "api")
ISSUES = (
    (ReportKind.MONTHLY, "2026-10", TOWN),
    (ReportKind.QUARTERLY, "2026-Q3", COUNTY),
    (ReportKind.STATISTICS, "2025", COUNTY),
    (ReportKind.EXCHANGE, "2026-10", TOWN),
)


@pytest.fixture(scope="module")
def stood(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance with staff, closed months and one issued report of four kinds."""
    folder = tmp_path_factory.mktemp("forms") / "instance"
    shutil.copytree(template, folder)
    (folder / "keyring.json").chmod(0o600)
    application = create_app(make_config(folder, CASEMGR_DEMO="1", CASEMGR_TODAY=TODAY.isoformat()), doors=())
    with pytest.MonkeyPatch.context() as patch, application.app_context():
        patch.setattr(account, "_hasher", quick_hasher())
        open_areas()
        open_accounts()
        for month in ("2025-12", "2026-06", "2026-09", "2026-10"):
            close(month)
        for kind, period, area in ISSUES:
            report.issue(OFFICER, period, area, kind)
        db.engine.dispose()
    clock.fix(None)
    return folder


@pytest.fixture
def office(stood: Path, tmp_path: Path) -> Iterator[Flask]:
    """A copy of it with its doors."""
    folder = tmp_path / "instance"
    shutil.copytree(stood, folder)
    (folder / "keyring.json").chmod(0o600)
    config = make_config(folder, CASEMGR_DEMO="1", CASEMGR_TODAY=TODAY.isoformat())
    application = create_app(config, DOORS)
    application.testing = True
    yield application
    with application.app_context():
        db.engine.dispose()
    clock.fix(None)


@pytest.fixture
def client_of(office: Flask) -> Callable[[str], FlaskClient]:
    """A client with that person's session."""

    def make(login: str) -> FlaskClient:
        client = office.test_client()
        sign_in(client, login)
        return client

    return make


def issued(office: Flask) -> dict[ReportKind, int]:
    """Key of the issued report by kind."""
    with office.app_context():
        return {one.kind: one.key for one in report.list_(SYSTEM)[0]}


def inline(function: Callable[..., None]) -> Callable[..., None]:
    """What is done beside the requests, done at once."""

    def run(app: Flask, wanted: Callable[..., None], *arguments: object, large: bool = False) -> None:
        wanted(*arguments)

    return run


# --- the same figures everywhere ------------------------------------------------------------------


def _screen(client: FlaskClient, key: int) -> dict[str, list[list[str]]]:
    page = client.get(f"/reports/{key}").get_data(as_text=True)
    found: dict[str, list[list[str]]] = {}
    for section in re.findall(r'<h2 id="h-table-\d+">(.*?)</h2>(.*?)</section>', page, re.DOTALL):
        rows = []
        for line in re.findall(r"<tr>(.*?)</tr>", section[1].split("</thead>")[1], re.DOTALL):
            rows.append(
                [unescape(cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line, re.DOTALL)]
            )
        found[unescape(section[0])] = rows
    return found


def _api(office: Flask, client: FlaskClient, key: int) -> dict[str, list[list[str]]]:
    with office.app_context():
        token = account.issue_token(SYSTEM, "officer", clock.now()).secret
    answer = client.get(f"/api/v1/reports/{key}/figures", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    document = json.loads(answer.data)
    return {table["name"]: [row["cells"] for row in table["rows"]] for table in document["tables"]}


def _excel(office: Flask, key: int) -> dict[str, list[list[str]]]:
    with office.app_context():
        rendition.make(OFFICER, key, Rendition.WORKBOOK)
        content = rendition.download(OFFICER, key, Rendition.WORKBOOK).content
        assert report.verify(None, content).genuine
    book = openpyxl.load_workbook(BytesIO(content))
    found = {}
    for sheet in book.worksheets[1:]:
        rows = []
        for line in sheet.iter_rows(min_row=2):
            if line[0].value is None or str(line[0].value).startswith("注："):
                continue
            rows.append([_shown(cell.value, cell.number_format) for cell in line])
        found[sheet.title] = rows
    return found


def _shown(value: object, form: str) -> str:
    if value is None:
        return ""
    return f"{value:.2f}" if form == "0.00" and isinstance(value, int | float) else str(value)


def _same(cells: list[str]) -> list[str]:
    """A missing number is a dash on the screen and in Excel, and empty over the API."""
    return ["" if cell == "—" else " ".join(cell.split()) for cell in cells]


@pytest.mark.parametrize(("kind", "period", "area"), ISSUES, ids=[kind.slug for kind, *_ in ISSUES])
def test_the_same_figure_under_the_same_name_by_screen_paper_excel_and_api(
    office: Flask, client_of: Callable[[str], FlaskClient], kind: ReportKind, period: str, area: int
) -> None:
    key = issued(office)[kind]
    client = client_of("officer")
    screen = _screen(client, key)
    over_api = _api(office, client, key)
    excel = _excel(office, key)
    assert list(screen) == list(over_api) == list(excel)
    for name, rows in screen.items():
        wanted = [_same(row) for row in rows]
        assert [_same(row) for row in over_api[name]] == wanted, name
        assert [_same(row) for row in excel[name]] == wanted, name
    with office.app_context():
        content = report.download(OFFICER, key).content
    pages_text = "\n".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)
    paper = "".join(pages_text.split())
    checked = 0
    for name, rows in screen.items():
        for row in rows:
            if name == "主要指标" and kind is not ReportKind.STATISTICS:
                told = f"{row[2]}{row[3] or '—'}{row[4]}{row[5] if row[4] != '—' else ''}"
                assert row[0] in paper
                assert told in paper.replace("※", ""), row
                checked += 1
            elif name in ("危险性评估", "病情分类"):
                assert f"{row[0]}{row[1]}{row[2]}" in paper, row
                checked += 1
            elif name in ("表9", "表14"):
                said = row[2] if row[3] in ("", "—") else f"{row[2]}{row[3]}"
                assert said in paper, row
                checked += 1
    assert checked > 10


def _closed(office: Flask, client: FlaskClient) -> dict[str, dict[str, object]]:
    with office.app_context():
        token = account.issue_token(SYSTEM, "officer", clock.now()).secret
    answer = client.get(
        f"/api/v1/indicators/closed?period=2026-10&area={TOWN}", headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 200, answer.get_data(as_text=True)
    [town] = json.loads(answer.data)["areas"]
    return {one["key"]: one for one in town["indicators"]}


def _plain(text: str) -> str:
    return "".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_every_figure_of_a_month_is_one_figure_on_page_explanation_paper_excel_and_api(
    office: Flask, client_of: Callable[[str], FlaskClient]
) -> None:
    client = client_of("officer")
    closed = _closed(office, client)
    assert closed.keys() >= {"IND-03.STD-INT", "IND-13", "IND-16", "IND-19.FAMILY"}
    page = client.get(f"/township/{TOWN}?month=2026-10").get_data(as_text=True)
    blocks = [
        *re.findall(r'<article class="tile.*?</article>', page, re.DOTALL),
        *re.findall(r"<tr>.*?</tr>", page, re.DOTALL),
    ]
    shown = {
        found[1]: _plain(block)
        for block in blocks
        if (found := re.search(r'<span class="code[^"]*">(IND-[^<]+)</span>', block))
    }
    assert shown.keys() == closed.keys()
    key = issued(office)[ReportKind.MONTHLY]
    excel = {
        row[1]: row
        for name, rows in _excel(office, key).items()
        for row in rows
        if name in ("主要指标", "其他口径的结果", "录入、心理疏导与工作条件")
    }
    with office.app_context():
        content = report.download(OFFICER, key).content
    paper = "".join("".join(one.extract_text() for one in PdfReader(BytesIO(content)).pages).split())
    for one in closed.values():
        name, value, unit = str(one["name"]), one["value"], str(one["unit"])
        people, of = one["numerator"], one["denominator"]
        counts = "—" if of is None else f"{people:,}/{of:,}"
        told = shown[str(one["key"])]
        assert name in told
        assert value is None or str(value) in told, one
        assert counts in told or (of is not None and f"{people:,}{of:,}" in told), (one, told)
        explained = client.get(f"/rate/{TOWN}/{one['key']}?month=2026-10").get_data(as_text=True)
        assert f"<h1>{name} {value or '—'} {unit}" in explained, one
        cells = [
            _plain(cell) for cell in re.findall(r'<td class="num strong">(.*?)</td>', explained, re.DOTALL)
        ]
        assert cells[:2] == [f"{people:,}", f"{of:,}" if of is not None else cells[1]]
        if str(one["key"]) in excel:
            row = excel[str(one["key"])]
            if row[2] == "＊":
                # Too few people for paper (REC-SMALL-1): then neither the count nor the rate is in the file.
                assert row[4] == "＊"
                continue
            assert [row[0], *row[2:6]] == [
                name,
                str(people),
                "" if of is None else str(of),
                value or "—",
                unit,
            ]
            assert name in paper
            assert f"{people}/{of}" in paper or f"{people}{of}" in paper, one
            assert value is None or f"{value}" in paper
    # What is not printed is named on the page of definitions instead.
    assert len(excel) > 25
    assert excel.keys() <= closed.keys()


# --- one report -----------------------------------------------------------------------------------


def test_a_report_is_seen_inside_the_access_only(
    office: Flask, client_of: Callable[[str], FlaskClient]
) -> None:
    keys = issued(office)
    doctor = client_of("east")
    page = doctor.get(f"/reports/{keys[ReportKind.MONTHLY]}").get_data(as_text=True)
    assert "未评估" in page
    assert "其他格式" in page
    assert doctor.get(f"/reports/{keys[ReportKind.QUARTERLY]}").status_code == 404
    assert client_of("west").get(f"/reports/{keys[ReportKind.MONTHLY]}").status_code == 404
    assert client_of("admin").get(f"/reports/{keys[ReportKind.MONTHLY]}").status_code == 403
    listed = client_of("officer").get("/reports").get_data(as_text=True)
    for label in ("月报", "季报", "年度统计报表", "信息交换表", "2026-Q3"):
        assert label in listed


def test_a_paper_needs_the_agency_and_carries_its_name(
    office: Flask, client_of: Callable[[str], FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "in_background", inline(lambda: None))
    key = issued(office)[ReportKind.MONTHLY]
    client = client_of("officer")
    page = client.get(f"/reports/{key}").get_data(as_text=True)
    answer = client.post(f"/reports/{key}/files", data={"csrf": token_in(page), "form": "official"})
    assert answer.status_code == 303
    assert "还没有填写发文机关" in client.get(f"/reports/{key}").get_data(as_text=True)

    empty = client.get("/reports/agency").get_data(as_text=True)
    wrong = client.post(
        "/reports/agency", data={"csrf": token_in(empty), "once": "77", "title": "局", "code": "示" * 30}
    )
    assert wrong.status_code == 422
    assert "机关代字最多" in wrong.get_data(as_text=True)
    sent = {"csrf": token_in(empty), "once": "77", "title": "示例县卫生健康局", "code": "示卫精防"}
    for _press in range(2):
        assert client.post("/reports/agency", data=sent).status_code == 303
    page = client.get("/reports/agency").get_data(as_text=True)
    assert page.count('<th scope="row">示例县卫生健康局') == 1
    assert "县级甲" in page

    page = client.get(f"/reports/{key}").get_data(as_text=True)
    year = _view(office, key).issued_at.astimezone(SHANGHAI).year
    for form in ("official", "official-archive", "table-archive"):
        answer = client.post(f"/reports/{key}/files", data={"csrf": token_in(page), "form": form})
        assert answer.status_code == 303
        made = client.get(f"/reports/{key}/files/{form}")
        assert made.status_code == 200
        assert made.headers["Content-Security-Policy"] == "sandbox"
        paper = PdfReader(BytesIO(made.data))
        text = "".join("".join(one.extract_text() for one in paper.pages).split())
        assert ("示例县卫生健康局" in text) is form.startswith("official")
        assert (f"示卫精防〔{year}〕" in text) is form.startswith("official")
        assert "未评估" in text
        assert all(
            one.code in "".join(each.extract_text() for each in paper.pages) for one in [_view(office, key)]
        )
        mark = paper.xmp_metadata
        assert mark is not None
        raw = paper.trailer["/Root"]["/Metadata"].get_data()
        assert (b"pdfaid:part" in raw or b"pdfaid" in raw) is form.endswith("archive")
        assert paper.outline
        with office.app_context():
            assert report.verify(None, made.data).genuine
    assert client.get(f"/reports/{key}/files/nothing").status_code == 404


def _view(office: Flask, key: int) -> report.ReportView:
    with office.app_context():
        return report.get(SYSTEM, key)


def test_a_later_name_of_the_agency_leaves_papers_alone(office: Flask) -> None:
    from casemgr.reports.press import press
    from casemgr.services import agency

    def draw(text: str, archive: bool) -> tuple[bytes, int]:
        content, missing = press(text, archive)
        return content, len(missing)

    key = issued(office)[ReportKind.EXCHANGE]
    with office.app_context():
        agency.write(OFFICER, 1, "示例县卫生健康局", "示卫", True)
        rendition.make(DOCTOR, key, Rendition.OFFICIAL, draw)
        first = rendition.download(DOCTOR, key, Rendition.OFFICIAL).content
        agency.write(OFFICER, 2, "示例县疾病预防控制中心", "", False)
        rendition.make(DOCTOR, key, Rendition.OFFICIAL, draw)
        assert rendition.download(DOCTOR, key, Rendition.OFFICIAL).content == first
        # Lost, it is made again under the name it went out with.
        for file in (Path(office.config["CASEMGR"].instance) / "reports").rglob("*-2.pdf"):
            file.unlink()
        with pytest.raises(Refused, match="损坏或丢失"):
            rendition.download(DOCTOR, key, Rendition.OFFICIAL)
        rendition.make(DOCTOR, key, Rendition.OFFICIAL, draw)
        assert rendition.download(DOCTOR, key, Rendition.OFFICIAL).content == first
        assert [one.title for one in agency.history(OFFICER)] == [
            "示例县疾病预防控制中心",
            "示例县卫生健康局",
        ]
        with pytest.raises(Missing):
            rendition.make(Access.over(9, "别处", OFFICER.role, 110101000000), key, Rendition.WORKBOOK)
        with pytest.raises(Forbidden):
            agency.write(DOCTOR, 3, "某某卫生院", "", False)


def test_what_fails_while_drawing_is_told_on_the_page(office: Flask) -> None:
    def broken(_text: str, _archive: bool) -> tuple[bytes, int]:
        raise OSError("no child")

    key = issued(office)[ReportKind.EXCHANGE]
    with office.app_context():
        with pytest.raises(OSError, match="no child"):
            rendition.make(OFFICER, key, Rendition.TABLE_ARCHIVE, broken)
        files = {one.rendition: one for one in rendition.opened(OFFICER, key).files}
        assert files[Rendition.TABLE_ARCHIVE].message == rendition.BROKEN
        with pytest.raises(Refused, match="2 个字没有字形"):
            rendition.make(OFFICER, key, Rendition.TABLE_ARCHIVE, lambda _text, _archive: (b"%PDF", 2))
        rendition.make(OFFICER, key, Rendition.TABLE_ARCHIVE, lambda _text, _archive: (b"%PDF-1.7", 0))
        files = {one.rendition: one for one in rendition.opened(OFFICER, key).files}
        assert (files[Rendition.TABLE_ARCHIVE].message, files[Rendition.TABLE_ARCHIVE].size) == ("", 8)


def test_periods_asked_for_on_the_page_become_jobs(
    office: Flask, client_of: Callable[[str], FlaskClient]
) -> None:
    client = client_of("officer")
    page = client.get("/reports").get_data(as_text=True)
    csrf = token_in(page)
    for kind, typed in (("quarterly", "2026-08"), ("yearly", "2025-03"), ("exchange", "2026-10")):
        answer = client.post("/reports/issue", data={"csrf": csrf, "kind": kind, "period": typed})
        assert answer.status_code == 303, answer.get_data(as_text=True)
        assert "/jobs/" in answer.headers["Location"]
    with office.app_context():
        from casemgr.services import job

        waiting = {(one.name, one.period) for one in job.history(OFFICER, NOW)[0]}
    assert waiting == {
        ("issue-periods", "2026-09"),
        ("issue-periods", "2025-12"),
        ("issue-exchange", "2026-10"),
    }
    wrong = client.post("/reports/issue", data={"csrf": csrf, "kind": "daily", "period": "2026-10"})
    assert wrong.status_code == 422
    running = client.post("/reports/issue", data={"csrf": csrf, "kind": "quarterly", "period": "2026-12"})
    assert running.status_code == 422
    assert "还没有结束" in running.get_data(as_text=True)
