"""未计入原因: a pack keeps its own words, fits into its bits, and is known from what is none."""

from __future__ import annotations

import json
import zlib

import pytest

from casemgr.indicators import topic
from casemgr.indicators.catalogue import MEASURES
from casemgr.indicators.count import judged
from casemgr.indicators.judgement import Basis
from casemgr.indicators.packed import Verdicts, masks, pack, unpack
from casemgr.indicators.period import Period
from casemgr.rules import policy
from tests.indicators.county import county

KEY = "IND-03.STD-INT"


def packed() -> tuple[Verdicts, bytes]:
    """The sample county's October as a closing keeps it."""
    period = Period.of_month("2026-10")
    under = Basis(period, policy.in_force_on(period.end))
    rows = masks(judged(county(), period, under.policy), topic.word()).collect()
    return unpack(pack(rows)), topic.pack(rows)


def test_every_judgement_has_reasons_that_fit_into_their_bits() -> None:
    assert {one.judgement for one in MEASURES} == topic.TOPICS.keys()
    assert len(topic.CODED) * topic.BITS < 63
    for judgement, topics in topic.TOPICS.items():
        assert len(topics) < 1 << topic.BITS, judgement
        assert len({name for name, _ in topics}) == len(topics), judgement


def test_the_same_rows_give_the_same_bytes_and_every_missing_person_a_reason() -> None:
    verdicts, blob = packed()
    assert packed()[1] == blob
    reasons = topic.unpack(blob)
    for measure in MEASURES:
        told = reasons.missing(verdicts, measure.key)
        assert told.keys() == verdicts.people(measure.key, "missing")
        assert topic.UNKNOWN not in told.values(), measure.key


def test_a_pack_keeps_the_words_it_was_made_with(monkeypatch: pytest.MonkeyPatch) -> None:
    verdicts, blob = packed()
    before = topic.unpack(blob).missing(verdicts, KEY)
    # A later version calls its reasons otherwise, has others first, and knows more judgements.
    monkeypatch.setattr(topic, "TOPICS", {"NEW": (("新的原因", topic.ALWAYS),)})
    monkeypatch.setattr(topic, "PLACES", {"NEW": topic.SOLE})
    assert topic.unpack(blob).missing(verdicts, KEY) == before
    assert set(topic.unpack(blob).missing(verdicts, "IND-11").values()) == {"本年度没有健康体检"}


def _made(header: object) -> bytes:
    text = json.dumps(header).encode()
    return zlib.compress(len(text).to_bytes(4, "little") + text)


@pytest.mark.parametrize(
    "blob", [b"", b"nothing", zlib.compress(b"\0\0"), _made({"format": 9}), _made([1]), _made({"format": 1})]
)
def test_what_is_no_pack_is_said_to_be_none(blob: bytes) -> None:
    with pytest.raises(ValueError, match="no packed reasons"):
        topic.unpack(blob)
