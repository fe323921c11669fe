"""公示核对: whether a text for public posting holds anything that could lead to a person."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

#: Digits as identity numbers, bank accounts and telephones have them; figures of a posting are shorter.
LONG_NUMBER = re.compile(r"(?:\d[\s-]?){8,}[\dXx]?")
PHONE = re.compile(r"(?<!\d)(?:1\d{10}|0\d{2,3}[\s-]?\d{7,8}|400[\s-]?\d{3}[\s-]?\d{4})(?!\d)")
#: Whoever reads the posting must not learn what the people have in common.
TELLING = ("精神", "障碍", "患者", "疾病", "病人", "危险性", "肇事", "诊断")
#: "张三等" or "李四，王五": a family name and one or two characters standing alone between marks.
ALONE = re.compile(r"(?:^|[，、；：\s])([\u4e00-\u9fff]{2,4})(?=等|[，、；\s]|$)")
#: Words of the fixed template that stand alone as well.
PLAIN = frozenset({"合计", "人民币", "监护补助", "公示", "本季度", "特此公示"})


def leaks(text: str, names: Iterable[str] = ()) -> tuple[str, ...]:
    """What in ``text`` may not be posted: kinds of finding, never the words themselves."""
    folded = unicodedata.normalize("NFKC", text)
    found = []
    if LONG_NUMBER.search(folded):
        found.append("像证件号码或账号的长数字")
    if PHONE.search(folded):
        found.append("像电话的号码")
    if any(name and name in folded for name in names):
        found.append("人员姓名")
    elif any(word not in PLAIN for word in ALONE.findall(folded)):
        found.append("像姓名的词")
    if any(word in folded for word in TELLING):
        found.append("说明病情或类别的词")
    return tuple(found)
