"""Settings: all faults at once, unsafe keys refused, nothing guessed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from casemgr.store.vault import new_key, write_ring
from config import BadConfig, from_env, weak

GOOD = "0123456789abcdefghijklmnopqrstuvwxyz"


def environ(folder: Path, **more: str) -> dict[str, str]:
    ring = folder / "keyring.json"
    if not ring.exists():
        write_ring(ring, [new_key(1)])
    return {"CASEMGR_INSTANCE": str(folder), "CASEMGR_SECRET_KEY": GOOD, **more}


def test_defaults_lie_in_the_instance_folder(tmp_path: Path) -> None:
    config = from_env(environ(tmp_path))
    assert config.database_url == f"sqlite:///{tmp_path / 'casemgr.db'}"
    assert config.keyring == tmp_path / "keyring.json"
    assert (config.cipher, config.demo, config.today, config.port) == ("aes", False, None, 8000)
    with pytest.raises(AttributeError):
        config.port = 1  # type: ignore[misc]


def test_everything_wrong_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadConfig) as caught:
        from_env(
            {
                "CASEMGR_INSTANCE": str(tmp_path),
                "CASEMGR_CIPHER": "des",
                "CASEMGR_PORT": "0",
                "CASEMGR_TODAY": "31.10.2026",
            }
        )
    assert len(caught.value.faults) == 6
    for word in ("CASEMGR_KEYRING", "CASEMGR_SECRET_KEY", "CASEMGR_CIPHER", "CASEMGR_PORT", "CASEMGR_TODAY"):
        assert word in str(caught.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_ring_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    settings = environ(tmp_path)
    (tmp_path / "keyring.json").chmod(mode)
    with pytest.raises(BadConfig, match="其他用户"):
        from_env(settings)


def test_a_key_ring_behind_a_link_is_refused(tmp_path: Path) -> None:
    settings = environ(tmp_path)
    link = tmp_path / "link.json"
    link.symlink_to(tmp_path / "keyring.json")
    with pytest.raises(BadConfig, match="符号链接"):
        from_env({**settings, "CASEMGR_KEYRING": str(link)})


@pytest.mark.parametrize("secret", ["", "short", "a" * 64])
def test_a_weak_session_key_is_refused(tmp_path: Path, secret: str) -> None:
    with pytest.raises(BadConfig, match="SECRET_KEY"):
        from_env({**environ(tmp_path), "CASEMGR_SECRET_KEY": secret})


def test_the_session_key_may_lie_in_a_file_of_its_own(tmp_path: Path) -> None:
    settings = environ(tmp_path)
    del settings["CASEMGR_SECRET_KEY"]
    file = tmp_path / "secret.key"
    file.write_text(GOOD)
    file.chmod(0o644)
    with pytest.raises(BadConfig, match="其他用户"):
        from_env(settings)
    file.chmod(0o600)
    assert from_env(settings).secret_key == GOOD


def test_a_fixed_day_is_for_demonstrations_only(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="CASEMGR_DEMO"):
        from_env(environ(tmp_path, CASEMGR_TODAY="2026-10-31"))
    config = from_env(environ(tmp_path, CASEMGR_TODAY="2026-10-31", CASEMGR_DEMO="1"))
    assert config.today == date(2026, 10, 31)


def test_the_postgresql_driver_is_named(tmp_path: Path) -> None:
    for short in ("postgres://u@h/d", "postgresql://u@h/d"):
        config = from_env(environ(tmp_path, CASEMGR_DATABASE_URL=short))
        assert config.database_url == "postgresql+psycopg://u@h/d"


def test_weak_material() -> None:
    assert weak("????")
    assert weak("QUJD")
    assert weak("QUFB" * 16)


@pytest.mark.parametrize(("told", "days"), [("", 14), ("0", 0), ("30", 30), ("off", None)])
def test_the_days_without_a_second_factor_are_a_choice(tmp_path: Path, told: str, days: int | None) -> None:
    assert from_env(environ(tmp_path, CASEMGR_SECOND_FACTOR_DAYS=told)).factor_days == days


@pytest.mark.parametrize("told", ["-1", "never", "14 天", "99999", "１４"])
def test_other_words_for_them_are_refused(tmp_path: Path, told: str) -> None:
    with pytest.raises(BadConfig, match="CASEMGR_SECOND_FACTOR_DAYS"):
        from_env(environ(tmp_path, CASEMGR_SECOND_FACTOR_DAYS=told))
