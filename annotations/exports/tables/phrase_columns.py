"""Phrases and their scores."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from annotations.models import Moderation, Phrase
from annotations.readings.releases.moderated_words import HIDDEN
from annotations.readings.releases.writing_flags import People, flags_of, said_by_others
from annotations.tables.columns import Boolean, Cell, Column, Count, Integer, Json, Number, Table, Text, Time
from annotations.tables.shared import field, participant_column, session_column, task_column
from modeling.arrays.phrases.worded_scale import BetterThanGuessing, better_than_guessing


def _scored(attribute: str) -> Callable[[Phrase], Any]:
    """Return a getter of a field of the phrase's score; None before it is scored."""
    return lambda phrase: getattr(phrase.score, attribute) if hasattr(phrase, "score") else None


def _typed(phrase: Phrase) -> str:
    return HIDDEN if phrase.moderation == Moderation.HIDDEN else phrase.text


def _words(attribute: str) -> Callable[[Phrase], Any]:
    """Return a getter of what a score repeats of the phrase's words; None where the staff hid them."""
    value = _scored(attribute)
    return lambda phrase: None if phrase.moderation == Moderation.HIDDEN else value(phrase)


def _better(phrase: Phrase) -> Cell:
    if not hasattr(phrase, "score"):
        return None
    score, level = phrase.score, phrase.vocabulary_level  # type: ignore[attr-defined]  # annotated
    assert score.null_level is not None, "every score is stored with its null level"
    return better_than_guessing(score.value, score.null_level, level, score.n_correct, score.n_error)


def _run_of(phrase: Phrase) -> Cell:
    return phrase.score.run.public_id if hasattr(phrase, "score") and phrase.score.run else None


def _chosen_run_of(phrase: Phrase) -> Cell:
    run = phrase.threshold_choice.run if hasattr(phrase, "threshold_choice") else None
    return run.public_id if run else None


def _counted(name: str, count: str, meaning: str, unit: str = "") -> Column[Phrase]:
    where = "; empty where nothing was counted"
    return Count(name, meaning + where, lambda row: (row.writing or {}).get(count), unit=unit)


_CONCEPT: Column[Phrase] = Integer(
    "concept",
    "number of its concept in the task, as in concepts.csv; empty where it is of none. In a release as of its "
    "snapshot, elsewhere as of the study's last analysis",
    lambda row: None,
    range="1 or more",
)
_SAID_BY_OTHERS: Column[Phrase] = Count(
    "said_by_others",
    "how many other people of the table submitted the same words in the task",
    lambda row: said_by_others(row, {}),
)
_WRITING_FLAGS: Column[Phrase] = Text(
    "writing_flags",
    "what stands out in how it was written, with a blank between; dictation, input methods, word suggestions and "
    "screen readers leave the same traces. Sets no pay, check or result",
    lambda row: " ".join(flags_of(row, {})),
    range="pasted, at_once, left, repeated",
    computed="pasted: pastes above 0; at_once: 12 characters or more in one or two edits; left: page_left above 0; "
    "repeated: three words or more, said_by_others 2 or more",
)
PHRASES: Table[Phrase] = Table(
    "phrases.csv",
    "one row per phrase submitted, with its score",
    "by participant, task, then the time of submission: the earliest of tied phrases comes first",
    (
        session_column(lambda row: row.assignment.session.submission_key),
        participant_column(lambda row: row.assignment.session.participant.pseudonym),
        task_column(lambda row: row.assignment.task.position),
        Integer("ordinal", "1 for the first phrase of the visit's task"),
        Text(
            "text",
            "the phrase as typed (NFC); one that starts with = + - @ has an apostrophe in front here, and none in "
            "phrases.jsonl; (hidden) where the staff hid it",
            _typed,
        ),
        Text(
            "moderation",
            "what the staff decided of it, empty where nothing; an excluded phrase is only in exclusions.csv",
            range="approved, flagged, hidden",
        ),
        Count(
            "keywords_seen",
            "a machine's keywords that had stood on the page before it was submitted, in all of them those of "
            "study.json's task; 0 where the visit was shown none, or had not asked for them yet",
        ),
        Integer("phrase", "the phrase's id, as the API and recompute know it", field("pk")),
        Text("state", "whether it has a score", range="pending, scored, failed"),
        Time("submitted_at", "when the server stored it"),
        Time("scored_at", "when its score was stored", _scored("scored_at")),
        Number(
            "error_score",
            "how well the phrase tells errors from correct images of the class, on validation",
            _scored("value"),
            range="0 to 1",
            computed="maximum over t of the share of wrong images with sign times similarity above t, less that of "
            "correct ones; 0 at the least",
        ),
        Number(
            "threshold",
            "the similarity threshold where that difference is largest; empty where the error score is 0",
            _scored("threshold"),
            unit="cosine",
            range="-1 to 1",
            computed="in float32, midway between the two values of sign times similarity around the best t",
        ),
        Number(
            "two_sided_error_score",
            "the same without regard to direction; above error_score, the words point to correct images",
            _scored("two_sided"),
            range="0 to 1",
        ),
        Number(
            "two_sided_threshold",
            "the threshold of two_sided_error_score; empty where that is 0",
            _scored("two_sided_threshold"),
            unit="cosine",
            range="-1 to 1",
        ),
        Number(
            "p_value",
            "the probability that a phrase unrelated to the errors scores as high, one-sided; conservative where "
            "similarities are tied; of this phrase alone, whatever else was tried",
            _scored("p_value"),
            range="0 to 1",
            computed="one-sided two-sample Kolmogorov-Smirnov test, as p_method says",
        ),
        Text("p_method", "how p_value was computed", _scored("p_method"), range="exact, asymptotic"),
        Integer(
            "tries",
            "distinct phrases that the person had submitted for this class so far, this one included",
            _scored("tries"),
            range="1 or more",
        ),
        Number(
            "null_level",
            "permutation level: the error score that the best of so many words unrelated to the errors does not "
            "pass in 19 of 20 cases",
            _scored("null_level"),
            range="0 to 1",
            computed="smallest attainable x with F0(x) to the power of tries at least 0.95, F0 the exact null "
            "distribution of error_score for correct_images and wrong_images",
        ),
        Number(
            "guessing_level",
            "the error score that guessing reaches in all the tries that the task allows; the first step of the worded "
            "scale ends there. Empty where the score is from before this was stored",
            _scored("guessing_level"),
            range="0 to 1",
            computed="the greater of null_level for all allowed tries and, where it was measured by then, what one "
            "common word in twenty passes",
        ),
        Text(
            "level_shown",
            "the step of the worded scale that the page showed",
            _scored("level_shown"),
            range="no better than guessing, partly, well, very well",
        ),
        Number("goal", "the study's goal; empty where it sets none", _scored("goal"), range="0 to 1"),
        Boolean("goal_shown", "whether the page marked what is enough", _scored("goal_shown")),
        Integer("page_version", "version of the task page that showed the score", _scored("page_version")),
        Integer(
            "sign",
            "-1 for a negation, whose subject is scored with the direction turned: an image is above the threshold "
            "where sign times its similarity to the subject is",
            _scored("sign"),
            range="-1, 1",
        ),
        Text("subject", "the phrase without its negation; written as text is", _words("subject")),
        Integer("correct_images", "validation images of the class that are right", _scored("n_correct")),
        Integer("wrong_images", "validation images of the class that are wrong", _scored("n_error")),
        Number(
            "vocabulary_level",
            "the error score that one common word in twenty passes on these images, or one negated where sign is -1; "
            "empty until common words are scored, or with fewer than 10 right or wrong images",
            range="0 to 1",
            computed="95% quantile of the error scores of the list of common words of the phrase's language",
        ),
        Text(
            "better_than_guessing",
            "whether error_score is above both levels, for the tries so far; too_few_images with fewer than 10 right "
            "or wrong ones, not_known_yet until common words are scored; empty without a score",
            _better,
            range=", ".join(BetterThanGuessing),
            computed="error_score above null_level and vocabulary_level",
        ),
        Text("rendered_text", "what was embedded: the subject in the template", _words("rendered_text")),
        Text("text_template", "the template", _scored("text_template")),
        Text("language", "the language that the phrase was read in", _scored("language")),
        Text("text_digest", "tells the text embedding", _scored("text_digest"), computed="SHA-256 of its float32"),
        Number(
            "class_name_cosine",
            "how near the subject is to the class name",
            _scored("class_name_cosine"),
            unit="cosine",
            range="-1 to 1",
            computed="cosine of the two text embeddings, both in the template",
        ),
        Text("encoder", "the encoder that embedded it", _scored("encoder")),
        Text("dataset_digest", "SHA-256 of the data set", _scored("dataset_digest")),
        Number("encode_time", "of the batch it was in", _scored("encode_ms"), unit="milliseconds"),
        Text("code_version", "version of Clarify that scored it", _scored("code_version")),
        Text("run", "its run in runs.csv, empty where none was planned", _run_of),
        Number(
            "chosen_threshold",
            "the threshold that the person chose last, empty where that is the automatic one",
            lambda row: row.threshold_choice.threshold if hasattr(row, "threshold_choice") else None,
            unit="cosine",
            range="-1 to 1",
        ),
        Text("chosen_run", "the run of the chosen threshold, empty where none was planned", _chosen_run_of),
        Text(
            "judgement",
            "whether the images most like the phrase have in them what it says, as the person sees it; empty where not "
            "answered",
            lambda row: row.judgement.answer if hasattr(row, "judgement") else None,
            range="yes, no, unsure",
        ),
        Json(
            "rewordings",
            "other wordings from the vocabulary, nearest first, that the study suggests",
            _words("rewordings"),
        ),
        _counted("time_to_first_edit", "first_ms", "from the field's being ready to the first edit", "milliseconds"),
        _counted("edits", "edits", "changes of the field, whichever keys made them"),
        _counted("edit_gap", "gap_ms", "median time between two edits; 0 for fewer than two", "milliseconds"),
        _counted("pastes", "pastes", "texts that were pasted or dropped into the field"),
        _counted("page_left", "left", "times that the page was left with words in the field"),
        _SAID_BY_OTHERS,
        _WRITING_FLAGS,
        _CONCEPT,
    ),
)


def with_what_others_did(numbers: Mapping[int, int], people: People) -> Table[Phrase]:
    """Return `PHRASES` with the concepts of a study, and who said the same.

    numbers: of concepts, by the phrase's id; people: as `people_by_words` counts them.
    """
    changed = {
        "concept": replace(_CONCEPT, cell=lambda row: numbers.get(row.pk)),
        "said_by_others": replace(_SAID_BY_OTHERS, cell=lambda row: said_by_others(row, people)),
        "writing_flags": replace(_WRITING_FLAGS, cell=lambda row: " ".join(flags_of(row, people))),
    }
    return replace(PHRASES, columns=tuple(changed.get(each.name, each) for each in PHRASES.columns))
