"""The rows of Clarify. What must never be false of them is a database constraint; what spans several is a service."""

from annotations.models.allocation import HOLDING, Allocation, AllocationState
from annotations.models.assignment import Assignment, AssignmentState, EndReason
from annotations.models.condition import Condition
from annotations.models.configuration import StudyConfiguration
from annotations.models.correction import Correction, CorrectionPart, Review
from annotations.models.dataset import BaseModel, BaseModelOrigin, Dataset
from annotations.models.event import Event
from annotations.models.image_search import ImageIndex, ImageSearch
from annotations.models.invitation import Invitation, InvitationState
from annotations.models.jobs import (
    UNFINISHED,
    Benchmark,
    DatasetImport,
    ImportShard,
    JobState,
    Licence,
    Rehearsal,
    Release,
    StudyAnalysis,
    WorkerHeartbeat,
)
from annotations.models.participant import (
    UNCOUNTED,
    AnnotationSession,
    EntryVerification,
    Outcome,
    Participant,
    SessionKind,
    Stage,
)
from annotations.models.payment import SETTLED, UNDER_WAY, BatchState, Payment, PaymentBatch
from annotations.models.phrase import Moderation, Phrase, PhraseState, Score
from annotations.models.pool import ClassBy, GatheredTraining, Gathering, GatheringPart, ImageReview, Pool, Verdict
from annotations.models.reply import Judgement, JudgementAnswer, Reply, ReplyKind, ThresholdChoice
from annotations.models.run import Control, RandomSlices, RandomSliceScores, Run, RunState
from annotations.models.scheme import Scheme
from annotations.models.span import Span, SpanKind
from annotations.models.staff import AccessToken, Alarm, AuditRecord, Role, StudyMember, TotpDevice
from annotations.models.study import OPEN_STATES, Audience, KeywordDisplay, RestartRule, Study, StudyState, TaskOrder
from annotations.models.submission import (
    ForgottenSubmission,
    IdentityKey,
    ProlificRequest,
    Reconciliation,
    RequestState,
    StudyOnProlific,
    Submission,
    WebhookDelivery,
)
from annotations.models.task import Task
from annotations.models.visit import CheckAttempt, Consent, DeviceReport, EndAnswer, PracticePhrase
from annotations.models.vocabulary_level import KeywordRanking, VocabularyLevel
