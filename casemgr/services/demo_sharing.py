"""示例申请: impact notes and a few made-up applications, so that the windows of departments are not empty."""

from __future__ import annotations

from datetime import date, timedelta

from casemgr.rules.access import Access, Action
from casemgr.services import benefit, impact
from casemgr.services.benefit import Asked
from casemgr.services.impact import NewNote
from casemgr.services.use_case import use_case
from casemgr.store.queries import sharing as queries
from casemgr.store.work import Work
from casemgr.terms.sharing import Benefit, Capacity, ClaimState, ConsentGiver, Flow

NOTE = {
    "receiver": "示例：县级指定的联络员，一人一账号，只能看到提供给本单位的内容",
    "what": "示例：披露矩阵限定的项目，不含症状、用药和谈话记录",
    "necessity": "示例：核对名单、办理本人申请的事项所必需，没有更少的办法",
    "risk": "示例：泄露会使本人和家属受到歧视，范围过宽会超出职责",
    "measures": "示例：只读、逐次留痕、条件消失自动撤回、打印件加水印",
}
#: What the first people with a guardian have applied for or agreed to.
ASKED = (
    Benefit.ALLOWANCE,
    Benefit.SUBSIDY,
    Benefit.CERTIFICATE,
    Benefit.REHABILITATION,
    Benefit.REHABILITATION,
    Benefit.ALLOWANCE,
)
MONTHLY = 200


def lay(county: int, township: int, as_of: date) -> int:
    """Notes for every flow of the county, and one application for each of the first people; how many."""
    access = Access.system("demo-load", county)
    for flow in Flow:
        impact.write(access, impact.begin(), NewNote(flow, as_of - timedelta(days=30), NOTE), as_of)
    people = _people(access, township, len(ASKED))
    for (case, guardian), wanted in zip(people, ASKED, strict=False):
        benefit.apply(access, benefit.begin(), case, _asked(wanted, guardian, as_of), as_of)
    # One referral has gone out, the other waits to be checked.
    waiting = [one for one in benefit.under_way(access, as_of) if one.state is ClaimState.APPLIED]
    for one in waiting[:1]:
        benefit.step(access, one.key, one.version, ClaimState.CHECKED, as_of)
        benefit.step(access, one.key, one.version + 1, ClaimState.REFERRED, as_of)
    return len(people)


def _asked(wanted: Benefit, guardian: int, as_of: date) -> Asked:
    subsidy, rehabilitation = wanted is Benefit.SUBSIDY, wanted is Benefit.REHABILITATION
    return Asked(
        benefit=wanted,
        giver=ConsentGiver.PATIENT,
        capacity=Capacity.CAPABLE,
        signed_on=as_of - timedelta(days=9),
        until=None,
        signer="示例签字人",
        purpose=f"示例：办理{wanted.label}",
        guardian=guardian if subsidy else None,
        agreement_on=as_of - timedelta(days=200) if subsidy else None,
        monthly=MONTHLY if subsidy else None,
        account="示例账号" if subsidy else "",
        needs="示例：生活技能和社交训练，希望参加日间活动" if rehabilitation else "",
        precautions="示例：说话慢一些，事先说明要做什么" if rehabilitation else "",
    )


@use_case(Action.DEMO_LOAD, writes=False)
def _people(work: Work, township: int, most: int) -> list[tuple[int, int]]:
    return [(row.case, row.guardian) for row in queries.with_guardian(work, township, most)]
