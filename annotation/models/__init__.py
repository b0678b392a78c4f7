"""Every table of the app, by the module that explains it."""

from annotation.models.adjudications import Adjudication
from annotation.models.annotations import Annotation, Flag
from annotation.models.assignments import Assignment, Draft
from annotation.models.checks import (
    CheckItem,
    CheckPlan,
    QualificationAttempt,
    StandingChange,
)
from annotation.models.comments import Comment, Thread
from annotation.models.conversations import Candidate, Conversation, Turn
from annotation.models.derived import DerivedAttribute
from annotation.models.item_changes import ItemChange, SavedFilter
from annotation.models.items import Completion, FrontierEntry, Item
from annotation.models.jobs import Chart, Event, Job
from annotation.models.ledger import Budget, LedgerEntry, LedgerPurpose, Reservation
from annotation.models.participants import (
    STANDING_WORDS,
    ConsentDocument,
    ConsentRecord,
    ExternalIdentity,
    Participant,
    PastSurveyAnswer,
    SurveyAnswer,
    SurveyVersion,
    Withdrawal,
)
from annotation.models.pre_annotations import MachineAnnotator, PreAnnotation
from annotation.models.projects import (
    ApiToken,
    GuidelinesVersion,
    Invitation,
    Membership,
    Project,
    QuestionsVersion,
    Role,
)
from annotation.models.protocols import ProtocolPair
from annotation.models.quotas import ItemCell, QuotaCell, QuotaHold, QuotaVersion
from annotation.models.recruitment import Enrolment, OwedPay, Recruitment
from annotation.models.review import DisagreementRun, ItemDisagreement
from annotation.models.routes import Route
from annotation.models.suggestions import Exposure, SuggestionPolicy

__all__ = [
    "STANDING_WORDS",
    "Adjudication",
    "Annotation",
    "ApiToken",
    "Assignment",
    "Budget",
    "Candidate",
    "Chart",
    "CheckItem",
    "CheckPlan",
    "Comment",
    "Completion",
    "ConsentDocument",
    "ConsentRecord",
    "Conversation",
    "DerivedAttribute",
    "DisagreementRun",
    "Draft",
    "Enrolment",
    "Event",
    "Exposure",
    "ExternalIdentity",
    "Flag",
    "FrontierEntry",
    "GuidelinesVersion",
    "Invitation",
    "Item",
    "ItemCell",
    "ItemChange",
    "ItemDisagreement",
    "Job",
    "LedgerEntry",
    "LedgerPurpose",
    "MachineAnnotator",
    "Membership",
    "OwedPay",
    "Participant",
    "PastSurveyAnswer",
    "PreAnnotation",
    "Project",
    "ProtocolPair",
    "QualificationAttempt",
    "QuestionsVersion",
    "QuotaCell",
    "QuotaHold",
    "QuotaVersion",
    "Recruitment",
    "Reservation",
    "Role",
    "Route",
    "SavedFilter",
    "StandingChange",
    "SuggestionPolicy",
    "SurveyAnswer",
    "SurveyVersion",
    "Thread",
    "Turn",
    "Withdrawal",
]
