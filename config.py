"""配置: the frozen settings of one installation; the only reader of the environment."""

from __future__ import annotations

import base64
import binascii
import os
import re
import shlex
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent
SHORTEST_SECRET = 32
SYSLOG = re.compile(r"\S+:\d{1,5}")


class BadConfig(Exception):
    """The settings cannot be used; the message lists every fault at once, in Chinese."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("配置不完整，程序没有启动：\n" + "\n".join(f"  - {fault}" for fault in faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Config:
    """Settings of one installation (contract: 设置)."""

    instance: Path
    database_url: str
    keyring: Path
    cipher: str
    secret_key: str
    region: str
    demo: bool
    today: date | None
    port: int
    metrics_public: bool
    verify_sql: bool
    factor_days: int | None = 14
    anchor_file: Path | None = None
    syslog: str = ""
    key_provider: str = "file"
    key_command: tuple[str, ...] = ()
    #: Program that signs the anchors of the audit, with its arguments; empty: keys that are used once.
    anchor_command: tuple[str, ...] = ()

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")


def instance_from(environ: Mapping[str, str]) -> Path:
    """Folder for everything an installation writes."""
    return Path(environ.get("CASEMGR_INSTANCE") or ROOT / "instance").expanduser().resolve()


def keyring_from(environ: Mapping[str, str]) -> Path:
    """File that holds the keys."""
    named = environ.get("CASEMGR_KEYRING")
    return Path(named).expanduser() if named else instance_from(environ) / "keyring.json"


def keys_from(environ: Mapping[str, str], faults: list[str]) -> tuple[str, tuple[str, ...]]:
    """(how keys are laid down: ``file`` or ``command``, the outside program with its arguments)."""
    provider = environ.get("CASEMGR_KEY_PROVIDER") or "file"
    command = tuple(shlex.split(environ.get("CASEMGR_KEY_COMMAND", "")))
    if provider not in ("file", "command"):
        faults.append(f"CASEMGR_KEY_PROVIDER 只能是 file 或 command，现在是“{provider}”。")
    elif provider == "command" and not command:
        faults.append(
            "CASEMGR_KEY_PROVIDER=command 时，要在 CASEMGR_KEY_COMMAND 写明外部密钥程序的完整路径。"
        )
    return provider, command


def _others_can_read(path: Path) -> bool:
    return os.name == "posix" and bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def _database_url(environ: Mapping[str, str], instance: Path) -> str:
    url = environ.get("CASEMGR_DATABASE_URL") or f"sqlite:///{instance / 'casemgr.db'}"
    for short in ("postgres://", "postgresql://"):
        if url.startswith(short):
            # The driver is named, because what the short form means has changed between releases.
            return "postgresql+psycopg://" + url.removeprefix(short)
    return url


def _secret(environ: Mapping[str, str], instance: Path, faults: list[str]) -> str:
    given = environ.get("CASEMGR_SECRET_KEY", "")
    source = "CASEMGR_SECRET_KEY"
    file = instance / "secret.key"
    if not given and file.is_file():
        if _others_can_read(file):
            faults.append(f"{file} 可以被其他用户读取。请执行：chmod 600 {file}")
        given, source = file.read_text(encoding="ascii", errors="replace").strip(), str(file)
    if not given:
        faults.append("缺少 CASEMGR_SECRET_KEY（会话密钥）。执行 python3 -m casemgr run 会自动生成。")
    elif len(given) < SHORTEST_SECRET or len(set(given)) < SHORTEST_SECRET // 4:
        faults.append(f"{source} 太弱：至少需要 {SHORTEST_SECRET} 个随机字符。")
    return given


def _factor_days(environ: Mapping[str, str], faults: list[str]) -> int | None:
    """Days an account may go without a second factor, ``None`` for ever (setting ``off``)."""
    raw = environ.get("CASEMGR_SECOND_FACTOR_DAYS") or "14"
    if raw == "off":
        return None
    if raw.isascii() and raw.isdigit() and len(raw) <= 3:
        return int(raw)
    faults.append(f"CASEMGR_SECOND_FACTOR_DAYS 应为 0–999 的天数或 off，现在是“{raw}”。")
    return 14


def _check_keyring(path: Path, faults: list[str]) -> None:
    if path.is_symlink():
        faults.append(f"密钥文件 {path} 是符号链接，请改为普通文件。")
    elif not path.is_file():
        faults.append(f"缺少密钥文件 {path}（CASEMGR_KEYRING）。执行 flask keys create 可以生成。")
    elif _others_can_read(path):
        faults.append(f"密钥文件 {path} 可以被其他用户读取。请执行：chmod 600 {path}")


def from_env(environ: Mapping[str, str] | None = None, *, keyring_needed: bool = True) -> Config:
    """Read all settings; raises :class:`BadConfig` naming everything that is missing or unsafe at once."""
    environ = os.environ if environ is None else environ
    faults: list[str] = []
    instance = instance_from(environ)
    keyring = keyring_from(environ)
    if keyring_needed:
        _check_keyring(keyring, faults)
    secret = _secret(environ, instance, faults) if keyring_needed else environ.get("CASEMGR_SECRET_KEY", "")
    cipher = environ.get("CASEMGR_CIPHER") or "aes"
    if cipher not in ("aes", "sm4"):
        faults.append(f"CASEMGR_CIPHER 只能是 aes 或 sm4，现在是“{cipher}”。")
    provider, command = keys_from(environ, faults)
    demo = environ.get("CASEMGR_DEMO", "") == "1"
    today: date | None = None
    if raw := environ.get("CASEMGR_TODAY"):
        try:
            today = date.fromisoformat(raw)
        except ValueError:
            faults.append(f"CASEMGR_TODAY 应为 2026-10-31 这样的日期，现在是“{raw}”。")
        if not demo:
            faults.append("CASEMGR_TODAY 只能与 CASEMGR_DEMO=1 一起使用，真实登记库不能固定日期。")
    factor_days = _factor_days(environ, faults)
    port = environ.get("CASEMGR_PORT") or "8000"
    if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        faults.append(f"CASEMGR_PORT 应为 1–65535 的整数，现在是“{port}”。")
        port = "8000"
    anchor_file = environ.get("CASEMGR_ANCHOR_FILE", "")
    syslog = environ.get("CASEMGR_SYSLOG", "")
    if syslog and not syslog.startswith("/") and not SYSLOG.fullmatch(syslog):
        faults.append(f"CASEMGR_SYSLOG 应为 主机:端口 或本机套接字路径，现在是“{syslog}”。")
    if faults:
        raise BadConfig(faults)
    return Config(
        instance=instance,
        database_url=_database_url(environ, instance),
        keyring=keyring,
        cipher=cipher,
        secret_key=secret,
        region=environ.get("CASEMGR_REGION") or "demo",
        demo=demo,
        today=today,
        port=int(port),
        metrics_public=environ.get("CASEMGR_METRICS_PUBLIC", "") == "1",
        verify_sql=environ.get("CASEMGR_VERIFY_SQL", "") == "1",
        factor_days=factor_days,
        anchor_file=Path(anchor_file).expanduser() if anchor_file else None,
        syslog=syslog,
        key_provider=provider,
        key_command=command,
        anchor_command=tuple(shlex.split(environ.get("CASEMGR_ANCHOR_COMMAND", ""))),
    )


def by_command(environ: Mapping[str, str] | None = None) -> bool:
    """Whether the program was started by the ``flask`` command, and not by a server."""
    return (os.environ if environ is None else environ).get("FLASK_RUN_FROM_CLI") == "true"


def weak(material: str) -> bool:
    """Whether base64 key material is too short or too regular to be a key."""
    try:
        raw = base64.b64decode(material, validate=True)
    except (binascii.Error, ValueError):
        return True
    return len(raw) < SHORTEST_SECRET or len(set(raw)) < SHORTEST_SECRET // 4
