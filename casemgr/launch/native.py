"""系统库: native libraries and programs outside Python: are they there, and how to get them."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from casemgr.launch.speech import say, warn

PDF = "不能生成 PDF 月报（网页和 Excel 不受影响，可用浏览器“打印为 PDF”代替）"
SLOW = "生成 PDF 会慢几十倍"
PAGES = "不能在真实浏览器里测试网页，这些测试会被跳过"

# A plain user's PATH lacks the folders that dpkg insists on.
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


@dataclass(frozen=True)
class Native:
    """One thing the system must have: a library, one of some programs, or what ``found`` looks for."""

    package: str
    without: str
    library: str = ""
    short: str = ""
    programs: tuple[str, ...] = ()
    found: Callable[[], bool] | None = None


FOR_PDF = (
    Native("libpango-1.0-0", PDF, "libpango-1.0.so.0", "pango-1.0"),
    Native("libpangoft2-1.0-0", PDF, "libpangoft2-1.0.so.0", "pangoft2-1.0"),
    Native("libharfbuzz-subset0", SLOW, "libharfbuzz-subset.so.0", "harfbuzz-subset"),
)
FOR_PAGE_TESTS = (
    Native("chromium", PAGES, programs=CHROMIUM),
    Native("libatomic1", PAGES, "libatomic.so.1", "atomic"),
)


def loads(native: Native) -> bool:
    """Whether the library can be loaded, asked of the loader itself, as WeasyPrint will do."""
    if sys.platform == "linux":
        try:
            ctypes.CDLL(native.library)
        except OSError:
            return False
        return True
    return ctypes.util.find_library(native.short) is not None or any(
        Path(folder).is_dir() and any(Path(folder).glob(f"lib{native.short}*.dylib"))
        for folder in ("/opt/homebrew/lib", "/usr/local/lib")
    )


def present(native: Native) -> bool:
    """Whether the machine has it. ``libatomic`` is a matter of Linux alone."""
    if native.found is not None:
        return native.found()
    if native.programs:
        return any(shutil.which(program) for program in native.programs)
    if native.short == "atomic" and sys.platform != "linux":
        return True
    return loads(native)


def missing(wanted: Iterable[Native]) -> list[Native]:
    """Those of the wanted that are not there."""
    return [native for native in wanted if not present(native)]


def apt() -> list[str] | None:
    """How to start apt-get with the rights to install and without questions; None if impossible."""
    if sys.platform != "linux" or not shutil.which("apt-get", path=SYSTEM_PATH):
        return None
    environment = ["env", "DEBIAN_FRONTEND=noninteractive", f"PATH={SYSTEM_PATH}", "LC_ALL=C.UTF-8"]
    if os.geteuid() == 0:
        return [*environment, "apt-get"]
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n", *environment, "apt-get"]
    return None


def install(packages: list[str], quietly: Callable[[list[str]], bool]) -> bool:
    """Install Debian packages without recommendations; True when apt-get said it did.

    The lists already on the machine are tried first: refreshing them takes longer than the installation.
    """
    prefix = apt()
    if prefix is None:
        return False
    prefix = [*prefix, "-qq", "-o", "DPkg::Lock::Timeout=120"]
    order = [*prefix, "install", "-y", "--no-install-recommends", *packages]
    return quietly(order) or (quietly([*prefix, "update"]) and quietly(order))


def remedy(packages: list[str]) -> str:
    """What the person can do by hand on this kind of machine, as the start of a sentence."""
    if sys.platform == "darwin":
        names = {"chromium": "--cask chromium", "python3-venv": "python"}
        wanted = dict.fromkeys(names.get(package, "pango") for package in packages)
        return "请执行 " + " && ".join(f"brew install {name}" for name in wanted)
    if sys.platform == "win32":
        return (
            "请安装 MSYS2，在其中执行 pacman -S mingw-w64-ucrt-x86_64-pango，"
            "并把环境变量 WEASYPRINT_DLL_DIRECTORIES 设为 C:\\msys64\\ucrt64\\bin"
        )
    if shutil.which("apt-get", path=SYSTEM_PATH):
        who = "请执行" if os.geteuid() == 0 else "请管理员执行"
        return f"{who} apt-get update && apt-get install -y --no-install-recommends {' '.join(packages)}"
    return f"请安装与 Debian 软件包 {' '.join(packages)} 相当的系统软件包"


def complaints(lacking: list[Native]) -> list[str]:
    """One sentence for each thing that will not work, naming the packages; then what to do."""
    if not lacking:
        return []
    by_effect: dict[str, list[str]] = {}
    for native in lacking:
        by_effect.setdefault(native.without, []).append(native.package)
    sentences = [
        f"缺少系统软件包 {'、'.join(packages)}：{effect}。" for effect, packages in by_effect.items()
    ]
    return [*sentences, f"{remedy([native.package for native in lacking])}，然后重新运行本命令。"]


def provide(wanted: Iterable[Native], *, allowed: bool, quietly: Callable[[list[str]], bool]) -> list[Native]:
    """Install what is missing where that is possible, say what stays missing, and return it."""
    lacking = missing(wanted)
    if lacking and allowed and apt() is not None:
        packages = [native.package for native in lacking]
        say(f"正在安装系统软件包：{' '.join(packages)} …")
        install(packages, quietly)
        lacking = missing(lacking)
    for sentence in complaints(lacking):
        warn(sentence)
    return lacking
