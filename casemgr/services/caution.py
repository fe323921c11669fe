"""警示: what must be seen before anything is prescribed for or said to a person — allergies, 不要联系."""

from __future__ import annotations

from dataclasses import dataclass, field

from casemgr.rules.access import Action
from casemgr.services.use_case import use_case
from casemgr.store.identity import open_texts
from casemgr.store.queries import state as queries
from casemgr.store.work import Work
from casemgr.terms.code import from_mask
from casemgr.terms.person import NoContact
from casemgr.terms.resident import Allergy

PURPOSE = "诊疗查阅"


@dataclass(frozen=True, slots=True)
class Caution:
    """``allergies`` in words, empty when none is known; ``asked``: whether anybody has asked about them."""

    allergies: str = field(default="", repr=False)
    asked: bool = False
    no_contact: frozenset[NoContact] = frozenset()
    note: str = field(default="", repr=False)

    @property
    def person(self) -> bool:
        """Whether the person's own telephone is not to be called."""
        return NoContact.PERSON in self.no_contact

    @property
    def guardian(self) -> bool:
        """Whether the guardian's telephone is not to be called."""
        return NoContact.GUARDIAN in self.no_contact


@use_case(Action.CASE_READ)
def of_case(work: Work, case_id: int) -> Caution:
    """The warnings of one file, nothing out of reach; texts are opened only where there are any."""
    row = queries.supplement(work, case_id)
    if row is None:
        return Caution()
    told = from_mask(Allergy, row.allergies)
    texts = dict.fromkeys(("allergy_other", "no_contact_note"), "")
    sealed = {name: getattr(row, name) for name in texts if getattr(row, name) is not None}
    if sealed:
        values = [(case_id, value) for value in sealed.values()]
        texts |= dict(zip(sealed, open_texts(work, "Supplement", values, PURPOSE, case_id), strict=True))
    words = [one.label for one in told if one not in (Allergy.NONE, Allergy.OTHER)]
    if Allergy.OTHER in told:
        words.append(texts["allergy_other"] or Allergy.OTHER.label)
    return Caution(
        "、".join(words),
        row.allergies is not None,
        frozenset(from_mask(NoContact, row.no_contact)),
        texts["no_contact_note"],
    )
