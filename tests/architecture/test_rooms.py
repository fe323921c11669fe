"""The house plan as tests: who may import whom, what hides where, which names are taken."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = ROOT / "casemgr"

#: What each room may import of the others, and which third-party packages it may know.
ROOMS: dict[str, tuple[set[str], set[str]]] = {
    "terms": (set(), set()),
    "lists": (set(), set()),
    "rules": ({"terms"}, {"chinese_calendar"}),
    "forms": ({"terms"}, {"marshmallow", "openpyxl", "xlsxwriter", "defusedxml"}),
    "indicators": ({"terms", "rules"}, {"polars"}),
    "reports": (
        {"terms", "rules", "forms", "indicators"},
        {"fontTools", "jinja2", "markupsafe", "segno", "weasyprint", "xlsxwriter", "pypdf"},
    ),
    "store": (
        {"terms", "rules", "indicators"},
        {
            "sqlalchemy",
            "flask_sqlalchemy",
            "cryptography",
            "polars",
            "adbc_driver_sqlite",
            "adbc_driver_postgresql",
            "sqlglot",
            "pypinyin",
            "alembic",
        },
    ),
    "services": (
        {"terms", "rules", "forms", "indicators", "reports", "store"},
        {"argon2", "polars", "alembic"},
    ),
    "web": (
        {"terms", "rules", "forms", "reports", "services"},
        {"flask", "werkzeug", "markupsafe", "jinja2"},
    ),
    "api": (
        {"terms", "rules", "forms", "services"},
        {"flask", "werkzeug", "marshmallow", "apispec", "apispec_webframeworks"},
    ),
    "jobs": ({"terms", "rules", "services"}, {"apscheduler", "flask", "waitress"}),
    "cli": ({"terms", "rules", "forms", "services", "store"}, {"click", "flask", "alembic", "sqlalchemy"}),
    "launch": (set(), {"click"}),
}
#: Of ``rules`` the doors may know only who may do what; of ``store`` the operator's door only these.
NARROW = {
    ("web", "rules"): {"access"},
    ("api", "rules"): {"access"},
    ("jobs", "rules"): {"access", "timetable"},
    ("cli", "rules"): {"access", "injection", "medication"},
    ("cli", "store"): {"vault", "session", "db", "models"},
    ("web", "reports"): {"charts"},
    ("store", "indicators"): {"frames", "case_period", "period"},
}
#: Packages so heavy that they are loaded where they are used, and the modules of ours that load them.
HEAVY = {
    "weasyprint",
    "openpyxl",
    "xlsxwriter",
    "pypinyin",
    "polars",
    "sqlglot",
    "adbc_driver_sqlite",
    "adbc_driver_postgresql",
    "argon2",
    "apscheduler",
    "defusedxml",
    "apispec",
    "alembic",
}
FORBIDDEN_NAMES = {"util", "utils", "helpers", "helper", "common", "misc", "base", "manager"}
OUTSIDE_ROOMS = {"__init__", "__main__", "app"}


def modules() -> list[Path]:
    return sorted(path for path in CODE.rglob("*.py") if "__pycache__" not in path.parts)


def room_of(path: Path) -> str:
    return path.relative_to(CODE).parts[0].removesuffix(".py")


def dotted(path: Path) -> str:
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


class Import(NamedTuple):
    """An imported module; whether inside a function, and whether for types alone (nothing at run time)."""

    name: str
    inside: bool
    type_only: bool


class Read(NamedTuple):
    """What one walk over a module finds: its imports, and the names it calls, once for each call."""

    imports: tuple[Import, ...]
    calls: tuple[str, ...]


@cache
def reading_of(path: Path) -> Read:
    imports: list[Import] = []
    calls: list[str] = []
    waiting: list[tuple[ast.AST, bool, bool]] = [(tree_of(path), False, False)]
    while waiting:
        node, inside, type_only = waiting.pop()
        match node:
            case ast.Import():
                imports += [Import(name.name, inside, type_only) for name in node.names]
            case ast.ImportFrom():
                assert node.level == 0, f"{dotted(path)}: relative import"
                imports += [Import(_imported(node, name.name), inside, type_only) for name in node.names]
            case ast.Call(func=ast.Attribute(attr=name)) | ast.Call(func=ast.Name(id=name)):
                calls.append(name)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                inside = True
            case ast.If() if "TYPE_CHECKING" in ast.unparse(node.test):
                waiting += [(child, inside, True) for child in node.body]
                waiting += [(child, inside, type_only) for child in node.orelse]
                continue
        waiting += [(child, inside, type_only) for child in ast.iter_child_nodes(node)]
    return Read(tuple(imports), tuple(calls))


def _imported(node: ast.ImportFrom, name: str) -> str:
    whole = f"{node.module}.{name}"
    place = ROOT / Path(*whole.split("."))
    return whole if place.with_suffix(".py").exists() or place.is_dir() else str(node.module)


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_a_room_imports_only_what_the_plan_gives_it(path: Path) -> None:
    room = room_of(path)
    if room in OUTSIDE_ROOMS:
        return
    assert room in ROOMS, f"{room} is not a room of the plan"
    rooms, packages = ROOMS[room]
    for name, _inside, _types in reading_of(path).imports:
        parts = name.split(".")
        if parts[0] == "casemgr":
            other = parts[1] if len(parts) > 1 else "__init__"
            if other == room or other == "__init__":
                continue
            if name in {"casemgr.app", "casemgr.store.vault"} and path.name == "__main__.py":
                continue  # the start of a process makes the application, as wsgi.py does
            assert other in rooms, f"{dotted(path)} imports {name}"
            if narrow := NARROW.get((room, other)):
                assert len(parts) > 2 and parts[2] in narrow, f"{dotted(path)} imports {name}"
        elif parts[0] == "config":
            assert room in {"cli", "launch", "web", "jobs"}, f"{dotted(path)} reads the configuration"
        elif not _standard(parts[0]):
            assert parts[0] in packages, f"{dotted(path)} imports {name}"


def _standard(name: str) -> bool:
    import sys

    return name in sys.stdlib_module_names or name == "__future__"


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_imports_hide_in_functions_only_to_keep_the_start_light(path: Path) -> None:
    for name, inside, _types in reading_of(path).imports:
        root = name.split(".")[0]
        if not inside or room_of(path) in {"launch", "__main__"}:
            continue
        assert root in HEAVY | {"casemgr", "resource"}, f"{dotted(path)} hides import {name}"


def test_no_import_cycles() -> None:
    known = {dotted(path): path for path in modules()}
    edges: dict[str, set[str]] = {}
    for name, path in known.items():
        edges[name] = {
            other
            for other, inside, types in reading_of(path).imports
            if other in known and other != name and not inside and not types
        }
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, f"cycle: {' → '.join([*trail, name])}"
        if name not in done:
            for other in sorted(edges[name]):
                visit(other, (*trail, name))
            done.add(name)

    for name in known:
        visit(name, ())


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_every_module_says_what_it_is_in_one_sentence_with_its_chinese_term(path: Path) -> None:
    first = (ast.get_docstring(tree_of(path)) or "").split("\n")[0]
    assert first, f"{dotted(path)} has no docstring"
    assert path.stem not in FORBIDDEN_NAMES
    if room_of(path) not in {"launch", "__main__", "__init__"}:
        assert re.search(r"[一-鿿]", first), f"{dotted(path)}: no Chinese term in “{first}”"


def test_start_up_stays_light() -> None:
    """Neither door pulls in what only a report, a count or a workbook needs."""
    import subprocess
    import sys

    script = (
        "import sys, casemgr.app, casemgr.web.door, casemgr.api.door\n"
        "heavy = {'weasyprint','openpyxl','xlsxwriter','polars','pypinyin','sqlglot','adbc_driver_sqlite'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def _calls(name: str) -> list[str]:
    return [dotted(path) for path in modules() if name in reading_of(path).calls]


def test_one_place_commits() -> None:
    assert set(_calls("commit")) <= {"casemgr.store.work"}


def test_one_place_makes_sessions() -> None:
    assert set(_calls("WorkSession")) <= {"casemgr.store.work"}


def test_sealed_values_are_opened_in_few_places() -> None:
    allowed = {"casemgr.store.identity", "casemgr.store.vault", "casemgr.store.readiness"}
    openers = set(_calls("open_many")) | {
        dotted(path)
        for path in modules()
        if re.search(r"vault\.open\(|\._sealed\b|\._text\b", path.read_text())
    }
    assert openers <= allowed | {
        f"casemgr.store.{name}" for name in ("types", "work", "audit", "audit_archive", "batch")
    }


def test_only_the_clock_reads_the_day() -> None:
    for path in modules():
        text = path.read_text(encoding="utf-8")
        if re.search(r"\bdate\.today\(|datetime\.today\(", text):
            pytest.fail(f"{dotted(path)} reads today; ask casemgr.services.clock")


def test_the_environment_is_read_in_one_place() -> None:
    for path in [*modules(), ROOT / "wsgi.py"]:
        if room_of(path) == "launch" or path.name in {"__main__.py"} if path.is_relative_to(CODE) else False:
            continue
        text = path.read_text(encoding="utf-8")
        if "os.environ" in text and dotted(path) not in {"casemgr.cli.keys"}:
            pytest.fail(f"{path.name} reads the environment; config.py does that")


IDENTITY = {"name", "id_number", "phone", "domicile", "residence", "workplace", "birth_on", "note", "doctor"}


def test_columns_that_identify_are_sealed() -> None:
    """A table about people holds no readable name, number, address or free text."""
    from sqlalchemy import String, Text

    from casemgr.store import models
    from casemgr.store.scope import AreaScoped
    from casemgr.store.types import Sealed

    #: Readable strings of scoped tables: codes, digests and machine words.
    readable = {
        "file_no",
        "icd10",
        "product",
        "batch",
        "key",
        "edition",
        "policy_digest",
        "figures_digest",
        "number",
        "title",
        "because",
        "form",
        "form_version",
        "noun",
        "rule",
        "sent_id",
        "suggested_rule",
        "file_digest",
        "file_name",
        "code",
        "ingredient",
        "state",
        "message",
        "label",
        "ground",
    }
    for name in models.__all__:
        model = getattr(models, name)
        if not issubclass(model, AreaScoped):
            continue
        for column in model.__table__.columns:
            titled = (name, column.name) in {("Report", "title"), ("Agency", "title")}
            if (name, column.name) == ("AreaFact", "source"):
                continue  # the document a yearly fact stands in, of no person
            if column.name in IDENTITY and not titled:
                assert isinstance(column.type, Sealed), f"{name}.{column.name} is not sealed"
            if isinstance(column.type, String | Text):
                assert column.name in readable, f"{name}.{column.name} is a readable text"


def test_every_row_about_a_person_carries_its_area_in_the_key() -> None:
    from casemgr.store import models
    from casemgr.store.scope import AreaScoped

    for name in models.__all__:
        table = getattr(models, name).__table__
        columns = set(table.columns.keys())
        if {"person_id", "case_id", "visit_id"} & columns and name not in {"AuditSubject"}:
            assert issubclass(getattr(models, name), AreaScoped), name
            composite = [key for key in table.foreign_key_constraints if "area" in key.column_keys]
            assert composite, f"{name} has no composite key with its area"


def test_decision_records_are_numbered_once() -> None:
    numbers = [path.name[:4] for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md")]
    assert len(numbers) == len(set(numbers))
    assert len(numbers) >= 10


def test_every_turn_has_a_number_of_its_own() -> None:
    """Whoever waits for a turn on PostgreSQL waits for those who do the same thing, and for nobody else."""
    numbers = [
        number
        for path in CODE.rglob("*.py")
        for number in re.findall(r"\b7_301_\d{3}\b", path.read_text("utf-8"))
    ]
    assert len(numbers) == len(set(numbers)) > 5


def test_templates_carry_no_inline_script_or_style() -> None:
    for path in (ROOT / "templates").rglob("*.html"):
        if "reports" in path.parts:
            continue
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), f"{path.name}: inline script"
        assert not re.search(r"\sstyle\s*=|<style|\son[a-z]+\s*=\s*[\"']", text), (
            f"{path.name}: inline style or handler"
        )
        assert not re.search(r"(src|href)\s*=\s*[\"']https?://", text), f"{path.name}: loads from elsewhere"


def test_the_project_speaks_of_itself_alone() -> None:
    import shutil
    import subprocess

    if shutil.which("git") is None:
        pytest.skip("没有 git：不知道哪些文件属于项目")
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout
    for name in filter(None, tracked.split("\0")):
        path = ROOT / name
        if path.suffix in {".py", ".md", ".html", ".toml", ".txt", ".css", ".js"} and path.is_file():
            assert "/work/" + "main" not in path.read_text(encoding="utf-8", errors="ignore"), name
