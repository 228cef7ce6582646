import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarify_errors.arrays.common.modeling_errors import BadTemplate
from clarify_errors.arrays.common.safe_text import is_safe
from clarify_errors.arrays.phrases.phrase_text import (
    MAX_PHRASE_LENGTH,
    check_template,
    normalise,
    refusal,
    render,
    split_negation,
)

TEMPLATE = "an image of a {phrase}"


@pytest.mark.parametrize(
    ("phrase", "code"),
    [
        ("", "empty"),
        ("   ", "blank"),
        (" \n\t", "blank"),
        ("\u200b\u00a0", "blank"),
        ("\u3164 \u2800", "blank"),
        ("\u3164!", "only_punctuation"),
        ("x" * 121, "too_long"),
        ("re\x00d", "control_characters"),
        ("red\nsquares", "control_characters"),
        ("\x1b[31mred", "control_characters"),
        ("red\u2028squares", "control_characters"),
        ("\ud800", "control_characters"),
        ("a" + "\u0301\u0334" * 16, "control_characters"),  # 32 combining marks in a row
        ("no dog" + " " * 475, "too_long"),
        ("?!...", "only_punctuation"),
        ("<>", "only_punctuation"),
        ("$ + $", "only_punctuation"),
        ("\u0301", "only_punctuation"),
    ],
)
def test_a_phrase_that_cannot_be_scored_is_refused_with_its_reason(phrase: str, code: str) -> None:
    assert refusal(phrase) == code


@pytest.mark.parametrize(
    "phrase",
    [
        "red",
        "7",
        "x" * 120,
        "  red  ",
        '<b>red</b> & "blue"',
        "{phrase}",
        "🐕",
        "👩‍🌾",
        "مربع أحمر",
        "\u200fאדום",
        "赤い四角",
        "लाल",
    ],
)
def test_html_emoji_and_any_script_are_accepted(phrase: str) -> None:
    assert refusal(phrase) is None


def test_length_is_that_of_the_stored_form() -> None:
    assert refusal(" " * 10 + "x" * MAX_PHRASE_LENGTH) is None
    assert refusal("e\u0301" * MAX_PHRASE_LENGTH) is None
    assert refusal("e\u0301" * (MAX_PHRASE_LENGTH + 1)) == "too_long"


def test_korean_that_comes_in_single_letters_is_as_long_as_its_syllables() -> None:
    letters = unicodedata.normalize("NFD", "\ud55c" * MAX_PHRASE_LENGTH)
    assert len(letters) == 3 * MAX_PHRASE_LENGTH
    assert refusal(letters) is None and normalise(letters) == "\ud55c" * MAX_PHRASE_LENGTH
    assert refusal(letters + letters[:3]) == "too_long"


def test_a_phrase_is_stored_composed_and_without_outer_space_otherwise_as_typed() -> None:
    assert normalise("  cafe\u0301  Noir, The ") == "caf\u00e9  Noir, The"


@given(st.text().filter(is_safe))
def test_storing_twice_changes_nothing(phrase: str) -> None:
    stored = normalise(phrase)
    assert normalise(stored) == stored
    assert unicodedata.is_normalized("NFC", stored)


@given(st.text(min_size=1))
def test_what_is_accepted_can_be_stored_and_rendered(phrase: str) -> None:
    if refusal(phrase) is None:
        stored = normalise(phrase)
        assert 0 < len(stored) <= MAX_PHRASE_LENGTH
        assert stored.encode().decode() == stored
        assert "\x00" not in stored
        assert render(TEMPLATE, stored).endswith(stored)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("red square", "an image of a red square"),
        ("a red square", "an image of a red square"),
        ("an oval", "an image of an oval"),
        ("The sky", "an image of The sky"),
        ("a", "an image of a a"),
        ("animals", "an image of a animals"),
        ("thesis", "an image of a thesis"),
    ],
)
def test_a_leading_article_replaces_the_templates(phrase: str, text: str) -> None:
    assert render(TEMPLATE, phrase) == text


def test_only_an_article_directly_before_the_slot_is_replaced() -> None:
    assert render("a photo of {phrase}", "a dog") == "a photo of a dog"
    assert render("a photo of the {phrase}, in a room", "a dog") == "a photo of a dog, in a room"
    assert render("a panorama {phrase}", "the sea") == "a panorama the sea"


def test_braces_and_backslashes_in_a_phrase_are_only_text() -> None:
    assert render(TEMPLATE, r"{phrase} {0} \1 %s") == r"an image of a {phrase} {0} \1 %s"
    assert render(TEMPLATE, "a {phrase}") == "an image of a {phrase}"


@pytest.mark.parametrize(
    ("phrase", "subject", "sign"),
    [
        ("no collar", "collar", -1),
        ("without a collar", "a collar", -1),
        ("not red", "red", -1),
        ("No  Collar", "Collar", -1),
        ("WITHOUT\u00a0shadow", "shadow", -1),
        ("not without a collar", "a collar", 1),
        ("no not without 🐕", "🐕", -1),
        ("no 7", "7", -1),
    ],
)
def test_a_negation_is_its_subject_with_the_sign_turned(phrase: str, subject: str, sign: int) -> None:
    assert split_negation(phrase) == (subject, sign)


@pytest.mark.parametrize(
    "phrase",
    [
        "red",
        "no",
        "not",
        "without",
        "no ?!",
        "nothing red",
        "nose",
        "notes",
        "no. 5",
        "no-entry sign",
        "a no entry sign",
    ],
)
def test_what_is_no_negation_is_taken_as_it_stands(phrase: str) -> None:
    assert split_negation(phrase) == (phrase, 1)


def test_a_negation_of_nothing_that_can_be_scored_is_taken_as_it_stands() -> None:
    assert split_negation("not no") == ("no", -1)
    assert split_negation("not without ?") == ("without ?", -1)


@given(st.lists(st.sampled_from(["no ", "Not ", "without  "]), max_size=3), st.text(min_size=1).filter(is_safe))
def test_the_subject_of_what_is_accepted_is_accepted_and_is_its_end(negations: list[str], text: str) -> None:
    phrase = normalise("".join(negations) + text)
    if refusal(phrase) is None:
        subject, sign = split_negation(phrase)
        assert refusal(subject) is None
        assert phrase.endswith(subject)
        assert subject == normalise(subject)
        assert (sign == 1) or subject != phrase


@pytest.mark.parametrize("template", ["an image", "{phrase} and {phrase}", "{}"])
def test_a_template_holds_the_slot_exactly_once(template: str) -> None:
    with pytest.raises(BadTemplate, match="exactly once"):
        check_template(template)
    with pytest.raises(BadTemplate):
        render(template, "red")
