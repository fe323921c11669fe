"""攻击用夹具: a small register with something to steal in every corner, and clients for those who might."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import pytest
from flask import Flask

from casemgr.app import create_app
from casemgr.rules.access import Access, Action
from casemgr.services import account, clock, exchange, indicator, report
from casemgr.store.db import db, new_key
from casemgr.store.identity import ID_NUMBER, PHONE
from casemgr.store.models import (
    Area,
    Case,
    Consent,
    DrugLine,
    Guardian,
    Identity,
    Person,
    Supplement,
    Unit,
    Visit,
    VisitText,
)
from casemgr.store.types import Plain
from casemgr.store.work import open_work
from casemgr.terms.account import Role
from tests.conftest import TODAY, make_config
from tests.reports.sample import county, township
from tests.security import everybody, twins
from tests.security.bodies import Bodies
from tests.security.everybody import Browser, Range, token_in
from tests.services.workbooks import WHOLE, workbook
from tests.staff import NOW, PASSWORD, quick_hasher

__all__ = ["Browser", "token_in"]

SYSTEM = Access.system("test")
COUNTY, EAST, WEST = 999901000000, 999901100000, 999901101000
OTHER_COUNTY, OTHER_TOWN = 999903000000, 999903100000
MONTH = "2026-10"
STAFF = {
    "officer": (Role.COUNTY_OFFICER, COUNTY),
    "east": (Role.TOWNSHIP_DOCTOR, EAST),
    "west": (Role.TOWNSHIP_DOCTOR, WEST),
    "other": (Role.COUNTY_OFFICER, OTHER_COUNTY),
    "admin": (Role.ADMINISTRATOR, None),
}


@dataclass(frozen=True)
class Victim:
    """One person with everything the register can know; ``words`` are what must not get out."""

    area: int
    file_no: str
    name: str
    id_number: str
    phone: str
    case: int = 0
    person: int = 0
    visit: int = 0

    @property
    def words(self) -> tuple[str, ...]:
        marks = (f"{kind}{self.file_no}" for kind in ("住址", "户籍", "监护", "补充", "备注", "药"))
        return (self.name, self.id_number, self.phone, *marks)

    @property
    def traces(self) -> tuple[str, ...]:
        """The words, and besides them what tells that there is such a file."""
        return (*self.words, self.file_no, str(self.case), str(self.person), str(self.visit))


@dataclass(frozen=True)
class World:
    """What lies where: people, reports, imports and sessions by whose they are."""

    folder: Path
    people: Mapping[str, Victim]
    reports: Mapping[int, int] = field(default_factory=dict)
    runs: Mapping[str, int] = field(default_factory=dict)


PEOPLE = {
    "east": Victim(EAST, "E-7001", "单于东一", "999901199001017005", "10000007001"),
    "west": Victim(WEST, "W-7002", "欧阳西二", "999901199001027006", "10000007002"),
    "other": Victim(OTHER_TOWN, "X-7003", "司空邻三", "999903199001037007", "10000007003"),
}


def open_areas() -> dict[int, int]:
    units: dict[int, int] = {}
    with open_work(SYSTEM, Action.AREA_WRITE) as work:
        for code, name, level, parent in (
            (COUNTY, "示例县", 3, None),
            (EAST, "东镇", 4, COUNTY),
            (WEST, "西镇", 4, COUNTY),
            (OTHER_COUNTY, "邻县", 3, None),
            (OTHER_TOWN, "邻镇", 4, OTHER_COUNTY),
        ):
            work.add(Area(code=code, name=name, level=level, parent=parent, population=10_000))
            work.flush()
            unit = work.add(Unit(id=new_key(), code=f"U{code}", name=f"{name}卫生院", area_code=code))
            units[code] = unit.id
    return units


def _settle(one: Victim, unit: int) -> Victim:
    """Lay one person down, every sealed field filled with a word of its own."""
    mark = one.file_no
    person, case, visit = new_key(), new_key(), new_key()
    own = {"area": one.area, "case_id": case}
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        work.add(Person(id=person, area=one.area, sex=1, birth_year=1990))
        work.flush()
        work.add(
            Identity(
                person_id=person,
                area=one.area,
                name=Plain(one.name),
                id_number=Plain(one.id_number),
                phone=Plain(one.phone),
                domicile=Plain(f"户籍{mark}"),
                residence=Plain(f"住址{mark}"),
                id_token=work.vault.token(ID_NUMBER, one.id_number),
                phone_token=work.vault.token(PHONE, one.phone),
                token_key=work.vault.active_id,
            )
        )
        work.add(Guardian(id=new_key(), person_id=person, area=one.area, name=Plain(f"监护{mark}")))
        work.add(
            Case(
                id=case,
                person_id=person,
                area=one.area,
                county=one.area // 10**6 * 10**6,
                file_no=mark,
                unit_id=unit,
                diagnosis=1,
                sex=1,
                birth_year=1990,
                registered_on=date(2020, 1, 1),
                created_at=NOW,
            )
        )
        work.flush()
        work.add(Supplement(**own, note=Plain(f"补充{mark}")))
        work.add(Consent(**own, id=new_key(), answer=1, on=date(2020, 1, 1), recorded_at=NOW))
        work.add(
            Visit(
                **own,
                id=visit,
                on=date(2026, 10, 3),
                form_version=2018,
                risk=0,
                stability=3,
                recorded_at=NOW,
                recorded_by=1,
            )
        )
        work.flush()
        work.add(VisitText(visit_id=visit, area=one.area, note=Plain(f"备注{mark}")))
        work.add(DrugLine(id=new_key(), visit_id=visit, area=one.area, position=1, name=Plain(f"药{mark}")))
    return replace(one, case=case, person=person, visit=visit)


def _reports() -> dict[int, int]:
    kept = {}
    for code, name, figures in (
        (COUNTY, "示例县", county(4)),
        (EAST, "东镇", township()),
        (WEST, "西镇", township()),
        (OTHER_TOWN, "邻镇", township()),
    ):
        figures = replace(figures, area=code, area_name=name, number=f"{name}精防统〔2026〕10号")
        kept[code] = report._keep(SYSTEM, figures, f"%PDF-1.7 {code}".encode(), (), NOW).key
    return kept


def access_of(login: str) -> Access:
    """The access that an account of :data:`STAFF` works with."""
    role, area = STAFF[login]
    return Access.over(account.key_of(SYSTEM, login), login, role, area)


@pytest.fixture(autouse=True)
def _quick_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "_hasher", quick_hasher())
    account._nobody.cache_clear()


@pytest.fixture(scope="session")
def prepared(template: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The instance folder of the world; copied for every test."""
    folder = tmp_path_factory.mktemp("world") / "instance"
    shutil.copytree(template, folder)
    (folder / "keyring.json").chmod(0o600)
    application = create_app(make_config(folder, CASEMGR_DEMO="1", CASEMGR_TODAY=TODAY.isoformat()), doors=())
    with pytest.MonkeyPatch.context() as patch, application.app_context():
        patch.setattr(account, "_hasher", quick_hasher())
        units = open_areas()
        people = {name: _settle(one, units[one.area]) for name, one in PEOPLE.items()}
        indicator.close(SYSTEM, MONTH)
        for login, (role, area) in STAFF.items():
            account.create(SYSTEM, login, f"{login}甲", int(role), area, NOW, PASSWORD, must_change=False)
        reports = _reports()
        book = workbook(WHOLE)
        runs = {
            login: exchange.receive(access_of(login), f"{login}的名单.xlsx", book)
            for login in ("officer", "west", "other")
        }
        db.engine.dispose()
    clock.fix(None)
    return World(folder, people, reports, runs)


@pytest.fixture
def world(prepared: World, tmp_path: Path) -> World:
    """A copy of the world for one test."""
    folder = tmp_path / "instance"
    shutil.copytree(prepared.folder, folder)
    (folder / "keyring.json").chmod(0o600)
    return replace(prepared, folder=folder)


@pytest.fixture
def site(world: World) -> Iterator[Flask]:
    """The whole application, both doors open, on the world."""
    config = make_config(world.folder, CASEMGR_DEMO="1", CASEMGR_TODAY=TODAY.isoformat())
    application = create_app(config, ("web", "api"))
    yield application
    with application.app_context():
        db.engine.dispose()
    clock.fix(None)


@pytest.fixture
def browser(site: Flask) -> Callable[[str], Browser]:
    """``browser("east")`` is signed in as that person."""
    return lambda login: Browser(site, login)


# --- the twins: everybody, every table (twins.py, everybody.py) ---


@pytest.fixture(scope="session")
def twin_folder(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The instance folder of the twins, with an account for every role that has actions."""
    folder = tmp_path_factory.mktemp("twins") / "instance"
    shutil.copytree(template, folder)
    (folder / "keyring.json").chmod(0o600)
    application = create_app(make_config(folder, CASEMGR_DEMO="1", CASEMGR_TODAY=TODAY.isoformat()), doors=())
    with pytest.MonkeyPatch.context() as patch, application.app_context():
        patch.setattr(account, "_hasher", quick_hasher())
        twins.settle()
        for role in everybody.roles():
            everybody.open_account(role)
        db.engine.dispose()
    clock.fix(None)
    return folder


@pytest.fixture(scope="session")
def places(twin_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Range]:
    """One installation of the twins for all tests whose requests must change nothing."""
    folder = tmp_path_factory.mktemp("range") / "instance"
    shutil.copytree(twin_folder, folder)
    (folder / "keyring.json").chmod(0o600)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(account, "_hasher", quick_hasher())
        account._nobody.cache_clear()
        found = everybody.opened(folder)
    clock.fix(None)
    yield found
    found.close()


@pytest.fixture
def place(places: Range) -> Iterator[Range]:
    """The same on the day of the tests, with nobody's session run out."""
    clock.fix(TODAY)
    places.wake()
    yield places
    clock.fix(None)


@pytest.fixture
def fresh(twin_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Range]:
    """An installation of the twins for one test that writes."""
    folder = tmp_path / "instance"
    shutil.copytree(twin_folder, folder)
    (folder / "keyring.json").chmod(0o600)
    monkeypatch.setattr(account, "_hasher", quick_hasher())
    account._nobody.cache_clear()
    clock.fix(TODAY)
    found = everybody.opened(folder)
    yield found
    found.close()
    clock.fix(None)


@pytest.fixture(scope="session")
def bodies(places: Range) -> Bodies:
    """What the forms of the own rows look like filled in; looked up once for all tests."""
    clock.fix(TODAY)
    places.wake()
    found = Bodies(places)
    clock.fix(None)
    return found
