"""虚拟环境: ``.venv`` with exactly the pinned packages, made with what a bare machine offers."""

from __future__ import annotations

import errno
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from casemgr.launch import native
from casemgr.launch.speech import Stop, say

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
FOR_RUN = ("requirements.txt",)
FOR_TEST = ("requirements.txt", "requirements-test.txt")

PIP_KNOWS_PYTHON = (22, 3)
BENDING = frozenset(
    ("PYTHONHOME", "PYTHONPATH", "PYTHONSAFEPATH", "PYTHONDONTWRITEBYTECODE", "__PYVENV_LAUNCHER__",
     "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV")
)  # fmt: skip


def python_of(venv: Path) -> Path:
    """The interpreter inside a virtual environment."""
    return venv / "Scripts" / "python.exe" if os.name == "nt" else venv / "bin" / "python"


def base_python() -> str:
    """The interpreter that virtual environments are made with, also when we were started from inside one."""
    return str(getattr(sys, "_base_executable", None) or sys.executable)


def helper_environ(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Environment for helpers such as pip: nothing that bends where Python looks or pip installs."""
    environ = os.environ if environ is None else environ
    return {name: value for name, value in environ.items() if name not in BENDING}


def child_environ(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Environment for programs inside ``.venv``."""
    environ = os.environ if environ is None else environ
    kept = helper_environ(environ)
    kept["VIRTUAL_ENV"] = str(VENV)
    kept["PATH"] = str(python_of(VENV).parent) + os.pathsep + environ.get("PATH", os.defpath)
    kept["PYTHONUTF8"] = "1"
    kept["PYTHONUNBUFFERED"] = "1"
    return kept


def version_of(python: Path) -> str:
    """Full version of an interpreter, or "" when it cannot be started."""
    try:
        asked = subprocess.run(
            [str(python), "-I", "-S", "-c", "import sys; print(sys.version, sys.prefix)"],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    except OSError:
        return ""
    return asked.stdout.strip() if asked.returncode == 0 else ""


def sound(venv: Path) -> str:
    """Version of a virtual environment that can be used, or "".

    After an upgrade of the system's Python the environment starts, but its packages lie in the folder of the
    old version; after a move of the project its programs point to the old place. ``pyvenv.cfg`` tells both.
    """
    try:
        settings = (venv / "pyvenv.cfg").read_text()
    except OSError:
        return ""
    made_with = re.search(r"^version(?:_info)? *= *(\d+\.\d+)", settings, re.MULTILINE)
    command = re.search(r"^command *= *(.*?) *$", settings, re.MULTILINE)
    if command and not command[1].endswith(str(venv)):
        return ""
    now = version_of(python_of(venv))
    return now if made_with and now.startswith(made_with[1] + ".") else ""


def fingerprint(requirements: Iterable[Path], version: str) -> str:
    """Hash of the requirement files and the interpreter they were installed for."""
    digest = hashlib.sha256(version.encode())
    for path in requirements:
        digest.update(b"\0" + path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def stamp_of(venv: Path, files: tuple[str, ...]) -> Path:
    """Where the fingerprint of what was installed is kept; it goes when the environment goes."""
    return venv / f".installed-{Path(files[-1]).stem}"


def is_ready(venv: Path, files: tuple[str, ...]) -> bool:
    """Whether the environment holds exactly what the requirement files beside it say."""
    try:
        stamped = stamp_of(venv, files).read_text()
    except OSError:
        return False
    version = sound(venv)
    return bool(version) and stamped == fingerprint([venv.parent / name for name in files], version)


def provide(files: tuple[str, ...], quietly: Callable[[list[str]], bool]) -> None:
    """Make ``.venv`` hold the given requirements; raises :class:`Stop` when that is impossible here."""
    if is_ready(VENV, files):
        return
    with _alone():
        if is_ready(VENV, files):
            return
        try:
            _build(files, quietly)
        except PermissionError as wrong:
            raise Stop(
                f"没有权限写入 {wrong.filename or VENV}，虚拟环境没有准备好："
                "请用建立它的用户运行，或把项目复制到自己的目录里再运行。"
            ) from wrong


@contextmanager
def _alone() -> Iterator[None]:
    """Two launchers started together prepare the environment one after the other."""
    if os.name == "nt":
        yield
        return
    import fcntl  # exists on POSIX only

    handle = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _build(files: tuple[str, ...], quietly: Callable[[list[str]], bool]) -> None:
    version = sound(VENV)
    if not os.access(VENV if VENV.exists() else ROOT, os.W_OK):
        raise PermissionError(errno.EACCES, "", str(VENV))
    if not version:
        say("正在建立虚拟环境 .venv …")
        made = quietly([base_python(), "-m", "venv", "--without-pip", "--clear", str(VENV)])
        version = sound(VENV)
        if not made or not version:
            raise Stop(
                "无法建立虚拟环境 .venv：请管理员执行 apt-get install -y python3-venv，然后重新运行本命令。"
            )
    wanted = [argument for name in files for argument in ("-r", str(ROOT / name))]
    if not _install(wanted, quietly):
        raise Stop(
            "依赖没有装上，多半是网络不通：请检查网络后重新运行，国内可先执行 "
            "export PIP_INDEX_URL=https://pypi.tuna.tsinghua.edu.cn/simple。"
        )
    for count in range(1, len(files) + 1):  # what is enough for the tests is enough to run
        stamp_of(VENV, files[:count]).write_text(
            fingerprint([ROOT / name for name in files[:count]], version)
        )


def _install(wanted: list[str], quietly: Callable[[list[str]], bool]) -> bool:
    """Install the pinned wheels. The list is closed, so nothing has to be resolved (``--no-deps``).

    Modules are compiled when first used: most never are, and compiling all takes as long as unpacking them.
    """
    target = str(python_of(VENV))
    uv = shutil.which("uv")
    say("正在安装 Python 依赖（首次约 1 分钟）…")
    if uv and quietly([uv, "pip", "install", "-q", "--python", target, "--no-deps", "--no-build", *wanted]):
        return True
    options = ["install", "--no-deps", "--only-binary", ":all:", "--no-input", "--disable-pip-version-check",
               "--no-warn-script-location", "--no-compile", "-q"]  # fmt: skip
    return quietly([*_pip(target, quietly), *options, *wanted])


def compile_all(*, packages: bool) -> None:
    """Compile the program and, with ``packages``, what is installed; what does not compile is left alone."""
    folders = [str(ROOT / "casemgr"), *([str(VENV)] if packages else [])]
    order = [str(python_of(VENV)), "-m", "compileall", "-q", "-j", "0", *folders]
    subprocess.run(order, cwd=ROOT, env=child_environ(), capture_output=True, check=False)


def _pip(target: str, quietly: Callable[[list[str]], bool]) -> list[str]:
    """How to call pip for the environment; raises :class:`Stop` when the machine has none at all."""
    if pip_version(target) >= PIP_KNOWS_PYTHON:
        return [target, "-m", "pip"]
    if pip_version(base_python()) >= PIP_KNOWS_PYTHON:
        return [base_python(), "-m", "pip", "--python", target]
    if has("ensurepip") and quietly([target, "-m", "ensurepip"]):
        return [target, "-m", "pip"]
    raise Stop("这台机器的 Python 没有可用的 pip，依赖无法安装：请先按上面的提示安装 python3-venv。")


def has(module: str) -> bool:
    """Whether the running interpreter can import a module, asked anew each time."""
    importlib.invalidate_caches()
    return importlib.util.find_spec(module) is not None


def can_install() -> bool:
    """Whether there is anything at all that can fill a virtual environment."""
    return bool(shutil.which("uv")) or has("pip") or has("ensurepip")


INSTALLER = native.Native("python3-venv", "没有 pip，程序的依赖无法安装", found=can_install)


def pip_version(python: str) -> tuple[int, int]:
    """Version of the pip an interpreter has, (0, 0) for none."""
    try:
        asked = subprocess.run(
            [python, "-m", "pip", "--version"], capture_output=True, text=True, timeout=120, check=False
        )
    except OSError:
        return (0, 0)
    found = re.match(r"pip (\d+)\.(\d+)", asked.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)
