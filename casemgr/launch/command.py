"""启动命令: ``run``, ``test`` and ``setup`` from a bare machine to the end; sentences, no tracebacks."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import traceback
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from casemgr.launch import arguments, environment, family, installation, native
from casemgr.launch.speech import Stop, open_mouth, say, warn
from config import instance_from, keyring_from

HOST = "127.0.0.1"
#: Neither a workbook on its way in nor names on their way out may be spooled to a disk, where they would lie
#: unsealed; what is larger than any workbook is not read at all, so that nobody fills the memory with it.
LARGEST = 100 * 1024 * 1024
IN_MEMORY = (
    f"--inbuf-overflow={LARGEST}", f"--outbuf-overflow={LARGEST}", f"--max-request-body-size={LARGEST}",
)  # fmt: skip
READY_WITHIN = 60.0  # seconds; a first start also compiles every module
LOG_LIMIT = 5_000_000  # bytes; a longer log starts anew, the old one is kept beside it
INTERRUPTED = 130
ROOM_FOR_TESTS = 2 * 1024**3  # bytes; a whole run leaves some 300 MB


def start(words: Sequence[str]) -> int:
    """Do what the words ask for and return the exit code."""
    open_mouth()
    try:
        family.listen()
        asked = arguments.read(words)
        if asked is None:
            say(arguments.USAGE)
            return 0
        return {"run": run, "test": test, "setup": setup}[asked.command](asked)
    except Stop as stop:
        warn(str(stop))
        return stop.code
    except (family.Asked, KeyboardInterrupt):
        warn("\n已中断。")
        return INTERRUPTED
    except Exception as wrong:
        warn(f"启动器出错（{type(wrong).__name__}：{wrong}），详情见 {_keep(traceback.format_exc())}。")
        return 1


def _keep(details: str) -> str:
    """Put what only a developer can read into a file and name it."""
    handle, name = tempfile.mkstemp(prefix="casemgr-", suffix=".log")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(details)
    return name


def _set_up(asked: arguments.Arguments, files: tuple[str, ...], natives: tuple[native.Native, ...]) -> None:
    handle, name = tempfile.mkstemp(prefix="casemgr-setup-", suffix=".log")
    os.close(handle)
    log = Path(name)
    quietly = family.Quietly(log, environment.ROOT, environment.helper_environ())
    try:
        if not environment.is_ready(environment.VENV, files):
            natives = (*natives, environment.INSTALLER)
        if environment.INSTALLER in native.provide(natives, allowed=asked.system, quietly=quietly):
            raise Stop("准备没有完成：装好上面的软件包之后，重新运行同一条命令即可。")
        environment.provide(files, quietly)
    except Stop as stop:
        if not log.stat().st_size:
            log.unlink()
        last = quietly.last_words()
        raise Stop(f"{stop}" + (f"\n（{last}；全部输出：{log}）" if last else ""), stop.code) from stop
    log.unlink(missing_ok=True)


def setup(asked: arguments.Arguments) -> int:
    """``.venv`` ready, one line; compiled, because a later service may not write beside the modules."""
    fresh = not environment.is_ready(environment.VENV, environment.FOR_RUN)
    _set_up(asked, environment.FOR_RUN, native.FOR_PDF)
    environment.compile_all(packages=fresh)
    say(f"虚拟环境已就绪：{environment.VENV}")
    return 0


def test(asked: arguments.Arguments) -> int:
    """The whole suite with pytest's own closing line; its exit code is ours."""
    _set_up(asked, environment.FOR_TEST, native.FOR_PDF + native.FOR_PAGE_TESTS)
    environ = {
        name: value
        for name, value in environment.child_environ().items()
        # Settings of an installation must not reach the tests.
        if not name.startswith("CASEMGR_") or name.startswith("CASEMGR_TEST_")
    }
    if memory := _memory_for_tests():
        environ.setdefault("PYTEST_DEBUG_TEMPROOT", memory)
        environ.setdefault("TMPDIR", memory)  # what browsers and database servers lay down beside it
    # A file stays with one worker, so what it sets up once is set up once. Files begin in the order of the
    # suite, which puts the slow ones first.
    side_by_side = ["-n", str(os.cpu_count() or 1), "--dist", "loadfile", "--no-loadscope-reorder"]
    python = str(environment.python_of(environment.VENV))
    order = [python, "-m", "pytest", *side_by_side, *asked.pytest]
    code = family.finish(family.begin(order, cwd=environment.ROOT, environ=environ), first=signal.SIGINT)
    if code < 0:
        raise Stop(f"测试被终止（信号 {-code}），没有跑完。", code=128 - code)
    return code


def _memory_for_tests() -> str:
    """A folder in memory with room for thousands of throw-away databases; empty where there is none.

    Every one of them waits for the disk at each commit, as it must in earnest and need not in a test.
    """
    folder = Path("/dev/shm")  # noqa: S108 - pytest makes a folder of its own in it, for its user alone
    try:
        roomy = shutil.disk_usage(folder).free >= ROOM_FOR_TESTS
    except OSError:
        return ""
    return str(folder) if roomy and os.access(folder, os.W_OK | os.X_OK) else ""


def run(asked: arguments.Arguments) -> int:
    """Web process and scheduler, until the person ends them or one of them dies."""
    _check_port(asked.port)
    _set_up(asked, environment.FOR_RUN, native.FOR_PDF)
    os.umask(0o077)  # whatever an installation writes is for its owner alone
    instance = instance_from(os.environ)
    installation.make_folder(instance)
    if not os.environ.get("CASEMGR_SECRET_KEY"):
        installation.make_secret(instance)
    environ = environment.child_environ() | {"CASEMGR_PORT": str(asked.port)}
    prepared = _prepare(asked, environ)
    _tell_first_accounts(prepared)
    children: dict[str, subprocess.Popen[bytes]] = {}
    logs = {name: instance / "logs" / f"{name}.log" for name in ("web", "scheduler")}
    try:
        _check_port(asked.port)
        children["web"] = _serve(
            ["waitress", f"--listen={HOST}:{asked.port}", "--threads=8", *IN_MEMORY, "wsgi:app"],
            logs["web"],
            environ,
        )
        _wait_until_ready(children, logs, asked.port)
        # Afterwards: what the clock has to catch up on must not delay the first page.
        children["scheduler"] = _serve(["casemgr.jobs"], logs["scheduler"], environ)
        _welcome(asked.port, prepared, logs)
        _watch(children, logs)
    except (family.Asked, KeyboardInterrupt):
        say("\n正在停止 …")
        family.end(list(children.values()))
        say("系统已停止，数据都已保存。")
    finally:
        family.end(list(children.values()))
    return 0


def _check_port(port: int) -> None:
    """Raise :class:`Stop` when something else listens there already."""
    with socket.socket() as probe:
        if os.name == "posix":
            # As the server does: an address left over from the last run is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError as wrong:
            raise Stop(f"没有权限使用端口 {port}：请改用 1024 以上的端口，例如 --port 8001。") from wrong
        except OSError as wrong:
            raise Stop(
                f"端口 {port} 已被占用（可能系统已经在运行）：请先停掉它，"
                f"或者换一个端口，例如 --port {port % 65535 + 1}。"
            ) from wrong


def _flask(environ: dict[str, str], *words: str) -> str:
    """What a ``flask`` command prints; its one line of complaint becomes :class:`Stop`."""
    child = family.begin(
        [str(environment.python_of(environment.VENV)), "-m", "flask", *words],
        cwd=environment.ROOT, environ=environ, out=subprocess.PIPE, err=subprocess.PIPE,
    )  # fmt: skip
    try:
        out, err = child.communicate()
    finally:
        family.end([child])
    if child.returncode:
        complaint = err.decode(errors="replace").strip() or f"flask {' '.join(words)}"
        if "Traceback" in complaint:
            complaint = f"{complaint.splitlines()[-1]}（详情：{_keep(complaint)}）"
        raise Stop(complaint)
    return out.decode()


def _prepare(asked: arguments.Arguments, environ: dict[str, str]) -> dict[str, Any]:
    """Keyring, tables, demo county; what the register holds then. Sets ``CASEMGR_DEMO`` to match."""
    told = environ.get("CASEMGR_DEMO")
    demo = asked.demo and told != "0"
    ring = keyring_from(environ)
    database = instance_from(environ) / "casemgr.db"
    first = not environ.get("CASEMGR_DATABASE_URL") and not database.exists()
    if not ring.exists():
        if database.exists():
            # A new ring could open nothing of what is there, and would seal the next rows with another key.
            raise Stop(
                f"数据库 {database} 在，密钥文件 {ring} 却不在：没有它，已加密的内容打不开。"
                "请把原来的密钥文件放回去。"
            )
        _flask(environ, "keys", "create")
    if demo and first:
        say("正在准备数据库和演示县（虚构的 2,300 人，只在第一次）…")
    else:
        say("正在准备数据库 …")
    if demo:
        environ["CASEMGR_DEMO"] = "1"
    words = ["installation", "prepare", *(["--demo"] if demo else [])]
    answer: dict[str, Any] = json.loads(_flask(environ, *words))
    if answer["real"] and told == "1":
        raise Stop(
            "CASEMGR_DEMO=1 不能与真实登记库一起使用：演示账号的密码是公开的。"
            "请去掉这个环境变量，或用 CASEMGR_INSTANCE 另建一个数据目录来试用。"
        )
    environ["CASEMGR_DEMO"] = "1" if answer["made_up"] else "0"
    return answer


def _serve(module: list[str], log: Path, environ: dict[str, str]) -> subprocess.Popen[bytes]:
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".old.log"))
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        order = [str(environment.python_of(environment.VENV)), "-m", *module]
        return family.begin(order, cwd=environment.ROOT, environ=environ, out=handle, err=subprocess.STDOUT)
    finally:
        os.close(handle)


def _answers(port: int) -> bool:
    # No proxy, whatever the environment says: the address is this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{HOST}:{port}/healthz", timeout=5) as reply:
            return bool(reply.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _dead(children: dict[str, subprocess.Popen[bytes]], logs: dict[str, Path]) -> None:
    """Raise :class:`Stop` when a child has ended by itself."""
    titles = {"web": "网页服务", "scheduler": "定时任务"}
    for name, child in children.items():
        code = child.poll()
        if code is None:
            continue
        if code < 0:
            raise Stop(f"{titles[name]}被终止（信号 {-code}），系统已停止。日志：{logs[name]}")
        words = logs[name].read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:] or [""]
        raise Stop(f"{titles[name]}意外结束（代码 {code}）：{words[0][:200]}\n日志：{logs[name]}")


def _wait_until_ready(children: dict[str, subprocess.Popen[bytes]], logs: dict[str, Path], port: int) -> None:
    until = time.monotonic() + READY_WITHIN
    while not _answers(port):
        _dead(children, logs)
        if time.monotonic() > until:
            raise Stop(f"网页服务 {READY_WITHIN:.0f} 秒内没有响应。日志：{logs['web']}")
        time.sleep(0.05)


def _tell_first_accounts(prepared: dict[str, Any]) -> None:
    """At once and not with the welcome: these passwords are nowhere else, whatever happens next."""
    if prepared["first"]:
        say("登记库还是空的。首次使用的账号（密码只显示这一次，登录后须修改）：")
        titles = {"xianji": "县级管理员：登录后导入本县工作簿", "guanli": "系统管理员：为各乡镇建账号"}
        for account in prepared["first"]:
            say(f"  {account['login']:<12} 密码 {account['password']:<18} {titles[account['login']]}")


def _welcome(port: int, prepared: dict[str, Any], logs: dict[str, Path]) -> None:
    say(f"\n严重精神障碍患者管理系统已启动：http://{HOST}:{port}\n")
    if prepared["accounts"]:
        say("演示账号（虚构数据，请勿录入真实患者）：")
        for account in prepared["accounts"]:
            say(f"  {account['login']:<12} 密码 {account['password']:<18} {account['title']}")
    elif prepared["empty"] and not prepared["first"]:
        say("登记库还是空的：请用县级管理员账号登录，导入本县工作簿。")
        say("忘记密码时，在另一个终端执行 .venv/bin/flask account password --help。")
    say(f"\n日志：{logs['web'].parent}    按 Ctrl-C 停止")


def _watch(children: dict[str, subprocess.Popen[bytes]], logs: dict[str, Path]) -> None:
    while True:
        _dead(children, logs)
        time.sleep(0.5)
