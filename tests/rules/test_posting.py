"""公示核对: a posting says how many and how much, and nothing that could lead to a person."""

from __future__ import annotations

import pytest

from casemgr.rules.posting import leaks

SOUND = "示例县2026年第4季度监护补助发放情况公示：发放 27 人，金额合计 16200 元。\n"


def test_two_figures_pass() -> None:
    assert leaks(SOUND, ["张某"]) == ()
    assert leaks("示例县监护补助发放情况公示：发放 1053 人，金额合计 7200000 元。") == ()


@pytest.mark.parametrize(
    "more",
    [
        "999901195001010011",
        "９９９９０１１９５００１０１００１１",
        "9999 0119 5001 0100 1X",
        "6222 0000 1111 2222",
        "10012345678",
        "0550-1234567",
        "领取人：欧阳甲、诸葛乙等",
        "其中张三",
        "精神障碍患者",
        "3级危险性评估",
    ],
)
def test_what_could_lead_to_a_person_is_found(more: str) -> None:
    assert leaks(SOUND + more, ["张三"])
    assert not any(more in kind for kind in leaks(SOUND + more, ["张三"]))
