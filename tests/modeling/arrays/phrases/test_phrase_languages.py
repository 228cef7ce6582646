"""Phrases in other languages: how they are read, and which encoders understand them."""

import pytest

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.phrases.phrase_languages import LANGUAGES, encoder_languages, phrase_language
from clarify_errors.arrays.phrases.phrase_reading import read, read_phrase
from clarify_errors.arrays.phrases.phrase_text import check_template

READ = {
    "de": {
        "rote Quadrate": ("rote Quadrate", 1),
        "kein Wasser": ("Wasser", -1),
        "keine roten Quadrate": ("roten Quadrate", -1),
        "ohne Halsband": ("Halsband", -1),
        "nicht rot": ("rot", -1),
        "es gibt kein Wasser": ("Wasser", -1),
        "Sie haben Streifen": ("Streifen", 1),
        "die Bilder, auf denen ein Hund zu sehen ist": ("ein Hund", 1),
        "Bilder ohne Himmel.": ("Himmel", -1),
        "Die KI irrt sich oft bei Bildern, auf denen keine Bäume sind.": ("Bäume", -1),
        "Die KI irrt sich oft bei Bildern mit Streifen darauf.": ("Streifen", 1),
        "Keinohrhasen": ("Keinohrhasen", 1),
        "an der Wand": ("an der Wand", 1),
        "kein": ("kein", 1),
    },
    "es": {
        "cuadrados rojos": ("cuadrados rojos", 1),
        "sin collar": ("collar", -1),
        "no hay agua": ("agua", -1),
        "hay rayas": ("rayas", 1),
        "las imágenes que tienen un perro": ("un perro", 1),
        "la IA se equivoca en imágenes con agua": ("agua", 1),
        "noche": ("noche", 1),
    },
    "fr": {
        "carrés rouges": ("carrés rouges", 1),
        "sans collier": ("collier", -1),
        "pas d'eau": ("eau", -1),
        "pas de chien": ("chien", -1),
        "il n’y a pas d’eau": ("eau", -1),
        "il y a un chien": ("un chien", 1),
        "elles n'ont pas de rayures": ("rayures", -1),
        "les images qui montrent un chat.": ("un chat", 1),
        "aucun arbre": ("arbre", -1),
        "avion": ("avion", 1),
    },
}


@pytest.mark.parametrize(
    ("language", "phrase", "meant"),
    [(language, phrase, meant) for language, phrases in READ.items() for phrase, meant in phrases.items()],
)
def test_a_phrase_is_read_by_the_rules_of_its_language(language: str, phrase: str, meant: tuple[str, int]):
    assert read(phrase, language) == meant


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=list(LANGUAGES))
def test_every_language_has_a_template_and_words_of_negation(language):
    check_template(language.template)
    assert language.negation.pattern != "(?!)"


def test_english_words_of_negation_mean_nothing_in_german_and_the_other_way_round():
    assert read("no water", "de") == ("no water", 1)
    assert read("kein Wasser") == ("kein Wasser", 1)


def test_a_german_phrase_stands_in_the_german_template():
    said = read_phrase("kein rotes Quadrat", phrase_language("de").template, "de")
    assert (said.text, said.sign) == ("ein Bild von rotes Quadrat", -1)


def test_a_language_without_rules_is_refused_with_those_that_have_some():
    with pytest.raises(BadArray, match=r"^phrases cannot be in the language 'xx'; they can be in en, de, es, fr$"):
        phrase_language("xx")


@pytest.mark.parametrize(
    ("spec", "german"),
    [
        ("open_clip:xlm-roberta-base-ViT-B-32:laion5b_s13b_b90k", True),
        ("open_clip:xlm-roberta-large-ViT-H-14:/weights/model.bin", True),
        ("transformers:BAAI/AltCLIP-m18", True),
        ("transformers:/models/altclip-m18", True),
        ("transformers:BAAI/AltCLIP-m9", False),
        ("transformers:BAAI/AltCLIP", False),
        ("open_clip:roberta-ViT-B-32:laion2b_s12b_b32k", False),
        ("open_clip:ViT-L-14:openai", False),
        ("bundled:small-clip", False),
        ("", False),
    ],
)
def test_the_spec_of_an_encoder_tells_whether_it_understands_german(spec: str, german: bool):
    assert ("de" in encoder_languages(spec)) is german
    assert "en" in encoder_languages(spec)
