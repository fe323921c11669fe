"""权限: who may do what, and over which areas (角色、辖区)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from casemgr.terms.account import Role
from casemgr.terms.area import span_of

__all__ = ["COVERED_NUMBERS", "KEEPERS", "POSTS", "RECEIVERS", "ROLE_ACTIONS", "Access", "Action", "Role"]


class Action(Enum):
    """Everything a person or a job can do, as ``noun:verb``.

    ``writes`` says whether the unit of work must take the writer's place from the start: whatever
    changes rows, and whatever opens a sealed value (the audit entry is a write).
    """

    ACCESS_APPROVE = "access:approve", True
    ACCESS_CHANGE = "access:change", True
    ACCESS_READ = "access:read", False
    ACCOUNT_CERTIFY = "account:certify", True
    ACCOUNT_ADMIT = "account:admit", True
    ACCOUNT_LIST = "account:list", False
    ACCOUNT_MANAGE = "account:manage", True
    ACCOUNT_SIGN_IN = "account:sign-in", True
    AREA_READ = "area:read", False
    AREA_WRITE = "area:write", True
    AUDIT_LIST = "audit:list", True
    AUDIT_READ = "audit:read", False
    AUDIT_VERIFY = "audit:verify", False
    BACKUP_MANAGE = "backup:manage", True
    CASE_LIST = "case:list", False
    CASE_READ = "case:read", True
    CASE_SEARCH = "case:search", True
    CLUE_READ = "clue:read", True
    CLUE_WRITE = "clue:write", True
    DEMO_LOAD = "demo:load", True
    DRAFT_WRITE = "draft:write", True
    DUTY_ASSIGN = "duty:assign", True
    DUTY_READ = "duty:read", False
    EVENT_WRITE = "event:write", True
    EXCHANGE_EXPORT = "exchange:export", True
    EXCHANGE_IMPORT = "exchange:import", True
    EXCHANGE_PREVIEW = "exchange:preview", True
    EXPORT_APPROVE = "export:approve", True
    FOLLOWUP_CONFIRM = "followup:confirm", True
    FOLLOWUP_RECORD = "followup:record", True
    FORM_PRINT = "form:print", True
    GLASS_BREAK = "glass:break", True
    GLASS_REVIEW = "glass:review", True
    IDENTITY_REVEAL = "identity:reveal", True
    FILTER_WRITE = "filter:write", True
    INDICATOR_CLOSE = "indicator:close", True
    INDICATOR_READ = "indicator:read", False
    INJECTION_READ = "injection:read", True
    INJECTION_WRITE = "injection:write", True
    JOB_READ = "job:read", False
    JOB_RUN = "job:run", True
    KEYS_MANAGE = "keys:manage", True
    LIAISON_MANAGE = "liaison:manage", True
    LIAISON_REPORT = "liaison:report", True
    LIAISON_VIEW = "liaison:view", True
    MEDICINE_READ = "medicine:read", True
    MEDICINE_WRITE = "medicine:write", True
    MISUSE_ANSWER = "misuse:answer", True
    MISUSE_READ = "misuse:read", True
    MONITORING_READ = "monitoring:read", True
    MONITORING_WRITE = "monitoring:write", True
    NOTICE_READ = "notice:read", True
    NOTICE_WRITE = "notice:write", True
    PATTERN_READ = "pattern:read", True
    PATTERN_WRITE = "pattern:write", True
    POST_MANAGE = "post:manage", True
    PRODUCT_WRITE = "product:write", True
    REGISTER_WRITE = "register:write", True
    REPORT_ISSUE = "report:issue", True
    REPORT_READ = "report:read", False
    REPORT_VERIFY = "report:verify", False
    RETENTION_LIST = "retention:list", False
    RETENTION_READ = "retention:read", True
    RETENTION_RUN = "retention:run", True
    RETENTION_WRITE = "retention:write", True
    RIGHTS_READ = "rights:read", True
    RIGHTS_WRITE = "rights:write", True
    SHARING_READ = "sharing:read", True
    SHARING_WRITE = "sharing:write", True
    TRANSFER_READ = "transfer:read", True
    TRANSFER_WRITE = "transfer:write", True

    def __init__(self, code: str, writes: bool) -> None:
        self.code = code
        self.writes = writes


#: Everybody signs in, signs out, looks at the own sessions and changes the own password.
_OWN_ACCOUNT = frozenset({Action.ACCOUNT_SIGN_IN})
_DOCTOR = _OWN_ACCOUNT | frozenset(
    {
        Action.ACCESS_READ,
        Action.AREA_READ,
        Action.CASE_LIST,
        Action.CASE_READ,
        Action.CASE_SEARCH,
        Action.IDENTITY_REVEAL,
        Action.EXCHANGE_IMPORT,
        Action.EXCHANGE_PREVIEW,
        Action.EXCHANGE_EXPORT,
        Action.INDICATOR_READ,
        Action.REPORT_READ,
        Action.REPORT_VERIFY,
        Action.CLUE_READ,
        Action.CLUE_WRITE,
        Action.DRAFT_WRITE,
        Action.DUTY_ASSIGN,
        Action.DUTY_READ,
        Action.EVENT_WRITE,
        Action.FILTER_WRITE,
        Action.FOLLOWUP_CONFIRM,
        Action.FOLLOWUP_RECORD,
        Action.FORM_PRINT,
        Action.INJECTION_READ,
        Action.INJECTION_WRITE,
        Action.LIAISON_MANAGE,
        Action.MEDICINE_READ,
        Action.MEDICINE_WRITE,
        Action.MONITORING_READ,
        Action.MONITORING_WRITE,
        Action.NOTICE_READ,
        Action.NOTICE_WRITE,
        Action.PATTERN_READ,
        Action.PATTERN_WRITE,
        Action.REGISTER_WRITE,
        Action.RIGHTS_READ,
        Action.RIGHTS_WRITE,
        Action.SHARING_READ,
        Action.SHARING_WRITE,
        Action.TRANSFER_READ,
        Action.TRANSFER_WRITE,
    }
)
_TOWNSHIP = _DOCTOR | {Action.GLASS_BREAK}
_COUNTY = _DOCTOR | {
    Action.ACCESS_APPROVE,
    Action.ACCOUNT_ADMIT,
    Action.AREA_WRITE,
    Action.INDICATOR_CLOSE,
    Action.POST_MANAGE,
    Action.PRODUCT_WRITE,
    Action.REPORT_ISSUE,
    Action.JOB_READ,
    Action.JOB_RUN,
    Action.AUDIT_READ,
    Action.GLASS_REVIEW,
    Action.MISUSE_ANSWER,
    Action.MISUSE_READ,
    Action.EXPORT_APPROVE,
    Action.RETENTION_LIST,
    Action.RETENTION_READ,
    Action.RETENTION_WRITE,
}
#: Reads people as the doctors of the unit do and answers for them; writes no visit, prints nothing.
_UNIT_HEAD = _OWN_ACCOUNT | frozenset(
    {
        Action.ACCESS_READ,
        Action.AREA_READ,
        Action.CASE_LIST,
        Action.CASE_READ,
        Action.CASE_SEARCH,
        Action.DUTY_ASSIGN,
        Action.DUTY_READ,
        Action.EXPORT_APPROVE,
        Action.FILTER_WRITE,
        Action.GLASS_BREAK,
        Action.GLASS_REVIEW,
        Action.IDENTITY_REVEAL,
        Action.INDICATOR_READ,
        Action.INJECTION_READ,
        Action.MEDICINE_READ,
        Action.MISUSE_ANSWER,
        Action.MISUSE_READ,
        Action.MONITORING_READ,
        Action.PATTERN_READ,
        Action.REPORT_READ,
        Action.REPORT_VERIFY,
        # The head answers for the clock of requests: reads them and who has looked, decides none.
        Action.RIGHTS_READ,
    }
)
#: Figures and papers about areas; no person, no list of people.
_FIGURES = _OWN_ACCOUNT | frozenset(
    {
        Action.ACCESS_READ,
        Action.AREA_READ,
        Action.INDICATOR_READ,
        Action.REPORT_READ,
        Action.REPORT_VERIFY,
    }
)
_BUREAU = _FIGURES | {Action.ACCESS_APPROVE}
_ADMINISTRATOR = _OWN_ACCOUNT | frozenset(
    {
        Action.ACCESS_READ,
        Action.ACCOUNT_ADMIT,
        Action.ACCOUNT_CERTIFY,
        Action.ACCOUNT_LIST,
        Action.ACCOUNT_MANAGE,
        Action.AREA_READ,
        Action.AUDIT_READ,
        Action.AUDIT_VERIFY,
        Action.JOB_READ,
        Action.JOB_RUN,
        Action.REPORT_VERIFY,
        Action.RETENTION_LIST,
    }
)

_SECURITY = _OWN_ACCOUNT | frozenset(
    {
        Action.ACCESS_CHANGE,
        Action.ACCESS_READ,
        Action.ACCOUNT_CERTIFY,
        Action.AREA_READ,
        Action.REPORT_VERIFY,
        Action.RETENTION_LIST,
    }
)
_AUDIT = _OWN_ACCOUNT | frozenset(
    {
        Action.ACCESS_READ,
        Action.AUDIT_LIST,
        Action.AUDIT_READ,
        Action.AUDIT_VERIFY,
        Action.REPORT_VERIFY,
        Action.RETENTION_LIST,
    }
)

#: Village doctors and treating hospitals: their limit is a post, narrower than any area.
POSTS = frozenset({Role.VILLAGE_DOCTOR, Role.HOSPITAL})

#: Roles with a window of their own: they reach what was disclosed to them and nothing else.
RECEIVERS = POSTS | frozenset(
    {
        Role.POLICE,
        Role.CIVIL_AFFAIRS,
        Role.DISABLED_FEDERATION,
        Role.POLITICAL_LEGAL,
        Role.REHAB_BODY,
    }
)

_RECEIVER = _OWN_ACCOUNT | {Action.LIAISON_REPORT, Action.LIAISON_VIEW}

#: Which role may do what; an action not listed is refused. Administrators see no patient data.
ROLE_ACTIONS: dict[Role, frozenset[Action]] = {
    Role.TOWNSHIP_DOCTOR: frozenset(_TOWNSHIP),
    Role.COUNTY_OFFICER: frozenset(_COUNTY),
    Role.UNIT_HEAD: _UNIT_HEAD,
    Role.HEALTH_BUREAU: frozenset(_BUREAU),
    Role.CITY_OFFICER: _FIGURES,
    Role.ADMINISTRATOR: _ADMINISTRATOR,
    Role.SECURITY_ADMINISTRATOR: _SECURITY,
    Role.AUDIT_ADMINISTRATOR: _AUDIT,
    **dict.fromkeys(RECEIVERS, _RECEIVER),
    Role.SYSTEM: frozenset(Action),
}

#: Who runs the accounts, who says what may be seen, who reads the audit: three different people (三员分设).
KEEPERS = frozenset({Role.ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR, Role.AUDIT_ADMINISTRATOR})

#: Whose accounts may have tokens for programs: who works with files or figures. Keepers and other departments
#: have pages alone.
WITH_TOKENS = frozenset(
    {Role.TOWNSHIP_DOCTOR, Role.COUNTY_OFFICER, Role.UNIT_HEAD, Role.HEALTH_BUREAU, Role.CITY_OFFICER}
)

#: Who sees id numbers covered in the middle wherever they are opened (matrix, row of the head of a unit).
COVERED_NUMBERS = frozenset({Role.UNIT_HEAD})


@dataclass(frozen=True, slots=True)
class Access:
    """What one actor may do and see, frozen when the work begins.

    ``low <= area < high`` are the rows within reach; an empty range reaches nothing. ``post`` narrows the
    access of a village doctor or a hospital to what is there for this post.
    """

    actor: int
    label: str
    role: Role
    low: int = 0
    high: int = 0
    request: str = ""
    post: int = 0

    @classmethod
    def over(
        cls, actor: int, label: str, role: Role, area: int | None, request: str = "", post: int = 0
    ) -> Access:
        """The access of an account whose subtree begins at ``area``; no area reaches nothing.

        A role that works for a post reaches nothing without one.
        """
        if area is None or role in KEEPERS or (role in POSTS and not post):
            return cls(actor, label, role, 0, 0, request)
        low, high = span_of(area)
        return cls(actor, label, role, low, high, request, post if role in POSTS else 0)

    @classmethod
    def system(cls, purpose: str, area: int | None = None) -> Access:
        """The access of a job, audited as ``job:purpose``; over everything unless an area is given."""
        low, high = (0, 10**12) if area is None else span_of(area)
        return cls(0, f"job:{purpose}", Role.SYSTEM, low, high, "")

    @property
    def for_receiver(self) -> bool:
        """Whether this is the access of another department, a village doctor or a hospital."""
        return self.role in RECEIVERS

    @property
    def desk(self) -> int:
        """To whom of its role rows are addressed: the post, or where an area is enough, the area."""
        return self.post or self.low

    def may(self, action: Action) -> bool:
        """Whether the role is allowed to do ``action``."""
        return action in ROLE_ACTIONS.get(self.role, frozenset())

    def reaches(self, area: int) -> bool:
        """Whether a row of ``area`` lies inside the subtree of this access."""
        return self.low <= area < self.high
