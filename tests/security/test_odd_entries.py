"""怪填写: what nobody should type, and what comes twice, never breaks a page of the doctor's day."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from casemgr.store.db import new_key
from casemgr.terms.clue import ClueSource
from tests.security.conftest import Browser, World

#: Keys of rows to be that no database holds, some of which hide behind zeros.
NO_KEYS = ("9" * 25, "0" * 19 + "1" + "9" * 60, "0" * 19 + "1" + "9" * 5_000, "-1", "٣", "１")
FORMS = (
    "/clues/new",
    "/notices/new/onset",
    "/register/new",
    "/case/{}/incident?route=self",
    "/case/{}/lock-up",
    "/case/{}/emergency",
    "/case/{}/referral",
    "/case/{}/rehab/new",
    "/case/{}/attempt",
)


@pytest.mark.parametrize("form", FORMS)
def test_a_key_that_no_form_has_made_is_refused_in_words(
    site: Flask, world: World, browser: Callable[[str], Browser], form: str
) -> None:
    doctor, path = browser("east"), form.format(world.people["east"].case)
    found = [doctor.post(path, once=key, village=key, clue=key, notice=key).status_code for key in NO_KEYS]
    assert [one for one in found if one != 422] == []


@pytest.mark.parametrize("key", NO_KEYS)
def test_a_draft_with_such_a_key_is_taken_up_again(
    site: Flask, world: World, browser: Callable[[str], Browser], key: str
) -> None:
    doctor, once = browser("east"), str(new_key())
    assert doctor.post("/register/draft", once=once, name="钱试验", clue=key, notice=key).status_code < 400
    page = doctor.get("/register/new", draft=once)
    assert page.status_code == 200
    assert "钱试验" in page.get_data(as_text=True)
    assert browser("officer").get("/register/new", draft=once).status_code == 404


@pytest.mark.parametrize("number", ["1", "二", "x" * 2_000, "9999-12-31", "\u202e99990119900101700X"])
def test_a_number_that_is_none_comes_back_with_the_form(
    site: Flask, world: World, browser: Callable[[str], Browser], number: str
) -> None:
    doctor, case = browser("east"), world.people["east"].case
    typed = {"name": "单于东一", "sex": "1", "diagnosis": "1", "registered_on": "2020-01-01"}
    for path in (f"/case/{case}/edit", "/register/new"):
        answer = doctor.post(path, id_number=number, reason="更正", once=str(new_key()), **typed)
        assert answer.status_code == 422
        assert "证件号码" in answer.get_data(as_text=True)


UNSEEN = "\u202e钱\u200b试\x01\x0b\ufeff验\u2066\ufffe\x85"


def test_what_nobody_sees_is_not_kept_in_a_name(
    site: Flask, world: World, browser: Callable[[str], Browser]
) -> None:
    """Pasted marks would hide a double from every search and turn the order of what is read."""
    doctor = browser("east")
    clue = {
        "name": UNSEEN,
        "source": str(int(ClueSource.POLICE)),
        "found_on": "2026-11-02",
        "note": f"一\n{UNSEEN}",
    }
    made = doctor.post("/clues/new", once=str(new_key()), **clue).headers["Location"]
    page = doctor.post(made, purpose="1").get_data(as_text=True)
    assert "钱试验" in page
    assert "一\n钱试验" in page.replace("\r", "")
    assert not any(mark in page for mark in UNSEEN if mark not in "钱试验")
    empty = doctor.post("/clues/new", once=str(new_key()), **{**clue, "name": "\u3000\u200b\ufeff"})
    assert empty.status_code == 422
