"""一人一号: whether two accounts belong to one person, asked before a second person decides (同一人).

A register of accounts knows nobody's face. What it has: a staff number (工号) and a telephone, both given
when the account is made, and the name. The number decides where both accounts have one; otherwise an equal
name or telephone counts as one person, and whoever is really somebody else is told apart by staff numbers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from casemgr.rules.access import KEEPERS
from casemgr.services.errors import Refused, Unfit
from casemgr.store import identity
from casemgr.store.models.account import Account
from casemgr.store.queries import account as queries
from casemgr.store.work import Work
from casemgr.terms.account import Role

STAFF_NO = re.compile(r"[0-9A-Z一-鿿][0-9A-Z一-鿿._/-]{0,39}")
PHONE = re.compile(r"\d{7,15}")
APART = (
    "系统管理员、安全管理员、审计管理员须由不同的人担任，也不能兼任看患者信息的岗位；已有同一人的账号“{login}”。"
    "如果是同一个人，请换人；如果只是同名，请在两个账号里分别填写各自的工号。"
)
NUMBER_TAKEN = (
    "这个工号已有账号“{login}”，一个人只能有一个账号，否则一个人就能自己提出又自己批准。"
    "岗位变动的，请在原账号里更改角色和辖区；原账号不再使用的，先停用；号码填错的，请改正。"
)
PHONE_TAKEN = (
    "这个手机号已有账号“{login}”。一个人只能有一个账号，请改用原账号；"
    "原账号不再使用的，先停用；两人共用电话的，请填本人自己的手机号，或留空并填写工号。"
)
ANOTHER_MEANWHILE = (
    "停用期间同一人已有另一个账号“{login}”，启用后一个人就有两个账号，没有启用。"
    "请改用那个账号，或先停用那个账号；确是两个人的，请在两个账号里分别填写工号。"
)
NO_NUMBER = (
    "请填写工号。系统用它确认两个账号是不是同一个人；空着就无法防止一个人自己提出又自己批准。"
    "没有工号的，填单位简称加序号，例如“城关02”；部门联络员填警号或工作证号。"
)
#: What whoever may not be the second person is told besides.
SAME = "同名、同工号或同手机号的账号视为同一人；确是两个人的，请系统管理员在两个账号里分别填写工号。"


def normal_staff_no(text: str) -> str:
    """A staff number as it is kept: half-width capitals without blanks; empty for none."""
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


def normal_phone(text: str) -> str:
    """A telephone as it is compared: digits alone, without the country; empty for none."""
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", text))
    for prefix in ("0086", "86"):
        if digits.startswith(prefix) and len(digits) == 11 + len(prefix):
            digits = digits[len(prefix) :]
    return digits


def faults(staff_no: str, phone: str, asked: bool = False) -> dict[str, str]:
    """What is wrong with a normal staff number (``asked``: there must be one) or telephone, by field."""
    wrong = {"staff_no": NO_NUMBER} if asked and not staff_no else {}
    if staff_no and not STAFF_NO.fullmatch(staff_no):
        wrong["staff_no"] = "工号应为 1–40 个字母、数字或汉字。没有工号的填单位简称加序号，不要填身份证号。"
    elif re.fullmatch(r"\d{17}[\dX]", staff_no):
        wrong["staff_no"] = "请不要填身份证号，账号里不保存证件号码。请填单位工号；没有的填单位简称加序号。"
    if phone and not PHONE.fullmatch(phone):
        wrong["phone"] = "电话应为 7–15 位数字。号码只用来核对是否重复，不保存原号；不便填写可以留空。"
    return wrong


def digest_of(work: Work, phone: str) -> bytes | None:
    """The keyed digest of a normal telephone under the active key, ``None`` for none.

    Accounts, closed ones too, that have the digest of this telephone under an earlier key get the present
    one: the number itself is kept nowhere, so this is the only moment at which they can be brought along, and
    two digests of one telephone must be equal however often keys were turned between them.
    """
    if not phone:
        return None
    present, *earlier = work.vault.macs("account-phone", phone.encode())
    if earlier:
        for other, _name, _seen in queries.everybody(work):
            if other.phone_digest in earlier:
                other.phone_digest = present
    return bytes(present)


def same(one: Account, other: Account) -> bool:
    """Whether two accounts count as one person's."""
    if one.id == other.id:
        return True
    if one.phone_digest and one.phone_digest == other.phone_digest:
        return True
    if one.staff_no and other.staff_no:
        return one.staff_no == other.staff_no
    return identity.normal_name(one.display) == identity.normal_name(other.display)


def one_person(work: Work, first: int | None, second: int | None) -> bool:
    """Whether two accounts, given by their keys, count as one person's; nobody (empty, gone) is nobody."""
    if first is None or second is None:
        return False
    if first == second:
        return True
    found = [queries.by_id(work, key) for key in (first, second)]
    return found[0] is not None and found[1] is not None and same(found[0], found[1])


def refusal(work: Work, other: int | None, sentence: str) -> str:
    """The sentence for a caller who may not decide because ``other`` is the same person, empty if nobody is.

    For another account of the same person it says besides why both count as one.
    """
    if not one_person(work, other, work.access.actor):
        return ""
    return sentence if other == work.access.actor else sentence + SAME


def keep_apart(
    work: Work, display: str, kind: Role, key: int | None, staff_no: str = "", phone: str = ""
) -> None:
    """Refuse a second account of one person, and one of the keepers' posts to somebody who has another one.

    Raises :class:`Unfit` naming ``display``, ``staff_no`` or ``phone``.
    """
    marks: Collection[bytes] = list(work.vault.macs("account-phone", phone.encode())) if phone else ()
    for other, _name, _seen in queries.everybody(work):
        if other.id == key or not other.active:
            continue
        if staff_no and other.staff_no == staff_no:
            raise Unfit("没有保存。", fields={"staff_no": NUMBER_TAKEN.format(login=other.login)})
        if other.phone_digest in marks:
            raise Unfit("没有保存。", fields={"phone": PHONE_TAKEN.format(login=other.login)})
        role = Role.read(other.role)
        told_apart = bool(staff_no and other.staff_no)
        if role is kind or told_apart or not (kind in KEEPERS or role in KEEPERS):
            continue
        if identity.normal_name(other.display) == identity.normal_name(display):
            words = APART.format(login=other.login)
            raise Unfit(words, fields={"display": words})


def still_apart(work: Work, found: Account) -> None:
    """Raise :class:`Refused` when a closed account would open beside another one of the same person.

    An equal name alone stands against the keepers' posts only, as when an account is made.
    """
    for other, _name, _seen in queries.everybody(work):
        if other.id == found.id or not other.active or not same(found, other):
            continue
        number = bool(found.staff_no) and found.staff_no == other.staff_no
        phone = bool(found.phone_digest) and found.phone_digest == other.phone_digest
        kinds = {Role.read(found.role), Role.read(other.role)}
        if number or phone or (len(kinds) > 1 and kinds & KEEPERS):
            raise Refused(ANOTHER_MEANWHILE.format(login=other.login))
