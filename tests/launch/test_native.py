"""系统库: looking for native libraries, installing them, and saying what does not work without them."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys

import pytest

from casemgr.launch import native
from casemgr.launch.native import FOR_PAGE_TESTS, FOR_PDF


class Orders:
    """Stands for the runner of helpers: notes what was ordered, and fails where told to."""

    def __init__(self, *results: bool) -> None:
        self.results = list(results)
        self.seen: list[list[str]] = []

    def __call__(self, order: list[str]) -> bool:
        self.seen.append(order)
        return self.results.pop(0) if self.results else True


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Linux machine whose loader finds only Pango."""

    def load(name: str) -> object:
        if name != "libpango-1.0.so.0":
            raise OSError(name)
        return object()

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", load)
    monkeypatch.setattr(
        shutil, "which", lambda name, path=None: "/usr/bin/apt-get" if name == "apt-get" else None
    )


def as_user(monkeypatch: pytest.MonkeyPatch, uid: int) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: uid)


@pytest.mark.usefixtures("bare")
def test_what_the_loader_does_not_find_is_missing() -> None:
    assert [lost.package for lost in native.missing(FOR_PDF)] == ["libpangoft2-1.0-0", "libharfbuzz-subset0"]
    assert [lost.package for lost in native.missing(FOR_PAGE_TESTS)] == ["chromium", "libatomic1"]


@pytest.mark.usefixtures("bare")
def test_one_sentence_for_each_loss_and_one_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    as_user(monkeypatch, 1000)
    *losses, remedy = native.complaints(native.missing(FOR_PDF + FOR_PAGE_TESTS))
    assert losses == [
        f"缺少系统软件包 libpangoft2-1.0-0：{native.PDF}。",
        f"缺少系统软件包 libharfbuzz-subset0：{native.SLOW}。",
        f"缺少系统软件包 chromium、libatomic1：{native.PAGES}。",
    ]
    assert remedy.startswith("请管理员执行 apt-get update && apt-get install -y --no-install-recommends ")
    assert remedy.count("libharfbuzz-subset0") == 1


def test_nothing_missing_nothing_said() -> None:
    assert native.complaints([]) == []


@pytest.mark.usefixtures("bare")
def test_root_installs_without_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    as_user(monkeypatch, 0)
    orders = Orders()
    assert native.install(["libatomic1"], orders)
    (order,) = orders.seen
    assert "DEBIAN_FRONTEND=noninteractive" in order
    assert f"PATH={native.SYSTEM_PATH}" in order, "dpkg refuses to work without the sbin folders"
    assert order[-4:] == ["install", "-y", "--no-install-recommends", "libatomic1"]


@pytest.mark.usefixtures("bare")
def test_lists_are_refreshed_only_when_the_first_try_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    as_user(monkeypatch, 0)
    orders = Orders(False, True, True)
    assert native.install(["libatomic1"], orders)
    assert [("update" in order, "install" in order) for order in orders.seen] == [
        (False, True),
        (True, False),
        (False, True),
    ]


@pytest.mark.usefixtures("bare")
def test_a_plain_user_without_sudo_installs_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    as_user(monkeypatch, 1000)
    orders = Orders()
    lacking = native.provide(FOR_PDF, allowed=True, quietly=orders)
    assert orders.seen == []
    assert len(lacking) == 2
    assert "libharfbuzz-subset0" in capsys.readouterr().err


@pytest.mark.usefixtures("bare")
def test_sudo_is_used_only_when_it_asks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    as_user(monkeypatch, 1000)
    monkeypatch.setattr(shutil, "which", lambda name, path=None: f"/usr/bin/{name}")
    asked: list[list[str]] = []

    def answer(code: int) -> None:
        def run(order: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
            asked.append(order)
            return subprocess.CompletedProcess(order, code)

        monkeypatch.setattr(subprocess, "run", run)

    answer(1)
    assert native.apt() is None
    answer(0)
    prefix = native.apt()
    assert prefix is not None
    assert prefix[:2] == ["/usr/bin/sudo", "-n"]
    assert asked == [["/usr/bin/sudo", "-n", "true"]] * 2


@pytest.mark.usefixtures("bare")
def test_not_allowed_means_only_said(monkeypatch: pytest.MonkeyPatch) -> None:
    as_user(monkeypatch, 0)
    orders = Orders()
    assert native.provide(FOR_PDF, allowed=False, quietly=orders)
    assert orders.seen == []


@pytest.mark.parametrize(
    ("platform", "words"), [("darwin", "brew install pango"), ("win32", "WEASYPRINT_DLL_DIRECTORIES")]
)
def test_other_systems_are_told_what_to_do_by_hand(
    monkeypatch: pytest.MonkeyPatch, platform: str, words: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert words in native.remedy([lost.package for lost in FOR_PDF])
    assert native.apt() is None


def test_this_machine_can_print_as_the_loader_says() -> None:
    if native.missing(FOR_PDF):
        pytest.skip("没有 Pango：PDF 测试需要 " + " ".join(lost.package for lost in FOR_PDF))
    from weasyprint.text import ffi

    assert ffi.pango.pango_version() >= 10_000
