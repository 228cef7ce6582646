from clarify_errors.arrays.sprites.attributes import VALUES
from tests.modeling.tensors.encoders.small_clip.auroc_table import Row, captions, format_table


def test_the_phrases_speak_of_values_that_sprites_have() -> None:
    for _, caption in captions():
        for name, allowed in caption.allows.items():
            assert allowed < set(VALUES[name]), caption.text


def test_the_table_ends_with_the_least_of_each_column() -> None:
    table = format_table([Row("colour", "red", 0.99, 0.97), Row("shape", "box", 0.96, 0.98)])
    assert table.splitlines()[-1].split() == ["least", "0.960", "0.970"]
