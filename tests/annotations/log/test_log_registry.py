"""The registry of what the log tells of: no table, no column and no erasure that it forgets."""

from collections import Counter
from collections.abc import Iterable, Mapping

import pytest
from django.apps import apps
from django.db.models import Model

from annotations.log.log_registry import TABLES, LoggedTable
from annotations.models import (
    AccessToken,
    Alarm,
    AuditRecord,
    BaseModel,
    Benchmark,
    Control,
    Dataset,
    DatasetImport,
    Event,
    ForgottenSubmission,
    GatheredTraining,
    Gathering,
    GatheringPart,
    IdentityKey,
    ImageIndex,
    ImageReview,
    ImageSearch,
    ImportShard,
    Invitation,
    KeywordRanking,
    Payment,
    PaymentBatch,
    Pool,
    ProlificRequest,
    RandomSlices,
    RandomSliceScores,
    Reconciliation,
    Rehearsal,
    Release,
    Study,
    StudyAnalysis,
    StudyMember,
    StudyOnProlific,
    Submission,
    TotpDevice,
    VocabularyLevel,
    WebhookDelivery,
    WorkerHeartbeat,
)
from annotations.models.study import AMENDABLE
from annotations.studies.configuration_content import FROZEN_STUDY_FIELDS

# The tables that the log does not tell of, by the reason.
NOT_LOGGED: Mapping[str, Iterable[type[Model]]] = {
    "the log itself, its keys, and the other log": (Event, IdentityKey, AuditRecord),
    "what studies stand on, imported and known by digests; the frozen configuration names these": (
        Dataset,
        BaseModel,
        Control,
        RandomSlices,
        RandomSliceScores,
        VocabularyLevel,
        Benchmark,
        KeywordRanking,
        DatasetImport,
        Pool,
    ),
    "the ledgers of Prolific and of money, which have logs of their own and are in no table of results": (
        Submission,
        ForgottenSubmission,
        ProlificRequest,
        Reconciliation,
        StudyOnProlific,
        WebhookDelivery,
        Payment,
        PaymentBatch,
    ),
    "what staff do with results; the audit log says who asked, and files hold the rest": (
        Gathering,
        GatheringPart,
        ImageReview,
        GatheredTraining,
    ),
    "no result, or computed from results": (
        AccessToken,
        Alarm,
        ImageIndex,
        ImageSearch,
        ImportShard,
        Invitation,
        Rehearsal,
        Release,
        StudyAnalysis,
        StudyMember,
        TotpDevice,
        WorkerHeartbeat,
    ),
}


def test_every_table_is_told_of_or_left_out_for_a_reason() -> None:
    named = Counter(
        [*(table.model for table in TABLES), *(model for models in NOT_LOGGED.values() for model in models)]
    )
    assert named.keys() == set(apps.get_app_config("annotations").get_models())
    assert set(named.values()) == {1}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_is_told_of_or_left_out_for_a_reason(table: LoggedTable) -> None:
    told = {path.partition("__")[0] for path in (*table.paths, table.of_study)}
    left_out = {name for names in table.left_out.values() for name in names.split()}
    if table.model is Study:  # in the configuration's data, or in the audit log
        left_out |= {*FROZEN_STUDY_FIELDS, *AMENDABLE} - table.plain.keys()
    own_id = {"id"}  # what points to a row points to its key
    fields = {field.name: field for field in table.model._meta.concrete_fields}
    known = {name for name, field in fields.items() if {name, field.attname} & (told | left_out)}
    assert fields.keys() - known - own_id == set()
    assert left_out <= fields.keys()
    assert not left_out & {*table.plain, *table.personal}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_name_in_the_log_means_one_thing(table: LoggedTable) -> None:
    assert not table.plain.keys() & table.personal.keys()
    assert "visit" not in {*table.plain, *table.personal}
    assert set(table.digests) <= table.personal.keys()
    assert bool(table.told_once) <= ("state" in table.plain)
