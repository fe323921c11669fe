"""备份: the whole database and the files beside it as one sealed file, and back into an empty installation.

Layout: ``CMGBAK1`` and a line end · four bytes of length and a header in JSON (which key, the file's own key
sealed with it) · pieces of one MiB, each sealed with the file's own key. A piece knows its number and whether
it is the last, so that none can be left out, put elsewhere or cut off. Inside is a tar: database, files,
and at the end the manifest with what all of it must be. The key ring is never part of it.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from casemgr.store.db import db
from casemgr.store.vault import SM4, TAG, CannotOpen, Place, Vault

MAGIC = b"CMGBAK1\n"
PIECE = 1 << 20
FILE_KEY, CANARY = Place("backup", "file_key"), Place("backup", "canary")
DATABASE, MANIFEST, FILES = "database", "manifest.json", "files/"
#: Never taken along: keys, secrets, logs, and what other programs leave lying about.
LEFT_OUT = ("*.key", "keyring*", "*.lock", "logs", ".*", "*.db", "*.db-*")
ANCHORS = "audit-anchors.jsonl"
#: An installation that holds none of these is empty.
TELLING = ("account", "person", "audit_entry", "area")
REACH = "-c casemgr.low=0 -c casemgr.high=1000000000000 -c casemgr.receiver="


class BadBackup(Exception):
    """The backup cannot be made or used; the message is a Chinese sentence."""


DAMAGED = "备份文件不完整或被改动，没有恢复任何内容。请改用另一份备份，并检查存放备份的介质。"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup must be: rows by table, head of the audit chain, fingerprints, digests of its parts."""

    version: str
    made_at: str
    dialect: str
    schema: str
    rows: dict[str, int]
    seq: int
    mac: str
    keys: list[dict[str, Any]]
    canary: str
    database: dict[str, Any]
    files: list[dict[str, Any]]


# --- the sealed stream ----------------------------------------------------------------------------


class _Pieces:
    """Seals and opens pieces with the file's own key, by number."""

    def __init__(self, key: bytes, algorithm: int, header: bytes) -> None:
        self._key, self._sm4 = key, algorithm == SM4
        self._aad = hashlib.sha256(header).digest()

    @staticmethod
    def _nonce(number: int, last: bool) -> bytes:
        return number.to_bytes(11, "big") + bytes([last])

    def seal(self, number: int, last: bool, plain: bytes) -> bytes:
        """One piece, with its tag at the end."""
        nonce = self._nonce(number, last)
        if not self._sm4:
            return AESGCM(self._key).encrypt(nonce, plain, self._aad)
        encryptor = Cipher(algorithms.SM4(self._key[:16]), modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(self._aad)
        return encryptor.update(plain) + encryptor.finalize() + encryptor.tag

    def open(self, number: int, last: bool, sealed: bytes) -> bytes:
        """The piece again; :class:`BadBackup` when it is not this one."""
        nonce = self._nonce(number, last)
        try:
            if not self._sm4:
                return AESGCM(self._key).decrypt(nonce, sealed, self._aad)
            mode = modes.GCM(nonce, sealed[-TAG:])
            decryptor = Cipher(algorithms.SM4(self._key[:16]), mode).decryptor()
            decryptor.authenticate_additional_data(self._aad)
            plain = decryptor.update(sealed[:-TAG])
            decryptor.finalize()
            return plain
        except (InvalidTag, ValueError):
            raise BadBackup(DAMAGED) from None


class Sealing(io.RawIOBase):
    """A file to write to; what is written leaves it sealed."""

    def __init__(self, out: IO[bytes], vault: Vault) -> None:
        self._out, self._held, self._number = out, bytearray(), 0
        key, name = os.urandom(32), int.from_bytes(os.urandom(7), "big")
        body = {
            "format": 1,
            "key": vault.active_id,
            "algorithm": vault.head[1],
            "name": name,
            "sealed": base64.b64encode(vault.seal_bytes(FILE_KEY, name, key)).decode(),
        }
        header = json.dumps(body).encode()
        self._pieces = _Pieces(key, vault.head[1], header)
        out.write(MAGIC + len(header).to_bytes(4, "big") + header)

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, given: Any) -> int:
        """Take bytes; pieces leave when they are full."""
        self._held += given
        while len(self._held) > PIECE:
            self._leave(bytes(self._held[:PIECE]), last=False)
            del self._held[:PIECE]
        return len(given)

    def _leave(self, plain: bytes, *, last: bool) -> None:
        sealed = self._pieces.seal(self._number, last, plain)
        self._number += 1
        self._out.write(len(sealed).to_bytes(4, "big") + sealed)

    def close(self) -> None:
        """Let the last piece leave."""
        if not self.closed:
            self._leave(bytes(self._held), last=True)
            super().close()


class Opening(io.RawIOBase):
    """A file to read from; what is read was sealed, and is checked before it is handed out."""

    def __init__(self, source: IO[bytes], vault: Vault) -> None:
        self._source, self._held, self._number, self._ended = source, b"", 0, False
        if source.read(len(MAGIC)) != MAGIC:
            raise BadBackup("这不是本程序的备份文件，没有恢复任何内容。请核对文件名。")
        length = int.from_bytes(source.read(4), "big")
        header = source.read(length) if length < PIECE else b""
        try:
            body = json.loads(header)
            sealed, name = base64.b64decode(body["sealed"], validate=True), int(body["name"])
            number, algorithm = int(body["key"]), int(body["algorithm"])
        except (ValueError, KeyError, TypeError):
            raise BadBackup(DAMAGED) from None
        try:
            key = vault.open_bytes(FILE_KEY, name, sealed)
        except (CannotOpen, OverflowError):
            raise BadBackup(
                f"现有的密钥打不开这份备份（备份时用的是第 {number} 号密钥），没有恢复任何内容。"
                "请把与这份备份配套的密钥文件放回原处再试；如果密钥文件没有错，就是备份文件被改动。"
            ) from None
        self._pieces = _Pieces(key, algorithm, header)
        self._next = self._take()

    def _take(self) -> bytes:
        length = int.from_bytes(self._source.read(4), "big")
        if not TAG <= length <= PIECE + TAG:
            raise BadBackup(DAMAGED)
        found = self._source.read(length)
        if len(found) != length:
            raise BadBackup(DAMAGED)
        return found

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, into: Any) -> int:
        """Fill ``into`` with checked bytes; 0 at the end, and only after the last piece was seen."""
        while not self._held and not self._ended:
            self._ended = not self._source.peek(1)  # type: ignore[attr-defined]
            self._held = self._pieces.open(self._number, self._ended, self._next)
            self._number += 1
            if not self._ended:
                self._next = self._take()
        given = self._held[: len(into)]
        into[: len(given)] = given
        self._held = self._held[len(given) :]
        return len(given)


# --- making one -----------------------------------------------------------------------------------


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _part(path: Path, name: str) -> dict[str, Any]:
    return {"name": name, "bytes": path.stat().st_size, "sha256": _digest(path)}


def _beside(instance: Path, ring: Path) -> Iterator[Path]:
    """Every file of the installation that belongs into a backup."""
    for path in sorted(instance.rglob("*")):
        parts = path.relative_to(instance).parts
        if path.is_symlink() or not path.is_file() or path == ring or parts == (ANCHORS,):
            continue
        if not any(Path(part).match(pattern) for part in parts for pattern in LEFT_OUT):
            yield path


def create(out: Path, instance: Path, ring: Path, vault: Vault, version: str, made_at: str) -> Manifest:
    """Write the backup of the current database and installation to ``out``; whole or not at all.

    Everybody goes on working meanwhile: the database is taken as it was at one moment.
    """
    if out.exists():
        raise BadBackup(f"{out} 已经存在，没有覆盖。请换一个文件名，或先移走原来的备份。")
    if not out.parent.is_dir():
        raise BadBackup(f"文件夹 {out.parent} 不存在，没有备份。请先建好，或换一个位置。")
    scratch = _scratch(instance, "backup")
    draft = out.with_name(f".{out.name}.{os.urandom(4).hex()}")
    try:
        # Before the database: an anchor that is newer than its chain would say that entries were lost.
        anchors = scratch / ANCHORS
        if (instance / ANCHORS).is_file():
            shutil.copyfile(instance / ANCHORS, anchors)
        taken = scratch / DATABASE
        facts = _take_sqlite(taken) if db.engine.dialect.name == "sqlite" else _take_postgres(taken)
        parts = [_part(taken, DATABASE)]
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            sealing = Sealing(file, vault)
            with tarfile.open(fileobj=sealing, mode="w|", format=tarfile.PAX_FORMAT) as tar:
                _put(tar, taken, DATABASE)
                taken.unlink()
                beside = [(anchors, ANCHORS)] if anchors.is_file() else []
                beside += [(one, one.relative_to(instance).as_posix()) for one in _beside(instance, ring)]
                for path, name in beside:
                    copy = scratch / "copy"
                    try:
                        shutil.copyfile(path, copy)  # it may be replaced or removed any moment
                    except FileNotFoundError:
                        continue
                    parts.append(_part(copy, name))
                    _put(tar, copy, FILES + name)
                keys = [
                    {"id": key.key_id, "fingerprint": key.fingerprint, "suite": key.suite, "state": key.state}
                    for key in vault.keys()  # noqa: SIM118 - not a dict
                ]
                canary = base64.b64encode(vault.seal_bytes(CANARY, 1, version.encode())).decode()
                manifest = Manifest(
                    version, made_at, db.engine.dialect.name, *facts, keys, canary, parts[0], parts[1:]
                )
                body = json.dumps(asdict(manifest), ensure_ascii=False).encode()
                told = tarfile.TarInfo(MANIFEST)
                told.size, told.mode = len(body), 0o600
                tar.addfile(told, io.BytesIO(body))
            sealing.close()
            file.flush()
            os.fsync(file.fileno())
        draft.replace(out)
        return manifest
    finally:
        draft.unlink(missing_ok=True)
        shutil.rmtree(scratch, ignore_errors=True)


def _scratch(instance: Path, name: str) -> Path:
    folder = instance / f".{name}-{os.urandom(6).hex()}"
    folder.mkdir(mode=0o700)
    return folder


def _put(tar: tarfile.TarFile, path: Path, name: str) -> None:
    told = tarfile.TarInfo(name)
    told.size, told.mode = path.stat().st_size, 0o600
    with path.open("rb") as file:
        tar.addfile(told, file)


Facts = tuple[str, dict[str, int], int, str]


def _facts(ask: Callable[[str], list[Any]], tables: list[str]) -> Facts:
    """(schema revision, rows by table, newest audit entry, its digest)."""
    revision = ask("SELECT version_num FROM alembic_version")
    rows = {name: ask(f'SELECT count(*) FROM "{name}"')[0][0] for name in tables}  # noqa: S608 - own tables
    head = ask("SELECT seq, mac FROM audit_entry ORDER BY seq DESC LIMIT 1")
    seq, mac = (int(head[0][0]), bytes(head[0][1]).hex()) if head else (0, "")
    return str(revision[0][0]) if revision else "", rows, seq, mac


def sqlite_file() -> Path:
    """The file of the current database."""
    return Path(str(db.engine.url.database))


def _sqlite_facts(path: Path) -> Facts:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        named = (
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
        )
        tables = [row[0] for row in connection.execute(named)]
        return _facts(lambda asked: connection.execute(asked).fetchall(), tables)
    except sqlite3.DatabaseError:
        raise BadBackup("数据库还没有建好，没有备份。请先执行 flask db upgrade。") from None
    finally:
        connection.close()


def _take_sqlite(into: Path) -> Facts:
    os.close(os.open(into, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    source, target = sqlite3.connect(sqlite_file(), timeout=30), sqlite3.connect(into)
    try:
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")
    finally:
        target.close()
        source.close()
    return _sqlite_facts(into)


def _tool(name: str) -> str:
    """A program of PostgreSQL, the newest one there is; :class:`BadBackup` when there is none."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: int(one.parent.name))
    for folder in reversed(folders):
        if (folder / name).is_file():
            return str(folder / name)
    found = shutil.which(name)
    if found is None:
        raise BadBackup(
            f"没有找到 {name}，不能处理 PostgreSQL 数据库的备份。"
            "请安装与数据库同版本的 postgresql-client，或在数据库所在的机器上执行。"
        )
    return found


def _postgres(name: str, *arguments: str) -> None:
    url = db.engine.url
    bare = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    # An environment of its own: not the password on the command line, nor settings meant for others.
    environ = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "PGOPTIONS": REACH}
    if url.password:
        environ["PGPASSWORD"] = str(url.password)
    ran = subprocess.run(  # noqa: S603 - a fixed program, no shell
        [_tool(name), "--dbname", bare, *arguments], env=environ, capture_output=True, check=False
    )
    if ran.returncode:
        raise BadBackup(
            f"{name} 没有成功，没有完成。"
            "请检查它的版本不低于数据库服务器，数据库账号有读写全部表的权限，磁盘未满。"
        )


def _postgres_tables(cursor: Any) -> list[str]:
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename")
    return [row[0] for row in cursor.fetchall()]


def _postgres_facts(cursor: Any) -> Facts:
    reach = "SELECT set_config('casemgr.low', '0', true), set_config('casemgr.high', '1000000000000', true)"
    cursor.execute(reach + ", set_config('casemgr.receiver', '', true)")

    def ask(asked: str) -> list[Any]:
        cursor.execute(asked)
        return list(cursor.fetchall())

    return _facts(ask, _postgres_tables(cursor))


def _take_postgres(into: Path) -> Facts:
    connection = db.engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        facts = _postgres_facts(cursor)
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchall()[0]
        _postgres(
            "pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--enable-row-security",
            f"--snapshot={snapshot}", f"--file={into}",
        )  # fmt: skip
        into.chmod(0o600)
    finally:
        connection.rollback()
        connection.close()
    return facts


# --- putting one back -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A backup that was opened and checked against its manifest, in a folder of its own."""

    manifest: Manifest
    folder: Path

    def forget(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


def is_empty() -> bool:
    """Whether nobody and nothing is in the current database yet."""
    if db.engine.dialect.name == "sqlite":
        path = sqlite_file()
        if not path.exists() or not path.stat().st_size:
            return True
        rows = _rows_if_any(_sqlite_facts, path)
    else:
        connection = db.engine.raw_connection()
        try:
            rows = {}
            cursor = connection.cursor()
            tables = _postgres_tables(cursor)
            if "alembic_version" in tables:
                rows = _postgres_facts(cursor)[1]
            elif tables:
                return False
        finally:
            connection.rollback()
            connection.close()
    return not any(rows.get(name) for name in TELLING)


def _rows_if_any(facts: Callable[[Path], Facts], path: Path) -> dict[str, int]:
    try:
        return facts(path)[1]
    except BadBackup:
        return {}


def unpack(source: Path, instance: Path, vault: Vault, known: set[str]) -> Unpacked:
    """Open a backup into a folder of its own and check every part of it; nothing else is touched.

    ``known``: the schema revisions this program can bring up to date. Raises :class:`BadBackup`.
    """
    if not source.is_file():
        raise BadBackup(f"没有找到备份文件 {source}。请核对文件名和位置。")
    folder = _scratch(instance, "restore")
    try:
        with source.open("rb") as file:
            found = _unpack(Opening(file, vault), folder)
        _check_ring(found, vault)
        _check(found, folder, known)
        return Unpacked(found, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _unpack(opening: Opening, folder: Path) -> Manifest:
    stream = io.BufferedReader(opening, PIECE)
    manifest: Manifest | None = None
    try:
        with tarfile.open(fileobj=stream, mode="r|") as tar:
            for told in tar:
                content = tar.extractfile(told)
                if content is None or manifest is not None:
                    raise BadBackup(DAMAGED)
                if told.name == MANIFEST:
                    manifest = Manifest(**json.loads(content.read()))
                    continue
                path = (folder / told.name).resolve()
                if not path.is_relative_to(folder.resolve()):
                    raise BadBackup(DAMAGED)
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                    shutil.copyfileobj(content, out, PIECE)
        while stream.read(PIECE):
            pass  # to the very last piece: a file that was cut off ends here
    except (tarfile.TarError, ValueError, TypeError):
        raise BadBackup(DAMAGED) from None
    if manifest is None:
        raise BadBackup(DAMAGED)
    return manifest


def _check_ring(manifest: Manifest, vault: Vault) -> None:
    mine = {key.key_id: key.fingerprint for key in vault.keys()}  # noqa: SIM118 - not a dict
    for key in manifest.keys:
        if mine.get(key["id"]) != key["fingerprint"]:
            raise BadBackup(
                f"密钥文件里没有备份所用的第 {key['id']} 号密钥（指纹 {key['fingerprint']}），"
                "没有恢复任何内容。"
                "这份备份里的部分内容要用它才能打开。请放回备份当时的密钥文件再试。"
            )
    try:
        fits = vault.open_bytes(CANARY, 1, base64.b64decode(manifest.canary)).decode() == manifest.version
    except (CannotOpen, ValueError):
        fits = False
    if not fits:
        raise BadBackup(DAMAGED)


def _check(manifest: Manifest, folder: Path, known: set[str]) -> None:
    if manifest.dialect != db.engine.dialect.name:
        raise BadBackup(
            f"这份备份来自 {manifest.dialect} 数据库，而这里设置的是 {db.engine.dialect.name}，"
            "没有恢复任何内容。"
            "请按备份时的数据库种类设置 CASEMGR_DATABASE_URL。"
        )
    if manifest.schema not in known:
        raise BadBackup(
            f"这份备份由更新的版本（{manifest.version}）生成，这个版本的程序读不了，没有恢复任何内容。"
            "请先把程序升级到该版本或更高，再恢复。"
        )
    for part in (manifest.database, *({**one, "name": FILES + one["name"]} for one in manifest.files)):
        path = folder / part["name"]
        if not path.is_file() or path.stat().st_size != part["bytes"] or _digest(path) != part["sha256"]:
            raise BadBackup(DAMAGED)
    if manifest.dialect == "sqlite":
        connection = sqlite3.connect(f"file:{folder / DATABASE}?mode=ro", uri=True)
        try:
            sound = connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        except sqlite3.DatabaseError:
            sound = False
        finally:
            connection.close()
        if not sound or _sqlite_facts(folder / DATABASE) != _promised(manifest):
            raise BadBackup(DAMAGED)


def _promised(manifest: Manifest) -> Facts:
    return manifest.schema, manifest.rows, manifest.seq, manifest.mac


def in_the_way(manifest: Manifest, instance: Path) -> list[str]:
    """Names of files that :func:`place` would overwrite: what is left of a lost installation is evidence."""
    return sorted(one["name"] for one in manifest.files if os.path.lexists(instance / one["name"]))


def place(unpacked: Unpacked, instance: Path) -> None:
    """Put a checked backup into its place; only into an empty installation."""
    folder, manifest = unpacked.folder, unpacked.manifest
    if manifest.dialect == "sqlite":
        db.engine.dispose()
        path = sqlite_file()
        for end in ("-wal", "-shm", "-journal"):
            path.with_name(path.name + end).unlink(missing_ok=True)
        os.replace(folder / DATABASE, path)
    else:
        _place_postgres(folder / DATABASE, manifest)
    for one in manifest.files:
        target = instance / one["name"]
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.replace(folder / FILES / one["name"], target)


def _place_postgres(dump: Path, manifest: Manifest) -> None:
    db.engine.dispose()
    _postgres(
        "pg_restore", "--no-owner", "--no-privileges", "--clean", "--if-exists", "--exit-on-error",
        "--single-transaction", str(dump),
    )  # fmt: skip
    connection = db.engine.raw_connection()
    try:
        if _postgres_facts(connection.cursor()) != _promised(manifest):
            raise BadBackup(DAMAGED)
    finally:
        connection.rollback()
        connection.close()
    frozen = (
        "SELECT DISTINCT event_object_table FROM information_schema.triggers "
        "WHERE trigger_schema = current_schema() AND trigger_name LIKE '%%frozen'"
    )
    with db.engine.begin() as changing:
        # Rights are not part of the copy: what only grows must not be changed here either.
        for (table,) in changing.exec_driver_sql(frozen).fetchall():
            # A sealed number of the ledger is sealed anew when keys turn; its trigger keeps the rest.
            rights = "DELETE, TRUNCATE" if table == "ledger_line" else "UPDATE, DELETE, TRUNCATE"
            changing.exec_driver_sql(f'REVOKE {rights} ON "{table}" FROM PUBLIC, CURRENT_USER')


def take_away(unpacked: Unpacked, instance: Path) -> None:
    """Undo :func:`place` after something went wrong: the installation is empty again."""
    if unpacked.manifest.dialect == "sqlite":
        db.engine.dispose()
        path = sqlite_file()
        for end in ("", "-wal", "-shm", "-journal"):
            path.with_name(path.name + end).unlink(missing_ok=True)
    else:
        functions = (
            "SELECT proname FROM pg_proc WHERE pronamespace = current_schema()::regnamespace "
            "AND proname LIKE '%%frozen'"
        )
        with db.engine.begin() as changing:
            for table in _postgres_tables(changing.connection.cursor()):
                changing.exec_driver_sql(f'DROP TABLE IF EXISTS "{table}" CASCADE')
            for (function,) in changing.exec_driver_sql(functions).fetchall():
                changing.exec_driver_sql(f'DROP FUNCTION "{function}" CASCADE')
    for one in unpacked.manifest.files:
        (instance / one["name"]).unlink(missing_ok=True)
