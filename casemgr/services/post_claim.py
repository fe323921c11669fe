"""岗位提供: why a village doctor or a hospital may be told of a file, and what (REC-POST-1, 2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from casemgr.rules.drug import listed
from casemgr.rules.policy import Policy
from casemgr.services.disclosure_claim import Claim, SealedText
from casemgr.store.queries import post as queries
from casemgr.store.work import Work
from casemgr.terms.account import Role
from casemgr.terms.code import from_mask
from casemgr.terms.consent import ConsentAnswer
from casemgr.terms.disclosure import Condition, FieldGroup
from casemgr.terms.duty import DutyKind
from casemgr.terms.followup import Insight, RehabMeasure, Symptom
from casemgr.terms.incident import DangerousAct
from casemgr.terms.liaison import Reason
from casemgr.terms.medication import Adherence
from casemgr.terms.post import CareGround
from casemgr.terms.referral import ReferralState
from casemgr.terms.register import Diagnosis, Pause
from casemgr.terms.risk import Stability

#: While a referral stands so, the hospital it went to needs the file.
ON_THE_WAY = frozenset({ReferralState.SENT, ReferralState.ACCEPTED})
#: Duties that tell a village doctor when to come, or to remind of a day.
COMING = (
    DutyKind.VISIT,
    DutyKind.FIRST_VISIT,
    DutyKind.DISCHARGE_VISIT,
    DutyKind.FACE_VISIT,
    DutyKind.RETRY_VISIT,
    DutyKind.EMERGENCY_VISIT,
    DutyKind.INJECTION,
    DutyKind.MEDICINE_OUT,
)
YEAR = timedelta(days=365)
#: As many acts as a sheet names.
ACTS = 5

Fact = tuple[FieldGroup | None, str, str]


def claims(work: Work, keys: Sequence[int], today: date, policy: Policy) -> Iterator[Claim]:
    """Who lives in a village of a post, and whom a hospital treats; with what each of them may be told."""
    villages = [
        row
        for row in queries.at_villages(work, keys)
        if not (row.consent == ConsentAnswer.REFUSED and not row.article30)
    ]
    cares = [row for row in queries.in_care(work, keys) if runs(row)]
    if not villages and not cares:
        return
    known = _read(work, sorted({row.id for row in villages} | {row.case_id for row in cares}), today)
    for row in villages:
        facts, texts = known.village(row.id)
        yield Claim(
            row.id,
            Role.VILLAGE_DOCTOR,
            frozenset(),
            Reason.VILLAGE,
            None,
            area=row.post_id,
            facts=tuple(facts),
            texts=tuple(texts),
        )
    for row in cares:
        after = row.ground == CareGround.AFTER
        facts, texts = known.hospital(row.case_id)
        if row.ground == CareGround.REFERRAL and row.referral_id is not None:
            texts.insert(0, SealedText(FieldGroup.G6, "转诊原因", "Referral", row.referral_id, row.reason))
        facts.insert(0, (None, "收治关系", f"{CareGround.read(row.ground).label}（{row.since.isoformat()}）"))
        yield Claim(
            row.case_id,
            Role.HOSPITAL,
            frozenset({Condition.IN_CARE}),
            Reason.AFTER if after else Reason.CARE,
            row.since,
            origin=row.id,
            until=row.until,
            area=row.post_id,
            facts=tuple(facts),
            texts=tuple(texts),
        )


def runs(row: Any) -> bool:
    """Whether what a care rests on still holds; its last day is looked at by whoever asks for claims."""
    if row.ground == CareGround.REFERRAL:
        return row.state in ON_THE_WAY
    if row.ground == CareGround.ADMISSION:
        return bool(row.pause == Pause.IN_HOSPITAL)
    return True


@dataclass(slots=True)
class _Known:
    """What the records of some cases say, for the sheets of posts."""

    visits: Mapping[int, Any]
    grades: Mapping[int, Any]
    regimen: Mapping[int, list[Any]]
    drugs: Mapping[int, list[Any]]
    acts: Mapping[int, list[Any]]
    harms: Mapping[int, list[Any]]
    sessions: Mapping[int, Any]
    cases: Mapping[int, Any]
    coming: Mapping[int, list[Any]]

    def village(self, case: int) -> tuple[list[Fact], list[SealedText]]:
        """What a village doctor is told: the state of things in a few words, and when to come."""
        facts, texts = self._common(case)
        for one in self.coming.get(case, ()):
            facts.append((None, DutyKind.read(one.kind).label, f"应于 {one.due_on.isoformat()} 前"))
        visit = self.visits.get(case)
        if visit is not None and visit.stability is not None:
            facts.append((FieldGroup.G6, "病情", _dated(Stability.read(visit.stability).label, visit.on)))
        sessions = self.sessions.get(case)
        if sessions is not None:
            facts.append(
                (FieldGroup.G11, "康复", f"近一年参加 {sessions.count} 次，最近 {sessions.on.isoformat()}")
            )
        if visit is not None and (measures := from_mask(RehabMeasure, visit.rehab_measures)):
            facts.append((FieldGroup.G11, "康复措施", "、".join(one.label for one in measures)))
        row = self.cases.get(case)
        if row is not None:
            facts.append((FieldGroup.G12, "残疾证", _yes_or_no(row.disability_grade is not None)))
            facts.append((FieldGroup.G12, "救助补助", _yes_or_no(bool(row.subsidised))))
        return facts, texts

    def hospital(self, case: int) -> tuple[list[Fact], list[SealedText]]:
        """What a hospital is told: symptoms and insight as the latest visit found them, all medicine."""
        facts, texts = self._common(case)
        visit = self.visits.get(case)
        if visit is not None:
            said = [one.label for one in from_mask(Symptom, visit.symptoms)]
            if said:
                facts.append((FieldGroup.G6, "目前症状", _dated("、".join(said), visit.on)))
            if visit.symptoms_other is not None:
                texts.append(
                    SealedText(FieldGroup.G6, "其他症状", "VisitText", visit.id, visit.symptoms_other)
                )
            if visit.insight is not None:
                facts.append((FieldGroup.G6, "自知力", Insight.read(visit.insight).label))
            if visit.stability is not None:
                facts.append((FieldGroup.G6, "病情分类", Stability.read(visit.stability).label))
            if visit.adverse_reaction is not None:
                texts.append(
                    SealedText(FieldGroup.G7, "药物不良反应", "VisitText", visit.id, visit.adverse_reaction)
                )
        return facts, texts

    def _common(self, case: int) -> tuple[list[Fact], list[SealedText]]:
        facts: list[Fact] = []
        texts: list[SealedText] = []
        row = self.cases.get(case)
        if row is not None:
            icd = f"（{row.icd10}）" if row.icd10 else ""
            facts.append((FieldGroup.G5, "诊断", f"{Diagnosis.read(row.diagnosis).label}{icd}"))
        visit = self.visits.get(case)
        lines = self.regimen.get(case) or (self.drugs.get(visit.id) if visit is not None else None) or ()
        for line in lines:
            if title := _title(line):
                facts.append((FieldGroup.G7, "用药", f"{title} {_dose(line)}".strip()))
            elif line.name is not None:
                noun = "RegimenLine" if hasattr(line, "code") else "DrugLine"
                texts.append(
                    SealedText(FieldGroup.G7, "用药", noun, line.id, line.name, f"{{}} {_dose(line)}".strip())
                )
        if visit is not None and visit.adherence is not None:
            facts.append((FieldGroup.G7, "服药情况", _dated(Adherence.read(visit.adherence).label, visit.on)))
        grade = self.grades.get(case)
        if grade is not None:
            facts.append((FieldGroup.G8, "危险性评估", _dated(f"{grade.risk}级", grade.on)))
        told = [(one.on, DangerousAct.read(one.kind).label) for one in self.acts.get(case, ())]
        days = {on for on, _ in told}
        told += [
            (one.on, (DangerousAct.CRIME if one.crime_count else DangerousAct.OFFENCE).label)
            for one in self.harms.get(case, ())
            if one.on not in days
        ]
        for on, words in sorted(told, reverse=True)[:ACTS]:
            facts.append((FieldGroup.G9, "案（事）件", f"{on.isoformat()} {words}"))
        return facts, texts


def _read(work: Work, keys: Sequence[int], today: date) -> _Known:
    """Nine statements, however many cases."""
    visits = queries.latest_visits(work, keys)
    regimen = queries.regimen(work, keys, today)
    told = [visits[case].id for case in keys if case in visits and case not in regimen]
    return _Known(
        visits,
        queries.grades(work, keys),
        regimen,
        queries.drug_lines(work, told),
        queries.acts(work, keys),
        queries.harms(work, keys),
        queries.sessions(work, keys, today - YEAR),
        queries.welfare(work, keys),
        queries.coming(work, keys, [int(one) for one in COMING]),
    )


def _dated(words: str, on: date) -> str:
    return f"{words}（{on.isoformat()}）"


def _yes_or_no(told: bool) -> str:
    return "有" if told else "无"


def _title(line: Any) -> str:
    """What a drug of the catalogue is called there; empty for one that has its sealed name alone."""
    code = getattr(line, "code", None)
    if not code:
        return ""
    known = listed().get(code)
    return known.name if known is not None else line.ingredient or code


def _amount(micrograms: int) -> str:
    return f"{micrograms / 1000:g}毫克"


def _dose(line: Any) -> str:
    """早 1毫克、晚 2毫克, or 每 4 周 100毫克."""
    if line.long_acting:
        every = f"每{line.every_weeks}周" if line.every_weeks else "长效针剂"
        return f"{every} {_amount(line.dose_ug)}" if line.dose_ug else every
    parts = (("早", line.morning_ug), ("中", line.noon_ug), ("晚", line.evening_ug))
    return "、".join(f"{word}{_amount(dose)}" for word, dose in parts if dose)
