"""披露走查: what each role meets on all its addresses, column by column, against the disclosure matrix.

Every sealed column of the twins holds a mark of its own. Here each such column is said to belong to a field
group of the matrix (or to no person at all); a new column without a line fails, and so does a mark that
comes back to a role whose row of the matrix does not tell the group.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casemgr.rules.access import POSTS, RECEIVERS, Role
from casemgr.rules.disclosure import groups_of_columns, may_see, sight
from casemgr.store.types import Sealed
from casemgr.terms.disclosure import Condition, FieldGroup, Level
from tests.conftest import TODAY
from tests.security.bodies import ENDING, OWN
from tests.security.everybody import Range
from tests.security.routes import addresses
from tests.security.twins import APART, tables

#: Papers of the own work, reasons and answers to questions: part of a file, and of no group of the matrix.
#: Clues are no files yet, and their remarks are what the county arranges the diagnosis by (GF2018-2.6); who
#: gave a talk says nothing of what was said in it. What lies ready for a department (``disclosure``,
#: ``liaison_…``) is made by the matrix and tested with it.
OFFICE = "office"
PAPERS = frozenset(
    {
        "approval.answer", "approval.reason", "case_state.reason", "closing_step.reason", "clue.informant",
        "clue.log", "clue.note", "clue.surveyor", "comparison_question.answer", "consent.signer",
        "counselling.provider", "data_request.again", "data_request.authority", "data_request.ground",
        "data_request.purpose",
        "data_request.refusal", "disclosure.alias",
        "destruction.answer", "destruction.reason", "destruction.register",
        "disclosure.sheet", "draft.data", "duty_review.note", "glass.verdict_words", "glass.words",
        "group_meeting.agenda", "group_sheet.body",
        "import_run.file_name", "import_run.problems", "ledger_line.document",
        "liaison_report.body", "liaison_report.contact", "liaison_report.person", "liaison_report.place",
        "liaison_report.told",
        "liaison_report.words", "liaison_task.body", "liaison_task.question", "liaison_task.reply",
        "list_comparison.verdicts", "misuse_question.answer", "notice.reason", "pattern_question.answer",
        "pause_spell.reason", "question.reason", "question.says",
        "receiver_notice.documents", "retention_hold.reason",
        "retention_hold.lifted_because", "revision.changes", "revision.reason",
        "rights_request.reason", "rights_request.review", "rights_request.what", "share_consent.purpose",
        "share_consent.signer", "sheet.data", "stock_move.reason", "transfer.reason", "visit_text.doctor",
    }
)  # fmt: skip
GROUPS = {name: group.name for name, group in groups_of_columns().items()}
#: What holds for the own twin: its grade is 3.
HOLDS = frozenset({Condition.RISK})
#: Pages that open something are asked as well, with a purpose; nothing else is written to.
OPENING = re.compile(r"reveal|/case/<[^/]*>$|/reach|/sheet/<[^/]*>$|/names|/search|/cases|/clues/<[^/]*>$")
MARK = re.compile(r"窃甲·([a-z_]+)·([a-z_]+)")


def sealed() -> set[str]:
    """Every sealed column of a table about somebody."""
    return {
        f"{table.name}.{column.name}"
        for table in tables()
        if table.name not in APART and "area" in table.columns
        for column in table.columns
        if isinstance(column.type, Sealed)
    }


def met(place: Range, role: Role) -> dict[str, set[str]]:
    """Which columns came back to a role, and from which addresses."""
    found: dict[str, set[str]] = defaultdict(set)
    for route in place.routes:
        if route.public or not route.may(role) or ENDING.search(route.path):
            continue
        if route.method != "GET" and not OPENING.search(route.path):
            continue
        for path in addresses(route, OWN.area, OWN.key):
            told = {"purpose": 1} if route.door == "api" else {"purpose": "1"}
            with place.send(role, route, path, told) as answer:
                text = answer.data.decode(errors="replace")
            for table, column in MARK.findall(text):
                found[f"{table}.{column}"].add(route.name)
            for word, column in (
                (OWN.id_number, "identity.id_number"),
                (OWN.phone, "identity.phone"),
                (OWN.guardian_phone, "guardian.phone"),
            ):
                if word in text:
                    found[column].add(route.name)
    return found


def more_than_the_matrix(role: Role, found: Iterable[str]) -> list[str]:
    """Columns whose group the role's row of the matrix does not tell."""
    wrong = []
    for column in sorted(found):
        group = GROUPS.get(column, OFFICE)
        if group == OFFICE:
            continue
        seen = sight(role, FieldGroup[group], HOLDS, TODAY)
        uncovered = seen.level is Level.MASKED and (
            not column.endswith((".id_number", ".phone")) or (seen.line is not None and seen.line.reveal)
        )
        if seen.level not in (Level.FULL, Level.OWN, Level.SUMMARY) and not uncovered:
            wrong.append(f"{role.name} {group} {column}")
    return wrong


def test_every_sealed_column_is_said_to_belong_to_a_group() -> None:
    """A new sealed column is told here: a group of the matrix, or a paper of the own work."""
    assert sealed() == GROUPS.keys() | PAPERS
    assert not GROUPS.keys() & PAPERS


#: The roles that see most go with `make attack`: their walk opens everything there is.
FEW = (Role.UNIT_HEAD, *sorted(RECEIVERS), Role.HEALTH_BUREAU, Role.CITY_OFFICER, Role.ADMINISTRATOR)


def test_a_role_meets_no_more_than_its_row_of_the_matrix(place: Range) -> None:
    for role in (*FEW, Role.SECURITY_ADMINISTRATOR, Role.AUDIT_ADMINISTRATOR):
        if role not in place.people:
            continue
        found = met(place, role)
        assert more_than_the_matrix(role, found) == []
        if not {Role.UNIT_HEAD, Role.POLICE} & {role}:
            # Figures, keys and logs: nothing of any person comes back to these, and nothing was disclosed.
            assert {one: found[one] for one in found if GROUPS.get(one, OFFICE) != OFFICE} == {}


@pytest.mark.attack
def test_no_role_at_all_meets_more_than_its_row_of_the_matrix(place: Range) -> None:
    for role in place.people:
        assert more_than_the_matrix(role, met(place, role)) == []


def test_the_walk_meets_what_there_is(fresh: Range) -> None:
    """The counter-proof: the police post sees what was disclosed to it, by the words of the file.

    In an installation of its own: pages of the doctor tell anew who is to be disclosed, and the twin is not.
    """
    assert met(fresh, Role.POLICE).keys() & {"identity.name", "disclosure.sheet"}


@settings(max_examples=120)
@given(
    role=st.sampled_from(sorted(RECEIVERS - {Role.REHAB_BODY} - POSTS)),
    group=st.sampled_from([FieldGroup.G5, FieldGroup.G6, FieldGroup.G7, FieldGroup.G13]),
    conditions=st.frozensets(st.sampled_from([one for one in Condition if one is not Condition.REQUEST])),
    on=st.dates(date(2024, 1, 1), date(2030, 1, 1)),
)
def test_no_set_of_conditions_tells_a_department_diagnosis_symptoms_medicine_or_notes(
    role: Role, group: FieldGroup, conditions: frozenset[Condition], on: date
) -> None:
    """Whatever holds at once: at most yes or no, or plain advice in an emergency; never the text itself."""
    allowed = {Level.NONE, Level.FLAG, Level.COUNT}
    category = (role, group) == (Role.DISABLED_FEDERATION, FieldGroup.G5) and Condition.BENEFIT in conditions
    if Condition.EMERGENCY in conditions or category:  # the category of the certificate applied for
        allowed.add(Level.SUMMARY)
    assert may_see(role, group, conditions, on) in allowed
