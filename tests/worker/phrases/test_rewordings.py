import pytest

from annotations.models import Dataset, Score, Study
from annotations.phrases import level_storage as vocabulary_levels
from clarify_errors.arrays.phrases.word_forms import vocabulary
from tests.support.actors import ENCODER, Visit
from tests.support.fake_encoder import FakeEncoder
from tests.support.steps import submit_and_score
from worker.common import process_cache
from worker.phrases import rewordings as rewording
from worker.phrases.scoring import score_missing_vocabularies


@pytest.fixture
def suggesting(alice: Visit) -> Visit:
    Study.objects.update(suggest_rewordings=True)
    return alice


def test_the_nearest_phrases_of_the_vocabulary_are_stored_with_the_score(suggesting: Visit) -> None:
    (phrase,) = submit_and_score(suggesting, "dark")
    suggested = phrase.score.rewordings
    assert len(suggested) == rewording.MAX_REWORDINGS
    assert all("dark" in other for other in suggested)
    assert "dark" not in suggested
    assert set(suggested) <= set(vocabulary())


def test_the_class_itself_is_not_suggested(suggesting: Visit) -> None:
    (phrase,) = submit_and_score(suggesting, "square shape")
    assert "square" not in phrase.score.rewordings


def test_where_the_study_does_not_suggest_any_none_are_looked_for(alice: Visit) -> None:
    submit_and_score(alice, "dark")
    assert Score.objects.get().rewordings == []


def test_the_vocabulary_is_embedded_once_before_anybody_waits(
    suggesting: Visit, sprites_like: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    rewording.embedded.cache_clear()
    batches: list[int] = []

    class Counting(FakeEncoder):
        def encode_texts(self, texts):
            batches.append(len(texts))
            return super().encode_texts(texts)

    monkeypatch.setattr(process_cache, "encoder", lambda spec: Counting())
    monkeypatch.setattr(vocabulary_levels, "lacking", list)
    score_missing_vocabularies()
    assert sum(batches) == len(vocabulary())
    score_missing_vocabularies()
    assert rewording.embedded(ENCODER, suggesting.assignment.task.text_template).shape[0] == sum(batches)
    rewording.embedded.cache_clear()
