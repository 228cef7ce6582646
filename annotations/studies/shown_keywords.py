"""Which keywords of a machine a study's people are shown."""

from django.db.models import Q

from annotations.datasets.class_images import resolved_target_class
from annotations.models import KeywordDisplay, KeywordRanking, Study, Task
from clarify_errors.arrays.phrases.word_forms import same_words

TOP = 10  # as the paper's experts were shown


def shows_keywords(study: Study) -> bool:
    """Whether anybody in the study is shown a machine's keywords, at once or on demand."""
    shown = ~Q(keyword_display=KeywordDisplay.NONE)
    if study.conditions.exists():
        return study.conditions.filter(shown).exists()
    return study.keyword_display != KeywordDisplay.NONE


def top_keywords(task: Task) -> list[str]:
    """Return the top of the newest list that is ranked on the task's class, by error score; empty where none is.

    What only names the class is left out. Raises BadDataset, NothingToEvaluate for a class that cannot be found.
    """
    target_class = resolved_target_class(task)
    ranked = KeywordRanking.objects.filter(base_model=task.base_model_id, target_class=target_class)
    newest = ranked.order_by("created_at", "pk").last()
    name = task.base_model.dataset.class_names[target_class]
    said = [] if newest is None else [row["keyword"] for row in newest.rows if row["error_score"] > 0]
    return [keyword for keyword in said if not same_words(keyword, name)][:TOP]
