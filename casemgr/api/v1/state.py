"""状态变更: how a file stands, and death, loss, return, pause, exclusion, diagnosis and consent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from casemgr.api import fields as f
from casemgr.api.operation import Asked, Chapter
from casemgr.api.sending import Kept, Outcome, Sending, Versioned, done, keep
from casemgr.rules.access import Access, Action
from casemgr.services import clock, state
from casemgr.services.case_view import term
from casemgr.services.state import Answer, Death, Rediagnosis, Standing
from casemgr.terms.followup import BodilyDisease, DeathCause, LossReason
from casemgr.terms.register import Diagnosis, Pause
from casemgr.terms.state import ConsentStep, DeathProof

chapter = Chapter("状态变更")


class Track(f.Shape):
    """One dated state in words."""

    track = f.coded()
    words = f.text()
    since = f.day()
    until = f.day(allow_none=True)


class Stands(f.Shape):
    """How a file stands; ``version`` goes with every change, ``proposed`` are the days that propose 失访."""

    id = f.key("case_id")
    file_no = f.text()
    version = f.whole()
    lifecycle = f.coded()
    lifecycle_on = f.day(allow_none=True)
    management = f.coded()
    management_on = f.day(allow_none=True)
    diagnosis = f.coded()
    article30 = f.flag()
    consent = f.coded()
    consent_on = f.day(allow_none=True)
    registered_on = f.day()
    pause = f.coded()
    paused_until = f.day(allow_none=True)
    seen_on = f.day(allow_none=True)
    told_dead_on = f.day(allow_none=True)
    proposed = f.days()
    rule = f.text()
    history = f.many(Track)


class DeathIn(Versioned):
    """A death; with ``proof`` 9 (only told) the file stays as it is and the death waits to be verified."""

    on = f.Day(required=True)
    proof = f.Choice(DeathProof, required=True)
    cause = f.Choice(DeathCause, load_default=None)
    disease = f.Choice(BodilyDisease, load_default=None)
    detail = f.Prose(longest=300, load_default="")
    why_no_incident = f.Prose(longest=200, load_default="")


class LostIn(Versioned):
    """Somebody is lost; ``reason`` is needed without three failed attempts over more than a month."""

    on = f.Day(required=True)
    why = f.Choice(LossReason, required=True)
    reason = f.Prose(longest=300, load_default="")


class PauseIn(Versioned):
    """In hospital or away, until a day."""

    kind = f.Choice(Pause, required=True)
    until = f.Day(required=True)
    reason = f.Prose(longest=300, load_default="")


class ExcludeIn(Versioned):
    """A new diagnosis found no severe mental disorder."""

    on = f.Day(required=True)
    hospital = f.Text(required=True, longest=80)
    reason = f.Prose(required=True, longest=300)


class MovedIn(Versioned):
    """Moved out of the county; ``place`` is who receives the person."""

    on = f.Day(required=True)
    place = f.Text(required=True, longest=80)
    reason = f.Prose(longest=300, load_default="")


class DiagnosisIn(Versioned):
    """A changed diagnosis with its hospital and reason."""

    diagnosis = f.Choice(Diagnosis, required=True)
    icd10 = f.Text(longest=10, load_default="")
    on = f.Day(required=True)
    hospital = f.Text(required=True, longest=80)
    reason = f.Prose(required=True, longest=300)


class ConsentIn(Versioned):
    """What came of asking for consent, and who signed."""

    step = f.Choice(ConsentStep, required=True)
    on = f.Day(required=True)
    signer = f.Text(required=True, longest=40)
    reason = f.Prose(longest=300, load_default="")


class ReopenIn(Versioned):
    """A closed file goes on."""

    on = f.Day(required=True)
    reason = f.Prose(required=True, longest=300)


@chapter.get("/cases/{case_id}/standing", action=Action.REGISTER_WRITE, answer=Stands)
def standing(access: Access, asked: Asked) -> Standing:
    """一份档案现在的状态、版本和历史，不含文字说明."""
    return state.standing(access, asked.path["case_id"], clock.today())


def _keep(access: Access, asked: Asked, noun: str, change: Callable[[int], object]) -> dict[str, Any]:
    case = asked.path["case_id"]

    def act(_key: int) -> Outcome:
        change(case)
        return done(case, case)

    def version() -> int:
        return state.standing(access, case, clock.today()).version

    return keep(access, noun, case, asked.body, act, case=case, version=version)


@chapter.post("/cases/{case_id}/death", action=Action.REGISTER_WRITE, body=DeathIn, answer=Kept)
def death(access: Access, asked: Asked) -> dict[str, Any]:
    """登记死亡；只听说的，列为待核实，档案不变."""
    told = asked.body
    entry = Death(
        told["on"],
        term(DeathCause, told["cause"]),
        term(BodilyDisease, told["disease"]),
        term(DeathProof, told["proof"]),
        told["detail"],
        told["why_no_incident"],
    )
    return _keep(
        access,
        asked,
        "state.death",
        lambda case: state.death(access, case, told["version"], entry, clock.today()),
    )


@chapter.post("/cases/{case_id}/lost", action=Action.REGISTER_WRITE, body=LostIn, answer=Kept)
def lost(access: Access, asked: Asked) -> dict[str, Any]:
    """确认失访；档案仍在册."""
    told = asked.body
    why = term(LossReason, told["why"])
    return _keep(
        access,
        asked,
        "state.lost",
        lambda case: state.lost(
            access, case, told["version"], told["on"], why, told["reason"], clock.today()
        ),
    )


@chapter.post("/cases/{case_id}/found", action=Action.REGISTER_WRITE, body=Sending, answer=Kept)
def found(access: Access, asked: Asked) -> dict[str, Any]:
    """失访者重新联系到，自今日恢复管理."""
    return _keep(access, asked, "state.found", lambda case: state.found(access, case, clock.today()))


@chapter.post("/cases/{case_id}/pause", action=Action.REGISTER_WRITE, body=PauseIn, answer=Kept)
def pause(access: Access, asked: Asked) -> dict[str, Any]:
    """住院或外出，暂停按期随访."""
    told = asked.body
    kind = term(Pause, told["kind"])
    return _keep(
        access,
        asked,
        "state.pause",
        lambda case: state.pause(
            access, case, told["version"], kind, told["until"], told["reason"], clock.today()
        ),
    )


@chapter.post("/cases/{case_id}/resume", action=Action.REGISTER_WRITE, body=Sending, answer=Kept)
def resume(access: Access, asked: Asked) -> dict[str, Any]:
    """恢复按期随访."""
    return _keep(access, asked, "state.resume", lambda case: state.resume(access, case, clock.today()))


@chapter.post("/cases/{case_id}/exclude", action=Action.REGISTER_WRITE, body=ExcludeIn, answer=Kept)
def exclude(access: Access, asked: Asked) -> dict[str, Any]:
    """经重新诊断排除，档案不再计入在册."""
    told = asked.body
    return _keep(
        access,
        asked,
        "state.exclude",
        lambda case: state.exclude(
            access,
            case,
            told["version"],
            told["on"],
            told["hospital"].strip(),
            told["reason"],
            clock.today(),
        ),
    )


@chapter.post("/cases/{case_id}/moved", action=Action.REGISTER_WRITE, body=MovedIn, answer=Kept)
def moved(access: Access, asked: Asked) -> dict[str, Any]:
    """登记迁出本县，写明接收机构."""
    told = asked.body
    return _keep(
        access,
        asked,
        "state.moved",
        lambda case: state.moved(
            access, case, told["version"], told["on"], told["place"].strip(), told["reason"], clock.today()
        ),
    )


@chapter.post("/cases/{case_id}/diagnosis", action=Action.REGISTER_WRITE, body=DiagnosisIn, answer=Kept)
def diagnosis(access: Access, asked: Asked) -> dict[str, Any]:
    """变更诊断，原诊断留在历史中."""
    told = asked.body
    entry = Rediagnosis(
        term(Diagnosis, told["diagnosis"]),
        told["icd10"].strip(),
        told["on"],
        told["hospital"].strip(),
        told["reason"],
    )
    return _keep(
        access,
        asked,
        "state.diagnosis",
        lambda case: state.diagnose(access, case, told["version"], entry, clock.today()),
    )


@chapter.post("/cases/{case_id}/consent", action=Action.REGISTER_WRITE, body=ConsentIn, answer=Kept)
def consent(access: Access, asked: Asked) -> dict[str, Any]:
    """知情同意的答复：同意、不同意、撤回，或第三十条第二款第二项已告知."""
    told = asked.body
    entry = Answer(term(ConsentStep, told["step"]), told["on"], told["signer"].strip(), told["reason"])
    return _keep(
        access,
        asked,
        "state.consent",
        lambda case: state.consent(access, case, told["version"], entry, clock.today()),
    )


@chapter.post("/cases/{case_id}/reopen", action=Action.REGISTER_WRITE, body=ReopenIn, answer=Kept)
def reopen(access: Access, asked: Asked) -> dict[str, Any]:
    """恢复在册：登记有误，或重新迁入."""
    told = asked.body
    return _keep(
        access,
        asked,
        "state.reopen",
        lambda case: state.reopen(access, case, told["version"], told["on"], told["reason"], clock.today()),
    )
