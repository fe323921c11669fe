"""注射核对: the flag cases as a table."""

from __future__ import annotations

from datetime import date

import pytest

from casemgr.rules.injection import Given, Level, Role, Site, advise
from casemgr.rules.injection_check import Person, Planned, check
from casemgr.rules.injection_course import Flag
from casemgr.rules.injection_label import labels

DAY = date(2025, 6, 10)
FINE = Person(born=date(1980, 1, 1), pregnant=False, clearance=95, tolerated=frozenset({"risperidone"}))


def months(*doses_mg: int) -> tuple[Given, ...]:
    """Monthly doses of PP1M, the last one month before DAY."""
    count = len(doses_mg)
    return tuple(Given(date(2025, 6 - count + n, 10), Role.MAINT, mg * 1000) for n, mg in enumerate(doses_mg))


def weights(flags: tuple[Flag, ...]) -> dict[str, Level]:
    return {one.code: one.level for one in flags}


@pytest.mark.parametrize(
    ("name", "product", "planned", "doses", "person", "flags"),
    [
        (
            "F01",
            "PP1M",
            Planned(date(2025, 3, 8), Role.INIT2, 100_000, Site.GLUTEAL),
            [Given(date(2025, 3, 1), Role.INIT1, 150_000)],
            FINE,
            {"V3": Level.WARN},
        ),
        (
            "F02",
            "PP1M",
            Planned(DAY, Role.INIT1),
            [],
            Person(clearance=62, tolerated=FINE.tolerated),
            {"V7": Level.WARN},
        ),
        (
            "F03",
            "PP1M",
            Planned(DAY, Role.INIT1),
            [],
            Person(clearance=45, tolerated=FINE.tolerated),
            {"V7": Level.STOP},
        ),
        (
            "F04",
            "PP3M",
            Planned(DAY, origin="PP1M", before=months(100, 100, 100)),
            [],
            FINE,
            {"V6": Level.STOP},
        ),
        (
            "F05",
            "PP3M",
            Planned(DAY, origin="PP1M", before=months(100, 100, 100, 75, 100)),
            [],
            FINE,
            {"V6": Level.STOP},
        ),
        (
            "F05 same doses",
            "PP3M",
            Planned(DAY, origin="PP1M", before=months(75, 100, 100, 100)),
            [],
            FINE,
            {},
        ),
        (
            "F08",
            "ARI400",
            Planned(date(2025, 3, 25)),
            [Given(date(2025, 3, 1), Role.MAINT)],
            FINE,
            {"V4": Level.STOP},
        ),
        (
            "F08 day 26",
            "ARI400",
            Planned(date(2025, 3, 27)),
            [Given(date(2025, 3, 1), Role.MAINT)],
            FINE,
            {},
        ),
        ("F09", "PP1M", Planned(date(2025, 6, 28)), [Given(DAY, Role.MAINT)], FINE, {"V4": Level.WARN}),
        (
            "F12",
            "PP1M",
            Planned(DAY, Role.INIT1),
            [],
            Person(born=date(2008, 6, 11), tolerated=FINE.tolerated),
            {"V8": Level.WARN},
        ),
        ("F13", "PP1M", Planned(DAY, Role.INIT1), [], Person(), {"V6": Level.STOP}),
        ("nothing", "PP1M", Planned(DAY, Role.INIT1, 150_000, Site.DELTOID), [], FINE, {}),
        ("V5", "PP1M", Planned(DAY, Role.INIT1, 110_000), [], FINE, {"V5": Level.WARN}),
        ("V5 most", "RLAI2", Planned(DAY, dose_ug=75_000, cold_recorded=True), [], FINE, {"V5": Level.WARN}),
        ("V9", "RLAI2", Planned(DAY), [], FINE, {"V9": Level.WARN}),
        (
            "V10",
            "OLAN_PAM",
            Planned(DAY),
            [],
            Person(tolerated=frozenset({"olanzapine"})),
            {"V10": Level.INFO},
        ),
        (
            "V11",
            "PP1M",
            Planned(DAY),
            [],
            Person(tolerated=FINE.tolerated, refer=("急性发作",)),
            {"V11": Level.WARN},
        ),
        (
            "V8 elder",
            "HALD",
            Planned(DAY),
            [],
            Person(born=date(1955, 1, 1), tolerated=frozenset({"haloperidol"})),
            {"V8": Level.WARN},
        ),
        (
            "V8 pregnant",
            "HALD",
            Planned(DAY),
            [],
            Person(pregnant=True, tolerated=frozenset({"haloperidol"})),
            {"V8": Level.WARN},
        ),
        (
            "V1",
            "PENF",
            Planned(DAY),
            [],
            Person(born=date(2025, 6, 11)),
            {"V1": Level.ERROR, "V8": Level.WARN},
        ),
        ("V2", "FLUD", Planned(DAY), [Given(date(2025, 5, 20))], FINE, {"V2": Level.ERROR}),
        (
            "PP6M arm",
            "PP6M",
            Planned(DAY, Role.MAINT, site=Site.DELTOID),
            [Given(date(2024, 12, 10), Role.MAINT)],
            FINE,
            {"V3": Level.WARN},
        ),
    ],
)
def test_flag_case(
    name: str, product: str, planned: Planned, doses: list[Given], person: Person, flags: dict[str, Level]
) -> None:
    found = check(labels()[product], planned, doses, person)
    assert weights(found) == flags, name
    assert all(one.text and "{" not in one.text for one in found)


def test_words_of_the_flags() -> None:
    kidney = check(labels()["PP1M"], Planned(DAY, Role.INIT1), (), Person(clearance=62))
    text = next(one.text for one in kidney if one.code == "V7")
    assert "100 mg" in text and "75 mg" in text and "50 mg/月" in text
    first = check(labels()["PP1M"], Planned(DAY, Role.INIT1))
    assert "帕利哌酮缓释片6 mg/日、4–6天" in first[0].text
    early = check(labels()["ARI400"], Planned(date(2025, 3, 25)), [Given(date(2025, 3, 1))], FINE)
    assert any("第26天" in one.text and "2025-03-27" in one.text for one in early)


def test_flags_of_advice() -> None:
    f06 = advise("PP3M", [Given(date(2025, 1, 10), Role.MAINT, 525_000)], date(2025, 6, 10))
    assert "100 / 100 / 525 mg" in f06.guidance
    f07 = advise("PP1M", [Given(date(2025, 6, 10), Role.MAINT, 150_000)], date(2025, 8, 1))
    assert "100 / 100 / 150 mg" in f07.guidance
    f10 = [Given(date(2025, 1, 10), Role.MAINT), Given(date(2025, 2, 16)), Given(date(2025, 3, 22))]
    assert "GEN-DRIFT" in weights(advise("PP1M", f10, date(2025, 3, 22)).flags)
    site = advise("PP1M", [Given(date(2025, 6, 10), Role.INIT1, 150_000, Site.GLUTEAL)], date(2025, 6, 11))
    assert "V3" in weights(site.flags)


def test_what_is_not_known_raises_nothing() -> None:
    found = check(labels()["HALD"], Planned(DAY), [Given(date(2025, 5, 13), Role.MAINT)], Person())
    assert found == ()
