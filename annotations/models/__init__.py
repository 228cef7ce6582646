"""The rows of Clarify. What must never be false of them is a database constraint; what spans several is a service."""

from annotations.models.access_token import AccessToken
from annotations.models.allocation import HOLDING, Allocation, AllocationState
from annotations.models.assignment import Assignment, AssignmentState, EndReason
from annotations.models.base_model import BaseModel, BaseModelOrigin
from annotations.models.benchmark import Benchmark
from annotations.models.condition import Condition
from annotations.models.configuration import StudyConfiguration
from annotations.models.control import Control
from annotations.models.correction import Correction, CorrectionPart, Review
from annotations.models.dataset import Dataset
from annotations.models.event import Event
from annotations.models.image_search import ImageIndex, ImageSearch
from annotations.models.jobs import UNFINISHED, DatasetImport, JobState, Licence, Rehearsal, Release
from annotations.models.judgement import Judgement, JudgementAnswer
from annotations.models.keyword_display import KeywordDisplay
from annotations.models.keyword_ranking import KeywordRanking
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
from annotations.models.random_slices import RandomSlices, RandomSliceScores
from annotations.models.reply import Reply, ReplyKind
from annotations.models.run import Run, RunState
from annotations.models.span import Span, SpanKind
from annotations.models.staff import Alarm, AuditRecord, Role, StudyMember
from annotations.models.study import OPEN_STATES, Audience, RestartRule, Study, StudyState, TaskOrder
from annotations.models.study_analysis import StudyAnalysis
from annotations.models.study_on_prolific import StudyOnProlific
from annotations.models.submission import (
    ForgottenSubmission,
    IdentityKey,
    ProlificRequest,
    Reconciliation,
    RequestState,
    Submission,
    WebhookDelivery,
)
from annotations.models.task import Task
from annotations.models.threshold_choice import ThresholdChoice
from annotations.models.totp_device import TotpDevice
from annotations.models.visit import CheckAttempt, Consent, DeviceReport, EndAnswer, PracticePhrase
from annotations.models.vocabulary_level import VocabularyLevel
from annotations.models.worker_heartbeat import WorkerHeartbeat
