"""表: the tables, one noun a file; importing this package registers all of them."""

from casemgr.store.models.account import Account, ApiToken, LoginAttempt, LoginSession
from casemgr.store.models.area import Area, Unit
from casemgr.store.models.audit import AuditAnchor, AuditEntry, AuditSubject
from casemgr.store.models.checkup import Checkup
from casemgr.store.models.exchange import ImportRun
from casemgr.store.models.followup import DrugLine, Visit, VisitText
from casemgr.store.models.indicator import ClosedFigure, ClosedVerdicts, MonthClose
from casemgr.store.models.injection import Dose
from casemgr.store.models.job import JobRun
from casemgr.store.models.person import Guardian, Identity, Person
from casemgr.store.models.register import Case, CaseState, Consent, Supplement
from casemgr.store.models.rehab import RehabSession
from casemgr.store.models.report import Report

__all__ = [
    "Account",
    "ApiToken",
    "Area",
    "AuditAnchor",
    "AuditEntry",
    "AuditSubject",
    "Case",
    "CaseState",
    "Checkup",
    "ClosedFigure",
    "ClosedVerdicts",
    "Consent",
    "Dose",
    "DrugLine",
    "Guardian",
    "Identity",
    "ImportRun",
    "JobRun",
    "LoginAttempt",
    "LoginSession",
    "MonthClose",
    "Person",
    "RehabSession",
    "Report",
    "Supplement",
    "Unit",
    "Visit",
    "VisitText",
]
