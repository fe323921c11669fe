"""待遇提供: of each signed application or consent that holds, what its one receiver may see of whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from casemgr.rules.policy import Policy
from casemgr.services.disclosure_claim import Claim
from casemgr.store.identity import open_texts
from casemgr.store.models.sharing import BenefitClaim
from casemgr.store.queries import sharing as queries
from casemgr.store.work import Work
from casemgr.terms.account import Role
from casemgr.terms.disclosure import Condition, FieldGroup
from casemgr.terms.liaison import Reason
from casemgr.terms.register import Diagnosis
from casemgr.terms.sharing import Benefit, ClaimState, ConsentKind

READING = "对外提供"
#: In these states the receiver sees the sheet.
VISIBLE = (ClaimState.REFERRED, ClaimState.ACCEPTED, ClaimState.GRANTED)
#: Diagnoses as a body of rehabilitation hears of them: the group, never the name.
GROUPS = {
    Diagnosis.SCHIZOPHRENIA: "精神病性障碍",
    Diagnosis.SCHIZOAFFECTIVE: "精神病性障碍",
    Diagnosis.PARANOID: "精神病性障碍",
    Diagnosis.BIPOLAR: "心境障碍",
    Diagnosis.EPILEPTIC: "脑部疾病所致精神障碍",
    Diagnosis.RETARDATION: "发育障碍伴发精神障碍",
}


def claims(work: Work, keys: Sequence[int], today: date, _policy: Policy) -> Iterator[Claim]:
    """Of each signed application or consent that holds: who may see its fields, until when."""
    for row in queries.claims_told(work, keys, [int(one) for one in VISIBLE], today):
        consent, claim = row.ShareConsent, row.BenefitClaim
        benefit = Benefit.read(claim.benefit)
        by_application = consent.kind == ConsentKind.APPLICATION
        yield Claim(
            case=claim.case_id,
            role=Role.read(claim.receiver),
            conditions=frozenset({Condition.BENEFIT if by_application else Condition.CONSENT}),
            reason=Reason.BENEFIT if by_application else Reason.CONSENT,
            on=consent.signed_on,
            origin=consent.id,
            until=consent.until,
            area=claim.receiver_area,
            facts=tuple(_facts(work, benefit, claim, row.diagnosis)),
            groups=benefit.groups,
        )


def _facts(
    work: Work, benefit: Benefit, claim: BenefitClaim, diagnosis: int
) -> Iterator[tuple[FieldGroup, str, str]]:
    yield FieldGroup.G1, "办理事项", benefit.label
    if benefit is Benefit.CERTIFICATE:
        yield FieldGroup.G5, "残疾类别", "精神残疾（以评定为准）"
    if benefit is Benefit.REHABILITATION:
        group = GROUPS.get(Diagnosis.read(diagnosis), "其他")
        yield FieldGroup.G5, "诊断大类", group
        needs, care = open_texts(
            work,
            "BenefitClaim",
            [(claim.id, claim.needs), (claim.id, claim.precautions)],
            READING,
            claim.case_id,
        )
        yield FieldGroup.G6, "康复需求和评估要点", needs
        yield FieldGroup.G8, "接待注意事项", care
