"""收治关系: which hospital with a window of its own is told of somebody, why, until when (REC-POST-2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from casemgr.rules.access import Action
from casemgr.rules.policy import in_force_on
from casemgr.services import clock, disclosure
from casemgr.services.case_view import known
from casemgr.services.errors import Conflict, Missing, Unfit
from casemgr.services.incident import known_case
from casemgr.services.post_claim import ON_THE_WAY, runs
from casemgr.services.use_case import use_case, within
from casemgr.store.db import new_key
from casemgr.store.models.post import HospitalCare
from casemgr.store.models.referral import Referral
from casemgr.store.queries import event
from casemgr.store.queries import post as queries
from casemgr.store.work import Work
from casemgr.terms.account import Role
from casemgr.terms.area import AreaLevel, ancestor
from casemgr.terms.post import CareGround
from casemgr.terms.referral import Direction, ReferralState
from casemgr.terms.register import Lifecycle, Pause

NOT_THERE = "没有找到这条收治关系，或不在您的辖区内。请从患者页重新打开。"
RULE = "REC-POST-2"


@dataclass(frozen=True, slots=True)
class CareView:
    """One hospital that is or was told of somebody."""

    id: int
    hospital: str
    ground: CareGround
    since: date
    until: date | None
    running: bool


@dataclass(frozen=True, slots=True)
class CarePage:
    """Who is told now, and whom else one could tell."""

    case_id: int
    file_no: str
    once: int
    hospitals: tuple[tuple[int, str], ...]
    grounds: tuple[tuple[int, str, str], ...]
    cares: tuple[CareView, ...]


def hospitals_of(work: Work, area: int) -> tuple[tuple[int, str], ...]:
    """(post, name) of the hospitals of the county that somebody can sign in for."""
    return tuple(queries.hospitals(work, int(Role.HOSPITAL), ancestor(area, AreaLevel.COUNTY)))


def _open_referral(work: Work, case_id: int) -> Referral | None:
    wanted = (*ON_THE_WAY, ReferralState.ADVISED)
    return next(
        (
            one
            for one in event.referrals(work, case_id)
            if one.direction == Direction.UP and known(ReferralState, one.state) in wanted
        ),
        None,
    )


def add(
    work: Work,
    area: int,
    case_id: int,
    post: int,
    ground: CareGround,
    since: date,
    origin: int | None = None,
    once: int | None = None,
) -> HospitalCare:
    """Write the relation down, within the unit of work that it follows from; its last day by the policy."""
    policy = in_force_on(clock.today(), within(work).region)
    days = {
        CareGround.REFERRAL: policy.post_referral.value,
        CareGround.EMERGENCY: policy.post_emergency.value,
        CareGround.AFTER: policy.post_after.value,
    }.get(ground)
    return work.add(
        HospitalCare(
            id=new_key() if once is None else once,
            area=area,
            case_id=case_id,
            post_id=post,
            ground=int(ground),
            origin=origin,
            since=since,
            until=None if days is None else since + timedelta(days=days),
            recorded_at=clock.now(),
            recorded_by=work.access.actor,
        )
    )


def is_hospital(work: Work, area: int, post: int) -> bool:
    """Whether this is a hospital of the county of a township."""
    return any(key == post for key, _name in hospitals_of(work, area))


@use_case(Action.LIAISON_MANAGE, writes=False)
def hospitals(work: Work, case_id: int) -> tuple[tuple[int, str], ...]:
    """The hospitals that can be told of this person; :class:`Missing` outside the access."""
    return hospitals_of(work, known_case(work, case_id).area)


@use_case(Action.LIAISON_MANAGE, writes=False)
def page(work: Work, case_id: int, today: date) -> CarePage:
    """Who is told of this person now and was before; :class:`Missing` outside the access."""
    case = known_case(work, case_id)
    running = {
        row.id
        for row in queries.in_care(work, [case_id])
        if runs(row) and (row.until is None or row.until >= today)
    }
    cares = tuple(
        CareView(
            row.HospitalCare.id,
            row.hospital or "",
            CareGround.read(row.HospitalCare.ground),
            row.HospitalCare.since,
            row.HospitalCare.ended_on or row.HospitalCare.until,
            row.HospitalCare.id in running,
        )
        for row in queries.cares(work, case_id)
    )
    grounds = (
        (int(CareGround.REFERRAL), CareGround.REFERRAL.label, "已登记转诊的；转出后医院才看到"),
        (int(CareGround.EMERGENCY), CareGround.EMERGENCY.label, "已登记应急处置的"),
        (int(CareGround.ADMISSION), CareGround.ADMISSION.label, "已登记住院（暂停按期随访）的"),
    )
    return CarePage(case_id, case.file_no, new_key(), hospitals_of(work, case.area), grounds, cares)


@use_case(Action.LIAISON_MANAGE)
def tell(
    work: Work, case_id: int, once: int, post: int | None, ground: CareGround | None, today: date
) -> bool:
    """Let a hospital see somebody on a ground that is in the records; ``False`` for a second press.

    Raises :class:`Unfit` naming ``post`` or ``ground``.
    """
    case = known_case(work, case_id)
    there = work.get(HospitalCare, once)
    if there is not None:
        if there.case_id != case_id:
            raise Conflict("这张表单属于另一份档案，没有保存。请回到患者页重新打开表单。")
        return False
    wrong: dict[str, str] = {}
    if post is None or not is_hospital(work, case.area, post):
        wrong["post"] = "请选择收治的医院。没有列出的医院还没有开通窗口，请用转诊单联系，或请县级建立岗位。"
    if ground not in (CareGround.REFERRAL, CareGround.EMERGENCY, CareGround.ADMISSION):
        wrong["ground"] = "请选择依据。医院只能看到转诊、应急送医、住院到本院的患者。"
    origin: int | None = None
    if ground is CareGround.REFERRAL:
        row = _open_referral(work, case_id)
        origin = None if row is None else row.id
        if row is None:
            wrong["ground"] = "没有未完结的上转登记，医院现在不能看到。请先登记转诊，再告知医院。"
    elif ground is CareGround.EMERGENCY:
        policy = in_force_on(today, within(work).region)
        since = today - timedelta(days=policy.post_emergency.value)
        origin = next(
            (
                one.id
                for one in event.emergencies(work, case_id)
                if one.reported_at.astimezone(clock.SHANGHAI).date() >= since
            ),
            None,
        )
        if origin is None:
            wrong["ground"] = "最近两周没有应急处置登记，医院现在不能看到。请先登记应急处置，或改选其他依据。"
    elif ground is CareGround.ADMISSION:
        present = event.present(work, case_id)
        if present is None or present.pause != Pause.IN_HOSPITAL:
            wrong["ground"] = (
                "没有登记在住院，医院现在不能看到。请先登记“住院，暂停按期随访”，或改选其他依据。"
            )
    if case.lifecycle != Lifecycle.ON_REGISTER:
        wrong["ground"] = "这份档案已不在册，不再提供给医院。如已恢复在册，请先登记恢复。"
    if wrong or post is None or ground is None:
        raise Unfit("没有保存。", fields=wrong)
    add(work, case.area, case_id, post, ground, today, origin, once)
    work.flush()
    disclosure.refresh(work, [case_id])
    return True


@use_case(Action.LIAISON_MANAGE)
def end(work: Work, care_id: int, today: date) -> int:
    """End a relation by hand: the hospital's sheet is withdrawn at once. The case it belongs to."""
    one = work.get(HospitalCare, care_id)
    if one is None:
        raise Missing(NOT_THERE)
    if one.ended_on is None:
        one.ended_on = today
        work.flush()
        disclosure.refresh(work, [one.case_id])
    return one.case_id
