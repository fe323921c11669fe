"""县级说明书数据: every figure by its key, laid over one by one; nothing contradicts on any day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from casemgr.rules.injection import Given, Role, Status, advise
from casemgr.rules.injection_label import document, labels, read
from casemgr.rules.injection_overlay import Laid, contradicts, figures, label, lay, line_of, read_value

LINES: list[dict[str, Any]] = document()["products"]
LAST = date(2025, 6, 10)


def laid(**told: str) -> Laid:
    return Laid(
        {key.replace("__", "."): text for key, text in told.items()}, "示例说明书", date(2025, 1, 1), True
    )


def by_key(product: str) -> dict[str, Any]:
    return {one.key: one for one in figures(line_of(product) or {})}


def test_figures_have_keys_of_their_own_and_their_ground() -> None:
    for line in LINES:
        found = figures(line)
        assert len({one.key for one in found}) == len(found)
        assert not contradicts(read(line)), line["id"]
    pp1m = by_key("PP1M")
    assert (pp1m["phase.MAINT.late"].value, pp1m["phase.MAINT.late"].unit) == ("7", "天")
    assert pp1m["phase.REINIT2.late"].ground.verified is False
    assert by_key("FLUD")["allowed.1"].value == "28"


def test_what_a_county_lays_over_holds_and_the_rest_stays() -> None:
    made = label("PP1M", laid(phase__MAINT__late="5"), "县")
    given = [Given(LAST, Role.MAINT)]
    assert advise(made, given, LAST).window_close == date(2025, 7, 15)
    assert advise("PP1M", given, LAST).window_close == date(2025, 7, 17)
    assert advise(made, given, date(2025, 8, 1)).rule == "PP1M-M-B"
    assert "示例说明书" in advise(made, given, LAST).guidance
    assert made is label("PP1M", laid(phase__MAINT__late="5"), "县")


def test_a_figure_is_verified_only_when_it_was_checked_and_nothing_unverified_is_beside_it() -> None:
    line = line_of("RLAI") or {}
    late = lay(line, laid(phase__MAINT__late="2"))["phases"][0]
    assert (late["verified"], late["sources"][0]) == (False, "示例说明书")
    keys = [one.key for one in figures(line) if one.key.startswith("phase.")]
    whole = laid(**{key.replace(".", "__"): by_key("RLAI")[key].value for key in keys})
    assert lay(line, whole)["phases"][0]["verified"] is True
    unchecked = Laid(whole.figures, whole.source, whole.labelled_on, False)
    assert lay(line, unchecked)["phases"][0]["verified"] is False
    assert line == line_of("RLAI")


def test_a_product_shipped_disabled_is_enabled_by_its_county_alone() -> None:
    given = [Given(LAST, Role.MAINT)]
    assert advise("PP6M", given, LAST + timedelta(180)).rule == "GEN-DISABLED"
    made = label("PP6M", laid(phase__MAINT__late="10"), "县")
    assert advise(made, given, date(2025, 12, 20)).status is Status.IN_WINDOW
    assert not labels()["PP6M"].enabled


@pytest.mark.parametrize(
    ("product", "told", "wrong"),
    [
        ("PP1M", {"phase.MAINT.late": "10"}, False),  # the first row simply begins later
        ("PP1M", {"row.PP1M-M-B.days": "300"}, True),  # beyond the row that follows
        ("PP6M", {"phase.MAINT.late": "300"}, True),
        ("FLUD", {"allowed.0": "30"}, True),
        ("ARI400", {"phase.MAINT.opens": "24"}, False),
    ],
)
def test_two_rules_for_one_day_are_noticed(product: str, told: dict[str, str], wrong: bool) -> None:
    made = label(product, Laid(told, "示例说明书", date(2025, 1, 1), True), "县")
    assert contradicts(made) is wrong


@pytest.mark.parametrize(
    ("product", "key", "text", "value"),
    [
        ("PP1M", "phase.MAINT.late", "9", 9),
        ("PP1M", "phase.MAINT.late", "-1", None),
        ("PP1M", "phase.MAINT.late", "七", None),
        ("PP1M", "phase.MAINT.late", "401", None),
        ("PP1M", "phase.MAINT.late", "000000999999", None),
        ("PP1M", "phase.MAINT.late", "0" * 6 + "9" * 5000, None),
        ("PP1M", "phase.MAINT.late", "0", 0),
        ("PENF", "phase.MAINT.due.0", "0", None),
        ("PENF", "phase.MAINT.due.0", "7", 7),
        ("FLUPD", "allowed.0", "0", None),
        ("PP1M", "strengths", "25、37.5", [25.0, 37.5]),
        ("PP1M", "strengths", "0", None),
        ("PP1M", "maximum", "100、150", None),
        ("RLAI", "cold_chain", "是", True),
        ("RLAI", "cold_chain", "有", None),
        ("PP1M", "row.PP1M-M-A.text", "按说明书", "按说明书"),
        ("PP1M", "row.PP1M-M-A.text", "长" * 301, None),
    ],
)
def test_typed_figures(product: str, key: str, text: str, value: Any) -> None:
    figure = by_key(product)[key]
    if value is None:
        with pytest.raises(ValueError, match="请"):
            read_value(figure, text)
    else:
        assert read_value(figure, text) == value
