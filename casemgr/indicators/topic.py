"""未计入原因: why people do not count, as codes over columns; the words explanations are filed under.

The words for one person come from the judgements; a month close keeps a code per person and judgement, so
that a closed month can say for ever how many failed by which reason. A test holds the two against each other
over a thousand random months.
"""

from __future__ import annotations

import json
import sys
import zlib
from array import array
from dataclasses import dataclass

import polars as pl

from casemgr.indicators.catalogue import BY_KEY, MEASURES
from casemgr.indicators.packed import EFFORT, Verdicts
from casemgr.indicators.sets import SETS
from casemgr.terms.medication import Adherence
from casemgr.terms.risk import Stability

FORMAT = 1
#: Bits for one code; a number of 63 bits holds those of a person.
BITS = 4
#: Where nobody counts for whom nothing was kept.
UNKNOWN = "未记载原因"

#: A reason and when it holds; the first that holds is said, the last one holds in any other case.
Topics = tuple[tuple[str, pl.Expr], ...]
ALWAYS = pl.lit(value=True)


def _is(column: str, code: int) -> pl.Expr:
    return (pl.col(column) == code).fill_null(value=False)


def _had(column: str, *codes: Adherence) -> Topics:
    return tuple((f"有的随访记录为“{one.label}”", _is(column, int(one))) for one in codes)


_REFUSED: Topics = (("不同意参加社区管理", pl.col("refused")),)
_UNMANAGED: Topics = (
    *_REFUSED,
    ("有随访，但都是失访记录或没有填完整", pl.col("visits") > 0),
    ("本年度没有随访", ALWAYS),
)
#: The gap began with a visit, not with the year or the file.
_VISITED = (
    (pl.col("gap_from") == pl.col("first_visit")).fill_null(value=False)
    | (pl.col("gap_from") == pl.col("last_visit")).fill_null(value=False)
    | (pl.col("gap_from") != pl.col("start")).fill_null(value=False)
)
_GAP = pl.col("gap_days").is_not_null()
_TOO_LONG: Topics = (
    *(
        (f"两次随访的间隔超过上限（上次分类：{one.label}）", _GAP & _VISITED & _is("gap_class", int(one)))
        for one in Stability
    ),
    ("两次随访的间隔超过上限（上次分类：未分类）", _GAP & _VISITED),
    ("年初或建档后的首次随访过晚", _GAP),
)
_INTERVALS: Topics = (*_REFUSED, *_TOO_LONG, *_UNMANAGED[1:])
_BY_NUMBER: Topics = (
    *_REFUSED,
    ("完整随访的次数不足", pl.col("complete_visits") > 0),
    *_UNMANAGED[1:],
)
_UNTOLD = ("未评估：没有填写用药依从性", pl.col("adherence_visits") == 0)
_LAST: Topics = (
    ("未评估：没有填写用药依从性", pl.col("last_adherence").is_null()),
    *((f"末次随访记录为“{one.label}”", _is("last_adherence", int(one))) for one in Adherence),
)
_CLASS: Topics = (
    ("未评估：没有填随访分类", pl.col("last_class").is_null()),
    *((f"末次随访分类为“{one.label}”", _is("last_class", int(one))) for one in Stability),
)
_SESSIONS: Topics = (("康复活动的次数不足", pl.col("sessions") > 0), ("没有有效的康复活动", ALWAYS))

#: Judgement → its reasons. Whoever is judged and does not count has exactly one.
TOPICS: dict[str, Topics] = {
    "REGISTERED": (),
    "MAN": _UNMANAGED,
    "STD-INT": _INTERVALS,
    "STD-3M": (
        *_REFUSED,
        (
            "有的季度没有完整随访",
            (pl.col("quarters_seen") & pl.col("quarters_required")) != pl.col("quarters_required"),
        ),
        *_UNMANAGED[1:],
    ),
    "STD-4": _BY_NUMBER,
    "STD-PRO": _BY_NUMBER,
    "STD-GW": (
        *_REFUSED,
        (
            "有的随访没有评估危险性",
            ~_GAP & (pl.col("complete_visits") > pl.col("risk_visits")),
        ),
        *_INTERVALS[1:],
    ),
    "OFFENCE": (("没有肇事、肇祸记录（期望的结果）", ALWAYS),),
    "LOST": (("没有失访（期望的结果）", ALWAYS),),
    "FACE": (
        *_REFUSED,
        ("只有电话随访，或没有见到患者本人", pl.col("complete_visits") > 0),
        *_UNMANAGED[1:],
    ),
    "MED-YEAR-TAKING": (
        ("本年度随访记录均为“不用药”或“医嘱勿需用药”", pl.col("adherence_visits") > 0),
        ("本年度没有填写用药依从性的随访", ALWAYS),
    ),
    "MED-YEAR-REGULAR": (
        _UNTOLD,
        *_had("first_not_regular", Adherence.IRREGULAR, Adherence.NONE, Adherence.NOT_NEEDED),
    ),
    "MED-YEAR-AS-ORDERED": (_UNTOLD, *_had("lapse", Adherence.IRREGULAR, Adherence.NONE)),
    "MED-LAST-TAKING": _LAST,
    "MED-LAST-REGULAR": _LAST,
    "MED-QUARTER-TAKING": (("本年度没有规律用药、间断用药或正在住院的随访记录", ALWAYS),),
    "MED-QUARTER-REGULAR": (
        *_had("lapse", Adherence.IRREGULAR, Adherence.NONE),
        (
            "有的季度没有规律用药的随访记录",
            (pl.col("quarters_medicated") & pl.col("quarters_required")) != pl.col("quarters_required"),
        ),
        ("还没有规律用药的随访记录", ALWAYS),
    ),
    "LAST-STABLE": _CLASS,
    "LAST-STABLE-OR-BASIC": _CLASS,
    "ALWAYS-STABLE": (("有的随访分类不是“稳定”", ALWAYS),),
    "CHECKED": (("本年度没有健康体检", ALWAYS),),
    **dict.fromkeys(("N1", "N4", "N12"), _SESSIONS),
    "SUPPORTED": (("没有对患者的心理疏导记录", ALWAYS),),
    "FAMILY-SUPPORTED": (("没有对家属的心理疏导记录", ALWAYS),),
}
#: The lists with more than one reason, each once: judgements may share one, and a sole reason needs no code.
CODED: tuple[Topics, ...] = tuple({id(one): one for one in TOPICS.values() if len(one) > 1}.values())
#: Judgement → which of the coded lists is its own, or that its sole reason needs none.
SOLE = -1
PLACES = {
    judgement: next((place for place, one in enumerate(CODED) if one is topics), SOLE)
    for judgement, topics in TOPICS.items()
    if topics
}
#: The column that holds the codes of a person.
WORD = "why"


def code(topics: Topics) -> pl.Expr:
    """Which of some reasons holds for a judged row, from 1 on; of those who count it says nothing."""
    found = pl.lit(0, pl.Int8)
    for number, (_, holds) in reversed(list(enumerate(topics, 1))):
        found = pl.when(holds).then(pl.lit(number, pl.Int8)).otherwise(found)
    return found


def word() -> pl.Expr:
    """The codes of all lists of reasons of a judged row, in one number."""
    return pl.sum_horizontal(
        code(topics).cast(pl.Int64) * (1 << BITS * place) for place, topics in enumerate(CODED)
    ).alias(WORD)


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why the people of a pack of verdicts did not count; rows in the same order as there.

    ``of`` is the judgement of each key, ``topics`` its reasons as they were called when it was packed,
    ``places`` where its code stands in a word.
    """

    of: dict[str, str]
    topics: dict[str, tuple[str, ...]]
    places: dict[str, int]
    words: tuple[int, ...]

    def missing(self, verdicts: Verdicts, key: str) -> dict[int, str]:
        """Case → why it was asked about and did not count."""
        bit = 1 << verdicts.keys.index(key)
        judgement = self.of.get(key, "")
        topics = self.topics.get(judgement, ())
        place = self.places.get(judgement, SOLE)
        names = (UNKNOWN, *topics)
        sole = topics[0] if len(topics) == 1 else UNKNOWN
        shift, most = BITS * max(place, 0), (1 << BITS) - 1

        def named(word: int) -> str:
            number = word >> shift & most
            return names[number] if number < len(names) else UNKNOWN

        return {
            case: sole if place == SOLE else named(word)
            for case, asked, counted, word in zip(
                verdicts.cases, verdicts.asked, verdicts.counted, self.words, strict=True
            )
            if asked & bit and not counted & bit
        }


def unasked(verdicts: Verdicts, key: str, registered: str) -> dict[int, str]:
    """Case → why it was on the register (asked about by ``registered``) and not asked about by a figure."""
    own, all_ = (1 << verdicts.keys.index(one) for one in (key, registered))
    topic = SETS[BY_KEY[key].base].beside
    return {
        case: topic
        for case, asked in zip(verdicts.cases, verdicts.asked, strict=True)
        if asked & all_ and not asked & own
    }


def pack(rows: pl.DataFrame) -> bytes:
    """The reasons of the rows of one township, in their order, as bytes."""
    header = json.dumps(
        {
            "format": FORMAT,
            "of": {one.key: one.judgement for one in MEASURES},
            "topics": {one: [topic for topic, _ in TOPICS[one]] for one in PLACES},
            "places": PLACES,
        }
    ).encode()
    words = array("q", rows[WORD].to_list())
    if sys.byteorder == "big":
        words.byteswap()
    return zlib.compress(len(header).to_bytes(4, "little") + header + words.tobytes(), EFFORT)


def unpack(packed: bytes) -> Reasons:
    """What :func:`pack` has packed; ``ValueError`` if it was something else."""
    try:
        plain = zlib.decompress(packed)
        start = 4 + int.from_bytes(plain[:4], "little")
        header = json.loads(plain[4:start])
        words = array("q", plain[start:])
        if header["format"] != FORMAT:
            raise ValueError("another format")
        topics = {one: tuple(names) for one, names in header["topics"].items()}
        of, places = dict(header["of"]), dict(header["places"])
    except (zlib.error, ValueError, KeyError, TypeError) as wrong:
        raise ValueError("these are no packed reasons") from wrong
    if sys.byteorder == "big":
        words.byteswap()
    return Reasons(of, topics, places, tuple(words))
