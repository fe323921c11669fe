"""投递的样子: fitting bodies of everything a phone may send, and how an answer is read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.api.conftest import Answer, Caller
from tests.conftest import TODAY
from tests.services.people import number_of

DAY = TODAY.isoformat()
#: For times of a day, which are over whenever the tests run.
EVE = (TODAY - timedelta(days=1)).isoformat()
NUMBER = number_of(1)
BORN = f"{NUMBER[6:10]}-{NUMBER[10:12]}-{NUMBER[12:14]}"
SEX = 1 if int(NUMBER[16]) % 2 else 2

CLUE = {"id": "c-1", "name": "钱试验", "source": 2, "found_on": DAY, "signs": [5, 6]}
INCIDENT = {"id": "i-1", "on": DAY, "kind": 1, "done": [1], "others_hurt": False}
LOCK_UP = {"id": "l-1", "known_on": DAY, "plan": "三日内与村委会一起上门解除"}
EMERGENCY = {"id": "e-1", "reported_at": f"{EVE}T08:00:00+08:00"}
REFERRAL = {"id": "r-1", "direction": 1, "advised_on": DAY, "reason": "症状波动", "target": "县精神卫生中心"}
ATTEMPT = {"id": "a-1", "result": 3, "way": 1, "note": "两次无人接听"}
CARD = {
    "source": 1,
    "outpatient_no": "M1",
    "report_reason": 1,
    "name": "赵试验",
    "sex": SEX,
    "birth_on": BORN,
    "document_kind": 1,
    "id_number": NUMBER,
    "ethnicity": 1,
    "household": 2,
    "education": 7,
    "marriage": 1,
    "employment": 3,
    "diagnosed_at": "示例县精神卫生中心",
    "diagnosed": "2026-11-10",
    "diagnosis": 1,
    "icd10": "F20",
    "doctor": "张医师",
    "on": "2026-11-11",
    "past_acts": [7],
    "contact_name": "赵监护",
    "drug_not_needed": True,
}
NOTICE = {"id": "n-1", "kind": 1, "received_on": "2026-11-16", "data": CARD}
PERSON = {
    "name": "赵试验",
    "sex": SEX,
    "id_number": NUMBER,
    "birth_on": BORN,
    "phone": "10000000001",
    "domicile": "示例县东镇第1村1号",
    "residence": "1号",
    "guardian_name": "赵监护",
    "relation": 5,
    "guardian_phone": "10000000002",
    "diagnosis": 1,
    "icd10": "F20.0",
    "diagnosed_at": "示例县精神卫生中心",
    "diagnosed": "2026-11-10",
    "onset": "2026",
    "past_confinement": 1,
    "past_acts": [7],
    "article30": False,
    "ground": 2,
    "consent": 1,
    "consent_on": "2026-11-20",
    "signer": "赵监护",
    "registered_on": DAY,
}


def told(answer: Answer) -> tuple[str, dict[str, Any]]:
    """The word of an answer, and all of it."""
    assert answer.status == 200, answer.document
    return answer.document["answer"], answer.document


def kept(answer: Answer) -> str:
    """The key of what was accepted."""
    word, document = told(answer)
    assert word == "accepted", document
    found: str = document["key"]
    return found


def version(caller: Caller, path: str) -> int:
    """The version of what stands at an address."""
    found: int = caller.get(path).document["version"]
    return found
