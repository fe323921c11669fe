"""依赖: everything is pinned, and the pinned list is closed, because nothing is resolved at installation."""

from __future__ import annotations

import ast
import re
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PAIRS = [("requirements.in", "requirements.txt"), ("requirements-test.in", "requirements-test.txt")]


def lines(name: str) -> list[Requirement]:
    text = re.sub(r"\\\n", " ", (ROOT / name).read_text(encoding="utf-8"))
    bare = (re.sub(r"(\s|^)#.*|--hash=\S+", "", line).strip() for line in text.splitlines())
    return [Requirement(line) for line in bare if line and not line.startswith("-")]


def pinned(name: str) -> dict[str, str]:
    return {canonicalize_name(line.name): str(line.specifier) for line in lines(name)}


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-test.txt", "requirements.lock"])
def test_each_line_names_one_version(name: str) -> None:
    assert lines(name)
    for line in lines(name):
        assert re.fullmatch(r"==[^*,]+", str(line.specifier)), f"{name}: {line}"


@pytest.mark.parametrize(("wanted", "resolved"), PAIRS)
def test_what_is_wanted_is_pinned(wanted: str, resolved: str) -> None:
    pins = pinned(resolved)
    for line in lines(wanted):
        assert line.specifier.contains(pins[canonicalize_name(line.name)].removeprefix("=="))


def test_the_locked_list_is_the_same_with_hashes() -> None:
    assert pinned("requirements.lock") == pinned("requirements.txt")
    assert (ROOT / "requirements.lock").read_text().count("--hash=sha256:") > len(lines("requirements.lock"))


def test_shared_packages_have_one_version() -> None:
    run, test = pinned("requirements.txt"), pinned("requirements-test.txt")
    assert {name: run[name] for name in run.keys() & test.keys()} == {
        name: test[name] for name in run.keys() & test.keys()
    }


@pytest.mark.parametrize(
    "files", [("requirements.txt",), ("requirements.txt", "requirements-test.txt")], ids=["run", "test"]
)
def test_the_list_is_closed(files: tuple[str, ...]) -> None:
    """Every installed package of the list finds what it needs in the list."""
    here = [line for name in files for line in lines(name) if line.marker is None or line.marker.evaluate()]
    pins = {canonicalize_name(line.name): str(line.specifier).removeprefix("==") for line in here}
    extras = {canonicalize_name(line.name): line.extras for name, _ in PAIRS for line in lines(name)}
    for package in pins:
        for text in metadata.requires(package) or []:
            need = Requirement(text)
            wanted = [{"extra": extra} for extra in extras.get(package, set())] or [{"extra": ""}]
            if need.marker is None or any(need.marker.evaluate(each) for each in wanted):
                found = pins.get(canonicalize_name(need.name))
                assert found is not None, f"{package} needs {need.name}"
                assert need.specifier.contains(found, prereleases=True), (
                    f"{package} needs {need}, {found} is pinned"
                )


def test_nothing_of_the_test_suite_is_needed_to_run() -> None:
    assert not {"pytest", "hypothesis", "playwright", "mypy", "ruff"} & pinned("requirements.txt").keys()


def test_what_the_program_imports_is_in_the_list() -> None:
    owners = metadata.packages_distributions()
    pins = pinned("requirements.txt")
    own = {"casemgr", "config"}
    for path in [*(ROOT / "casemgr").rglob("*.py"), ROOT / "config.py", ROOT / "wsgi.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            for name in {name.split(".")[0] for name in names} - own - sys.stdlib_module_names:
                found = {canonicalize_name(owner) for owner in owners.get(name, [])}
                assert found & pins.keys(), f"{path.relative_to(ROOT)} imports {name}, which is not pinned"
