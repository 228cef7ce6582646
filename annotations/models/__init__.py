"""The rows of Clarify. What must never be false of them is a database constraint; what spans several is a service."""

from annotations.models.assignment import Assignment, AssignmentState, EndReason
from annotations.models.base_model import BaseModel, BaseModelOrigin
from annotations.models.dataset import Dataset
from annotations.models.event import Event
from annotations.models.judgement import Judgement, JudgementAnswer
from annotations.models.participant import AnnotationSession, Entry, Outcome, Participant, Stage
from annotations.models.phrase import Phrase, PhraseState, Score
from annotations.models.run import Run, RunState
from annotations.models.span import Span, SpanKind
from annotations.models.study import Study, StudyConfiguration, StudyState, Task
from annotations.models.threshold_choice import ThresholdChoice
from annotations.models.visit import CheckAttempt, Consent, DeviceReport, EndAnswer, PracticePhrase

__all__ = [
    "AnnotationSession",
    "Assignment",
    "AssignmentState",
    "BaseModel",
    "BaseModelOrigin",
    "CheckAttempt",
    "Consent",
    "Dataset",
    "DeviceReport",
    "EndAnswer",
    "EndReason",
    "Entry",
    "Event",
    "Judgement",
    "JudgementAnswer",
    "Outcome",
    "Participant",
    "Phrase",
    "PhraseState",
    "PracticePhrase",
    "Run",
    "RunState",
    "Score",
    "Span",
    "SpanKind",
    "Stage",
    "Study",
    "StudyConfiguration",
    "StudyState",
    "Task",
    "ThresholdChoice",
]
