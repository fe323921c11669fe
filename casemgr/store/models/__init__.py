"""表: the tables, one noun a file; importing this package registers all of them."""

from casemgr.store.models.access import Glass, MatrixLoosening
from casemgr.store.models.account import Account, ApiToken, LoginAttempt, LoginSession
from casemgr.store.models.approval import Approval, OpenedPerson
from casemgr.store.models.area import Area, Unit
from casemgr.store.models.area_fact import AreaFact
from casemgr.store.models.attempt import Attempt
from casemgr.store.models.audit import AuditAnchor, AuditEntry, AuditSubject
from casemgr.store.models.checkup import Checkup
from casemgr.store.models.clue import Clue
from casemgr.store.models.contact import ContactLine
from casemgr.store.models.counselling import Counselling
from casemgr.store.models.duty import Duty, SavedFilter, StandIn
from casemgr.store.models.edition import EditionEntry
from casemgr.store.models.emergency import Emergency
from casemgr.store.models.exchange import ImportRun
from casemgr.store.models.fair_play import PatternQuestion
from casemgr.store.models.followup import DrugLine, Visit, VisitText
from casemgr.store.models.incident import Incident, LockUp
from casemgr.store.models.indicator import (
    ClosedDifference,
    ClosedFigure,
    ClosedVerdicts,
    ClosingStep,
    MonthClose,
)
from casemgr.store.models.injection import Dose, ProductLabel
from casemgr.store.models.job import JobRun
from casemgr.store.models.keys import KeyGeneration, ResealProgress
from casemgr.store.models.liaison import (
    Disclosure,
    GroupSheet,
    LedgerLine,
    LiaisonPledge,
    LiaisonReport,
    LiaisonTask,
)
from casemgr.store.models.medicine import (
    Dispensing,
    DrugEntry,
    NoMedicine,
    RegimenLine,
    StockLot,
    StockMove,
)
from casemgr.store.models.misuse import MisuseQuestion, StaffHome
from casemgr.store.models.monitoring import DrugWatch, LabResult
from casemgr.store.models.notice import Notice
from casemgr.store.models.person import Guardian, Identity, Person
from casemgr.store.models.post import HospitalCare, Post, PostVillage
from casemgr.store.models.question import Question
from casemgr.store.models.referral import Referral
from casemgr.store.models.register import Case, CaseState, Consent, PauseSpell, Supplement
from casemgr.store.models.rehab import RehabSession
from casemgr.store.models.report import Agency, Report, ReportFile
from casemgr.store.models.retention import (
    AuditArchive,
    DestroyedFile,
    Destruction,
    RetentionCount,
    RetentionHold,
)
from casemgr.store.models.rights import ReceiverNotice, RightsRequest
from casemgr.store.models.sharing import (
    BenefitClaim,
    ComparisonQuestion,
    DataRequest,
    DutyReview,
    GroupMeeting,
    ImpactNote,
    ListComparison,
    RequestPerson,
    ShareConsent,
)
from casemgr.store.models.sheet import Draft, Envelope, Revision, Sheet
from casemgr.store.models.sign_in import EntryCode, RecoveryCode, SecondFactor
from casemgr.store.models.transfer import Transfer

__all__ = [
    "Account",
    "Agency",
    "ApiToken",
    "Approval",
    "Area",
    "AreaFact",
    "Attempt",
    "AuditAnchor",
    "AuditArchive",
    "AuditEntry",
    "AuditSubject",
    "BenefitClaim",
    "Case",
    "CaseState",
    "Checkup",
    "ClosedDifference",
    "ClosedFigure",
    "ClosedVerdicts",
    "ClosingStep",
    "Clue",
    "ComparisonQuestion",
    "Consent",
    "ContactLine",
    "Counselling",
    "DataRequest",
    "DestroyedFile",
    "Destruction",
    "Disclosure",
    "Dispensing",
    "Dose",
    "Draft",
    "DrugEntry",
    "DrugLine",
    "DrugWatch",
    "Duty",
    "DutyReview",
    "EditionEntry",
    "Emergency",
    "EntryCode",
    "Envelope",
    "Glass",
    "GroupMeeting",
    "GroupSheet",
    "Guardian",
    "HospitalCare",
    "Identity",
    "ImpactNote",
    "ImportRun",
    "Incident",
    "JobRun",
    "KeyGeneration",
    "LabResult",
    "LedgerLine",
    "LiaisonPledge",
    "LiaisonReport",
    "LiaisonTask",
    "ListComparison",
    "LockUp",
    "LoginAttempt",
    "LoginSession",
    "MatrixLoosening",
    "MisuseQuestion",
    "MonthClose",
    "NoMedicine",
    "Notice",
    "OpenedPerson",
    "PatternQuestion",
    "PauseSpell",
    "Person",
    "Post",
    "PostVillage",
    "ProductLabel",
    "Question",
    "ReceiverNotice",
    "RecoveryCode",
    "Referral",
    "RegimenLine",
    "RehabSession",
    "Report",
    "ReportFile",
    "RequestPerson",
    "ResealProgress",
    "RetentionCount",
    "RetentionHold",
    "Revision",
    "RightsRequest",
    "SavedFilter",
    "SecondFactor",
    "ShareConsent",
    "Sheet",
    "StaffHome",
    "StandIn",
    "StockLot",
    "StockMove",
    "Supplement",
    "Transfer",
    "Unit",
    "Visit",
    "VisitText",
]
