"""Which encoders an import may name, and which of them comes first."""

from typing import Any

from annotations.datasets.encoder_choices import BUNDLED, encoder_choices
from annotations.models import Dataset
from clarify_errors.tensors.encoders.specs import BUNDLED as BUNDLED_SPEC

HEAVY = "open_clip:ViT-L-14:openai"


def embedded(dataset: Dataset, name: str, encoder: str) -> None:
    """Another data set, which an encoder embedded."""
    Dataset.objects.create(
        name=name,
        version=1,
        digest=name.ljust(64, "0"),
        directory=name,
        class_names=dataset.class_names,
        counts=dataset.counts,
        similarity_encoder=encoder,
    )


def specs() -> list[str]:
    return [spec for spec, _ in encoder_choices()]


def test_the_bundled_one_is_the_one_that_the_torch_layer_knows() -> None:
    assert BUNDLED == BUNDLED_SPEC


def test_where_nothing_was_imported_yet_the_one_that_needs_nothing_comes_first(db: None, settings: Any) -> None:
    settings.DEFAULT_SIMILARITY_ENCODER = HEAVY
    (bundled, of_bundled), (heavy, of_heavy) = encoder_choices()
    assert (bundled, heavy) == (BUNDLED, HEAVY)
    assert "needs nothing. It knows drawn shapes alone" in of_bundled
    assert "Needs its weights" in of_heavy


def test_one_that_has_worked_here_comes_before_those_that_have_not(sprites_like: Dataset, settings: Any) -> None:
    settings.DEFAULT_SIMILARITY_ENCODER = HEAVY
    assert specs() == ["python:tests.support.fake_encoder", BUNDLED, HEAVY]
    assert encoder_choices()[0] == (
        "python:tests.support.fake_encoder",
        f"python:tests.support.fake_encoder. Embedded {sprites_like} here.",
    )


def test_a_module_of_the_operator_comes_first_though_nothing_was_embedded_with_it(
    sprites_like: Dataset, settings: Any
) -> None:
    settings.DEFAULT_SIMILARITY_ENCODER = "python:my_encoder"
    assert specs() == ["python:my_encoder", "python:tests.support.fake_encoder", BUNDLED]


def test_of_those_that_have_worked_the_one_of_the_newest_data_set_is_first(
    sprites_like: Dataset, settings: Any
) -> None:
    settings.DEFAULT_SIMILARITY_ENCODER = HEAVY
    embedded(sprites_like, "birds", HEAVY)
    embedded(sprites_like, "shapes", BUNDLED)
    embedded(sprites_like, "pets", HEAVY)
    assert specs() == [HEAVY, BUNDLED, "python:tests.support.fake_encoder"]
    assert [words.split(" here.")[0] for _, words in encoder_choices()] == [
        f"{HEAVY}. Embedded pets v1",
        f"{BUNDLED}. Embedded shapes v1",
        f"python:tests.support.fake_encoder. Embedded {sprites_like}",
    ]


def test_that_the_bundled_one_is_blind_to_photographs_is_said_also_where_it_was_used(
    sprites_like: Dataset, settings: Any
) -> None:
    settings.DEFAULT_SIMILARITY_ENCODER = HEAVY
    embedded(sprites_like, "shapes", BUNDLED)
    assert "drawn shapes alone" in encoder_choices()[0][1]


def test_a_data_set_without_an_encoder_names_none(sprites_like: Dataset, settings: Any) -> None:
    settings.DEFAULT_SIMILARITY_ENCODER = BUNDLED
    embedded(sprites_like, "features", "")
    assert specs() == ["python:tests.support.fake_encoder", BUNDLED]
