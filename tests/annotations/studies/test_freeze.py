"""A configuration freezes as it stands: the same again is the same version, a change is the next one."""

from annotations.models import BaseModel, Condition, Study, StudyConfiguration
from annotations.studies import lifecycle
from annotations.studies.configuration_content import configuration_digest
from tests.support.actors import SQUARE


def test_the_same_again_is_the_same_version(draft_study: Study) -> None:
    assert lifecycle.freeze(draft_study) == lifecycle.freeze(draft_study)
    assert StudyConfiguration.objects.count() == 1


def test_a_change_is_the_next_version_and_so_is_a_change_back(draft_study: Study) -> None:
    digests = []
    for goal in (0.5, 0.6, 0.5):
        draft_study.goal = goal
        draft_study.save()
        digests.append(lifecycle.freeze(draft_study).digest)
    assert list(draft_study.configurations.values_list("version", flat=True)) == [1, 2, 3]
    assert digests[0] == digests[2] != digests[1]


def test_conditions_freeze_in_their_order(draft_study: Study) -> None:
    Condition.objects.create(study=draft_study, position=2, name="with words")
    Condition.objects.create(study=draft_study, position=1, name="without words", show_suggestions=False)
    frozen = lifecycle.freeze(draft_study).data["conditions"]
    assert [(one["name"], one["show_suggestions"]) for one in frozen] == [
        ("without words", False),
        ("with words", True),
    ]


def test_codes_and_the_quota_are_no_part_of_it(draft_study: Study) -> None:
    before = lifecycle.freeze(draft_study)
    draft_study.completion_code, draft_study.quota, draft_study.alarm_email = "OTHER", 30, "a@example.org"
    draft_study.save()
    assert lifecycle.freeze(draft_study) == before


def test_a_rehearsed_draft_opens_under_the_version_that_was_rehearsed(draft_study: Study) -> None:
    draft_study.tasks.update(target_class=None)
    rehearsed = lifecycle.freeze(draft_study)
    assert lifecycle.open_study(draft_study, without_rehearsal=True).configurations.get() == rehearsed


def test_the_digest_is_known_before_anything_freezes(draft_study: Study) -> None:
    draft_study.tasks.update(target_class=None)
    digest = configuration_digest(draft_study)
    assert not StudyConfiguration.objects.exists()
    assert draft_study.tasks.get().target_class is None
    assert lifecycle.freeze(draft_study).digest == digest


def test_a_class_that_was_left_open_is_fixed_by_freezing(draft_study: Study, base_model: BaseModel) -> None:
    draft_study.tasks.update(target_class=None)
    lifecycle.freeze(draft_study)
    assert draft_study.tasks.get().target_class == SQUARE
