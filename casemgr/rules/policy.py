"""口径参数: the numbers a rule may ask for, each dated and sourced in ``lists/policy.csv``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from casemgr.terms.lists import Line, first_day, in_force, lines

NATIONAL = "CN"
#: The rule that numbers cite which a county has laid down itself.
OWN_RULE = "LOC-COUNTY"
#: The numbers that figures are made from.
COUNTING = (
    "gap_stable",
    "gap_basic",
    "gap_unstable",
    "gap_unclassified",
    "gap_first",
    "months_per_visit",
    "visits_least",
    "session_minutes",
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number in force: ``value`` in ``unit``, with the rule it comes from and how sure that is."""

    name: str
    value: int
    unit: str
    rule: str
    status: str
    region: str
    valid_from: date
    source: str


@dataclass(frozen=True, slots=True)
class Policy:
    """All numbers in force on one day in one region; a field is named like its line in the list."""

    gap_stable: Parameter
    gap_basic: Parameter
    gap_unstable: Parameter
    gap_unclassified: Parameter
    gap_first: Parameter
    months_per_visit: Parameter
    visits_least: Parameter
    session_minutes: Parameter
    # Terms of duties: what is due when, and in which unit.
    visit_unstable: Parameter
    visit_basic: Parameter
    visit_basic_again: Parameter
    visit_stable: Parameter
    visit_unclassified: Parameter
    visit_in_hospital: Parameter
    first_visit: Parameter
    discharge_visit: Parameter
    phone_visits: Parameter
    retry_visit: Parameter
    lost_attempts: Parameter
    lost_span: Parameter
    lost_confirm: Parameter
    lost_notice: Parameter
    lost_search: Parameter
    lost_long: Parameter
    refer: Parameter
    tell_police: Parameter
    tell_police_left: Parameter
    referral_result: Parameter
    second_opinion: Parameter
    emergency_record: Parameter
    emergency_upload: Parameter
    emergency_visit: Parameter
    unlock: Parameter
    file_entry: Parameter
    consent_ask: Parameter
    consent_again: Parameter
    death_confirm: Parameter
    transfer_answer: Parameter
    notice_entry: Parameter
    notice_forward: Parameter
    notice_accept: Parameter
    clue_verify: Parameter
    checkup_grace: Parameter
    visit_entry: Parameter
    week_ahead: Parameter
    # What the register asks about, and how long a tap may be taken back.
    phone_families: Parameter
    phone_attempts: Parameter
    poverty_proof: Parameter
    undo_hours: Parameter
    # Medicine at hand: when it is regular, and what a gap is called.
    regular_share: Parameter
    gap_interrupted: Parameter
    gap_stopped: Parameter
    # Medicine running out: when somebody is reminded, and how far a list looks ahead.
    medicine_ahead: Parameter
    medicine_watch: Parameter
    # Long-acting injections: when a closing window is urgent; what a list of candidates looks at.
    injection_closing: Parameter
    candidate_visits: Parameter
    candidate_months: Parameter
    # Patterns in the records of a month that their author is asked about.
    fair_visits: Parameter
    fair_copied: Parameter
    fair_level_zero: Parameter
    fair_last_days: Parameter
    fair_spike: Parameter
    fair_minute: Parameter
    fair_answer: Parameter
    # Accounts: how long one may be used without being confirmed anew, and how long before that it is said.
    account_certify: Parameter
    account_warn: Parameter
    # Lines of the disclosure matrix: how long one may be loosened at a time.
    loosening_days: Parameter
    # Emergency reading of one person: how long it lasts, when it is looked at, how much has to be
    # written, and how often somebody may ask within a day.
    glass_hours: Parameter
    glass_review: Parameter
    glass_words: Parameter
    glass_tries: Parameter
    # What other departments receive: from which danger level, whether the lost are told by local law; and how
    # long a report of theirs may wait for its answer, a task for theirs.
    disclose_grade: Parameter
    disclose_lost: Parameter
    liaison_report: Parameter
    liaison_urgent: Parameter
    liaison_task: Parameter
    # For how many months an act on file is told (0: as long as it is on file); how long a pledge holds.
    disclose_incident: Parameter
    pledge_days: Parameter
    # How long a hospital at most sees whom it was sent, who was brought to it, whom it let home.
    post_referral: Parameter
    post_emergency: Parameter
    post_after: Parameter
    # Readings that the head of a unit is asked about; and the term for what a patient asks for.
    misuse_work_days: Parameter
    misuse_refusals: Parameter
    misuse_night_from: Parameter
    misuse_night_until: Parameter
    misuse_night_looks: Parameter
    misuse_hour: Parameter
    misuse_repeats: Parameter
    misuse_repeat_days: Parameter
    misuse_papers: Parameter
    misuse_paper_people: Parameter
    misuse_checks: Parameter
    misuse_answer: Parameter
    rights_answer: Parameter
    # What leaves: how long an impact note is kept, and the two terms of a referral to rehabilitation.
    impact_kept: Parameter
    rehab_check: Parameter
    rehab_refer: Parameter
    # How long an approved request may be handed out, and by when earlier receivers are told of a change.
    request_valid: Parameter
    receiver_notice: Parameter
    # How many people's identity may leave, or be opened, before a second person is asked.
    export_alone: Parameter
    identity_ceiling: Parameter
    duplicate_checks: Parameter
    identity_raise: Parameter

    @property
    def digest(self) -> str:
        """SHA-256 over the names and values that counting reads, to be stored with every figure.

        Terms of duties are left out: a figure does not change with them.
        """
        parameters = sorted((getattr(self, name) for name in COUNTING), key=lambda one: str(one.name))
        text = "\n".join(f"{one.name}={one.value} {one.unit} {one.rule}" for one in parameters)
        return hashlib.sha256(text.encode()).hexdigest()


def with_numbers(policy: Policy, numbers: Mapping[str, int], source: str, since: date) -> Policy:
    """The same policy with some numbers of counting laid down otherwise by a county (LOC-COUNTY).

    Raises ``KeyError`` for a name that is none of :data:`COUNTING`.
    """
    changed = {}
    for name, value in numbers.items():
        if name not in COUNTING:
            raise KeyError(name)
        known: Parameter = getattr(policy, name)
        changed[name] = replace(
            known, value=value, rule=OWN_RULE, status="REC", valid_from=since, source=source
        )
    return replace(policy, **changed) if changed else policy


def covers(region_of_line: str, region: str) -> bool:
    """Whether a line for one region holds in another: national lines everywhere, others by code prefix."""
    return region_of_line == NATIONAL or region.startswith(region_of_line)


def nearest(candidates: Iterable[Line], region: str, day: date) -> dict[str, list[Line]]:
    """The lines in force on ``day`` for ``region``, by the region they were written for, nearest first."""
    found: dict[str, list[Line]] = {}
    for line in candidates:
        if covers(line["region"], region) and in_force(line, day):
            found.setdefault(line["region"], []).append(line)
    return dict(sorted(found.items(), key=lambda pair: (pair[0] == NATIONAL, -len(pair[0]))))


@cache
def in_force_on(day: date, region: str = NATIONAL) -> Policy:
    """The policy of a region (area-code prefix, or any other word for the national one) on a day.

    Numbers of counting hold on the days of their lines only; a term that was laid down later is taken as it
    was first written, so that an earlier month can still be counted. Raises ``LookupError`` when a number is
    missing for that day.
    """
    values: dict[str, Parameter] = {}
    for lines_of_region in nearest(lines("policy"), region, day).values():
        for line in lines_of_region:
            values.setdefault(line["parameter"], _parameter(line))
    for line in lines("policy"):
        if covers(line["region"], region) and line["parameter"] not in COUNTING and first_day(line) > day:
            values.setdefault(line["parameter"], _parameter(line))
    missing = [name for name in Policy.__slots__ if name not in values]
    if missing:
        raise LookupError(f"no value for {', '.join(missing)} on {day.isoformat()}")
    return Policy(**{name: values[name] for name in Policy.__slots__})


def _parameter(line: Line) -> Parameter:
    return Parameter(
        line["parameter"],
        int(line["value"]),
        line["unit"],
        line["rule_id"],
        line["status"],
        line["region"],
        first_day(line),
        line["source"],
    )
