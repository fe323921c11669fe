"""虚拟环境: when it is made anew, filled anew or left alone, and which pip fills it."""

from __future__ import annotations

from pathlib import Path

import pytest

from casemgr.launch import environment
from casemgr.launch.speech import Stop

FILES = ("requirements.txt", "requirements-test.txt")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with requirement files and an environment that claims Python 3.11."""
    for name in FILES:
        (tmp_path / name).write_text(f"# {name}\n")
    venv = tmp_path / ".venv"
    venv.mkdir()
    (venv / "pyvenv.cfg").write_text(f"version = 3.11.2\ncommand = python3 -m venv --without-pip {venv}\n")
    monkeypatch.setattr(environment, "version_of", lambda python: "3.11.9 (gcc) /here/.venv")
    return tmp_path


def stamp(project: Path) -> None:
    version = environment.sound(project / ".venv")
    paths = [project / name for name in FILES]
    environment.stamp_of(project / ".venv", FILES).write_text(environment.fingerprint(paths, version))


def ready(project: Path) -> bool:
    return environment.is_ready(project / ".venv", FILES)


def test_without_a_stamp_nothing_is_ready(project: Path) -> None:
    assert not ready(project)


def test_with_its_stamp_it_is_ready(project: Path) -> None:
    stamp(project)
    assert ready(project)


@pytest.mark.parametrize("name", FILES)
def test_a_changed_requirement_is_installed(project: Path, name: str) -> None:
    stamp(project)
    (project / name).write_text("flask==9\n")
    assert not ready(project)


def test_another_interpreter_is_another_environment(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stamp(project)
    monkeypatch.setattr(environment, "version_of", lambda python: "3.11.10 (gcc) /here/.venv")
    assert not ready(project)


def test_after_an_upgrade_of_python_it_is_of_no_use(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "version_of", lambda python: "3.13.5 (gcc) /here/.venv")
    assert environment.sound(project / ".venv") == ""


def test_an_interpreter_that_does_not_start_is_of_no_use(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "version_of", lambda python: "")
    assert environment.sound(project / ".venv") == ""


def test_a_moved_project_gets_a_new_environment(project: Path) -> None:
    moved = project / "elsewhere"
    (project / ".venv").rename(moved)
    assert environment.sound(moved) == ""


def test_the_real_interpreter_says_its_version() -> None:
    import sys

    assert environment.version_of(Path(sys.executable)).startswith(sys.version)
    assert environment.version_of(Path("/no/such/python")) == ""


def test_programs_inside_are_not_bent_by_the_outside() -> None:
    outside = {"PATH": "/usr/bin", "PYTHONPATH": "/x", "PYTHONHOME": "/y", "PIP_USER": "1", "LANG": "C"}
    inside = environment.child_environ(outside)
    assert not {"PYTHONPATH", "PYTHONHOME", "PIP_USER"} & inside.keys()
    assert inside["LANG"] == "C"
    assert inside["PATH"].startswith(str(environment.VENV))
    assert inside["PATH"].endswith("/usr/bin")


def choose(
    monkeypatch: pytest.MonkeyPatch, own: tuple[int, int], system: tuple[int, int], *, ensurepip: bool
) -> list[str]:
    def version(python: str) -> tuple[int, int]:
        return own if python == "inside" else system

    monkeypatch.setattr(environment, "pip_version", version)
    monkeypatch.setattr(environment, "base_python", lambda: "outside")
    monkeypatch.setattr(environment, "has", lambda module: ensurepip)
    return environment._pip("inside", lambda order: order == ["inside", "-m", "ensurepip"])


@pytest.mark.parametrize(
    ("own", "system", "ensurepip", "order"),
    [
        ((24, 0), (23, 0), True, ["inside", "-m", "pip"]),
        ((0, 0), (23, 0), False, ["outside", "-m", "pip", "--python", "inside"]),
        ((0, 0), (22, 2), True, ["inside", "-m", "pip"]),
        ((0, 0), (0, 0), True, ["inside", "-m", "pip"]),
    ],
)
def test_which_pip_is_used(
    monkeypatch: pytest.MonkeyPatch,
    own: tuple[int, int],
    system: tuple[int, int],
    ensurepip: bool,
    order: list[str],
) -> None:
    assert choose(monkeypatch, own, system, ensurepip=ensurepip) == order


def test_no_pip_at_all_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Stop, match="python3-venv"):
        choose(monkeypatch, (0, 0), (0, 0), ensurepip=False)


def test_a_folder_of_somebody_else_is_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "VENV", project / ".venv")
    monkeypatch.setattr(environment, "ROOT", project)
    monkeypatch.setattr(environment.os, "access", lambda path, mode: False)
    with pytest.raises(Stop, match="没有权限写入"):
        environment.provide(FILES, lambda order: True)


def test_a_failed_download_says_what_to_try(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "VENV", project / ".venv")
    monkeypatch.setattr(environment, "ROOT", project)
    monkeypatch.setattr(environment, "pip_version", lambda python: (24, 0))
    with pytest.raises(Stop, match="PIP_INDEX_URL"):
        environment.provide(FILES, lambda order: False)
    assert not ready(project)


def test_what_was_installed_is_remembered(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "VENV", project / ".venv")
    monkeypatch.setattr(environment, "ROOT", project)
    monkeypatch.setattr(environment, "pip_version", lambda python: (24, 0))
    monkeypatch.setattr(environment.shutil, "which", lambda name: None)
    orders: list[list[str]] = []

    def quietly(order: list[str]) -> bool:
        orders.append(order)
        return True

    environment.provide(FILES, quietly)
    environment.provide(FILES, quietly)
    environment.provide(FILES[:1], quietly)
    (order,) = orders
    assert "--no-deps" in order
    assert order[order.index("--only-binary") + 1] == ":all:"
    assert [order[at + 1] for at, word in enumerate(order) if word == "-r"] == [
        str(project / name) for name in FILES
    ]
