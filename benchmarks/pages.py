"""页面测速 (P4–P7): a list with opened names, a person's page, look-ups by number and by name."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Flask, render_template
from flask_sqlalchemy import SQLAlchemy
from jinja2 import DictLoader
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from benchmarks.county import AS_OF, County
from benchmarks.row import Row, in_turn, processor

#: Pages take milliseconds; so many are made in turn that a busy neighbour does not decide.
TIMES = 41
SEARCHES = 5
ROWS = 50
#: How the logins of the demo accounts begin.
LOGINS = {"officer": "xianji", "doctor": "yisheng"}
#: How many names the two searches open.
FEW, MANY = 5_000, 50_000
NAMES = "SELECT person_id, name FROM identity WHERE area >= ? AND area < ?"
BARE = """<!doctype html><html lang="zh-CN"><head><title>bare</title></head><body><table><thead><tr>
{% for name in names %}<th>{{ name }}</th>{% endfor %}</tr></thead><tbody>
{% for row in rows %}<tr>{% for value in row %}<td>{{ value }}</td>{% endfor %}</tr>{% endfor %}
</tbody></table></body></html>"""


def bare_page(county: County, area: int) -> Callable[[], Any]:
    """Floor of P4 and P5: Flask, Flask-SQLAlchemy, one indexed query, fifty rows through Jinja."""

    class Base(DeclarativeBase):
        """Tables of one bare page; each county has its own."""

    app = Flask("bare")
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{county.database}"
    app.jinja_loader = DictLoader({"bare.html": BARE})
    db = SQLAlchemy(app, model_class=Base)

    class File(db.Model):  # type: ignore[name-defined, misc]
        __tablename__ = "case_file"
        id: Mapped[int] = mapped_column(primary_key=True)
        area: Mapped[int]
        file_no: Mapped[str]
        sex: Mapped[int]
        birth_year: Mapped[int]
        village: Mapped[int]
        diagnosis: Mapped[int]
        registered_on: Mapped[int]
        lifecycle: Mapped[int]
        management: Mapped[int]
        consent: Mapped[int]

    columns = (
        File.id, File.file_no, File.sex, File.birth_year, File.area, File.village, File.diagnosis,
        File.registered_on, File.lifecycle, File.management, File.consent,
    )  # fmt: skip

    @app.get("/")
    def page() -> str:
        asked = db.select(*columns).where(File.area == area).order_by(File.file_no).limit(ROWS)
        return render_template(
            "bare.html", names=File.__table__.columns.keys(), rows=db.session.execute(asked).all()
        )

    client = app.test_client()
    return lambda: _made(client.get("/"))


def _made(answer: Any) -> Any:
    assert answer.status_code == 200, answer.status_code
    return answer


def _client(app: Any, login: str) -> Any:
    """A browser-like client that has signed in and shows names on lists."""
    from casemgr.services import demo

    found = next(one for one in demo.accounts(_system()) if one.login.startswith(login))
    client = app.test_client()
    given = {"csrf": _token(client, "/login"), "login": found.login, "password": found.password}
    assert client.post("/login", data=given).status_code == 303
    client.post("/names", data={"csrf": _token(client, "/cases"), "names": "1", "back": "/cases"})
    return client


def _system() -> Any:
    from casemgr.rules.access import Access

    return Access.system("benchmark")


def _token(client: Any, address: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', client.get(address).get_data(as_text=True))
    assert found is not None
    return found[1]


def pages(county: County, app: Any) -> list[Row]:
    """P4 for a township's doctor and for the whole county, P5; names open, every page recorded."""
    doctor, officer = (_client(app, LOGINS[role]) for role in ("doctor", "officer"))
    first = _made(doctor.get("/cases")).get_data(as_text=True)
    assert "姓名显示中" in first
    person = re.search(r'href="(/case/\d+)"', first)
    assert person is not None
    with county.connect() as bare:
        area = bare.execute(
            "SELECT area FROM case_file WHERE id = ?", (person[1].split("/")[-1],)
        ).fetchone()[0]
    bare_one = bare_page(county, area)
    floor, mine, whole, page = in_turn(
        bare_one,
        lambda: _made(doctor.get("/cases")),
        lambda: _made(officer.get("/cases")),
        lambda: _made(doctor.get(person[1])),
        times=TIMES,
    )
    cpu = processor(bare_one, lambda: _made(doctor.get(person[1])), TIMES)
    named = f"a bare Flask page: one indexed query, {ROWS} rows"
    asked = _statements(lambda: doctor.get("/cases")), _statements(lambda: doctor.get(person[1]))
    return [
        Row("P4", f"list of a township, {ROWS} rows, names opened and recorded", named, floor, mine, "≤ 3 ×",
            mine <= 3 * floor, f"{asked[0]} statements, however many rows"),
        Row("P4", f"list of a county, {ROWS} rows, names opened and recorded", named, floor, whole, "≤ 3 ×",
            whole <= 3 * floor, "with the count of the county"),
        Row("P5", "page of a person: 24 months, and why each figure counts them", named, floor, page, "≤ 4 ×",
            page <= 4 * floor, f"{asked[1]} statements; {cpu}"),
    ]  # fmt: skip


def _statements(work: Callable[[], Any]) -> int:
    from sqlalchemy import event

    from casemgr.store.db import db

    sent = []

    def note(_connection: Any, _cursor: Any, sql: str, *_: Any) -> None:
        sent.append(sql)

    event.listen(db.engine, "before_cursor_execute", note)
    work()
    event.remove(db.engine, "before_cursor_execute", note)
    return len(sent)


def by_number(county: County) -> Row:
    """P6: one person by identity number, held against the same question to a plain indexed column."""
    from sqlalchemy import select

    from casemgr.rules.access import Access, Action, Role
    from casemgr.services import register
    from casemgr.store import identity
    from casemgr.store.models import Case
    from casemgr.store.work import open_work

    with county.connect() as bare:
        case, area, code, file_no = bare.execute(
            "SELECT id, area, county, file_no FROM case_file ORDER BY id LIMIT 1 OFFSET ?",
            (county.people // 2,),
        ).fetchone()
    doctor = Access.over(1, "benchmark", Role.TOWNSHIP_DOCTOR, area)
    officer = Access.over(1, "benchmark", Role.COUNTY_OFFICER, code)
    number = register.reveal_identity(doctor, case, "其他", AS_OF).person.id_number

    def plain() -> list[int]:
        with open_work(officer, Action.CASE_SEARCH) as work:
            found = work.entities(select(Case.person_id).where(Case.county == code, Case.file_no == file_no))
            work.note("search", "Case", fields="file_no", count=len(found))
        return found

    def tokened() -> list[int]:
        with open_work(officer, Action.CASE_SEARCH) as work:
            return identity.find_by_token(work, identity.ID_NUMBER, number)

    assert plain() == tokened()
    floor, product = in_turn(plain, tokened, times=TIMES)
    return Row("P6", "look-up by identity number (keyed token)",
               "the same look-up on a plain indexed column", floor, product, "≤ 1.3 ×",
               product <= 1.3 * floor, "both recorded")  # fmt: skip


def by_name(county: County, people: int) -> Row:
    """P7: a part of a name among about ``people`` names; floor: reading and opening that many."""
    from casemgr.rules.access import Access
    from casemgr.services.register import CaseQuery, cases
    from casemgr.store import work as store
    from casemgr.store.identity import NAME

    with county.connect() as bare:
        low, high, count = _township_range(bare, people)
        access = replace(_officer(bare), low=low, high=high)
        vault = store.installation().vault

        def opened() -> int:
            rows = bare.execute(
                "SELECT person_id, name FROM identity WHERE area >= ? AND area < ?", (low, high)
            )
            return sum(1 for _ in vault.open_many(NAME, rows))

        def searched() -> int:
            return cases(access, CaseQuery(text="华"), AS_OF).total

        assert opened() == count
        assert isinstance(access, Access)
        floor, product = in_turn(opened, searched, times=SEARCHES)
        found = searched()
    named = f"search by part of a name among {count:,}"
    return Row("P7", named, "reading and opening that many names", floor, product, "≤ 2 ×",
               product <= 2 * floor, f"{found} found")  # fmt: skip


def _officer(bare: sqlite3.Connection) -> Any:
    from casemgr.rules.access import Access, Role

    code = bare.execute("SELECT county FROM case_file LIMIT 1").fetchone()[0]
    return Access.over(1, "benchmark", Role.COUNTY_OFFICER, code)


def _township_range(bare: sqlite3.Connection, people: int) -> tuple[int, int, int]:
    """(low, high, names): the first townships that hold about ``people``, at most."""
    count, high, low = 0, 0, 0
    for area, held in bare.execute("SELECT area, count(*) FROM identity GROUP BY area ORDER BY area"):
        if count and count + held > people:
            break
        low, high, count = low or area, area + 1, count + held
    return low, high, count


def run(county: County) -> list[Row]:
    """P4 to P7 on one county; the larger name search only where there are so many."""
    from casemgr.app import create_app
    from casemgr.store.db import db
    from config import from_env

    app = create_app(from_env(county.environ), doors=("web",))
    with app.app_context():
        found = [*pages(county, app), by_number(county), by_name(county, min(FEW, county.people))]
        if county.people > MANY:
            found.append(by_name(county, MANY))
        db.engine.dispose()
    return found
