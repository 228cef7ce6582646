"""The first lines of the results page: what people's words gained, how sure that is, and who is counted."""

from dataclasses import replace

import pytest
from django.test import Client
from django.utils import timezone

from annotations.analysis.concepts.concept_columns import ConceptRow
from annotations.analysis.observations.person_tasks import Basis, PersonTask, Tried
from annotations.models import AnnotationSession, BaseModel, BaseModelOrigin, Control, Dataset, Run, RunState, Study
from annotations.pages.terms import TERMS
from annotations.results.staff_pages.finding_words import beside_random_slices, better_and_others, most_said
from annotations.visits import erasure, withdrawal
from clarify_errors.arrays.phrases.worded_scale import BetterThanGuessing
from tests.support.actors import SQUARE, Visit
from tests.support.analysis_studies import analyse, tell, two_tasks
from tests.support.rows import add_phrase, add_run
from tests.support.views_pages import tree

pytestmark = pytest.mark.usefixtures("stored_base_model")

CONTROL = 0.5
COUNTED, WITH_RUN = (
    "are counted: they were given a task, finished or not",
    "of these have a retraining with their words",
)


def train_control(base_model: BaseModel) -> None:
    measures = {"average_accuracy": 0.6, "plain_average_accuracy": 0.6, "robustness_gap": 0.1, "group_accuracies": []}
    Control.objects.create(
        dataset=base_model.dataset, target_classes=[SQUARE], l2=base_model.l2, worst_group_accuracy=CONTROL, **measures,
        test_predictions=b"", head=b"", loss=0, certified_gap=0, code_version="",
    )  # fmt: skip


def said_by(n: int, accuracy: float = 0.75) -> list[Tried]:
    return [Tried(1, f"p{i}", f"red {i}", 0.5, accuracy + (i % 2) / 100, 15, 9, 1) for i in range(n)]


def found(client: Client, study: Study) -> list[str]:
    page = tree(client.get(f"/admin/annotations/study/{analyse(study).pk}/results/"))
    return [" ".join(each.text.split()) for each in page.select("#results-found p, #results-flow li")]


def of_task(client: Client, study: Study) -> list[str]:
    """What is said of the first task: the sentences from the one on own gain on."""
    told = found(client, study)
    return told[next(place for place, each in enumerate(told) if each.startswith("People’s words have an own gain")) :]


def by_group(control: list[float | None], run: list[float | None]) -> None:
    """Give every trained run these accuracies by group, and the control beside it."""
    Control.objects.update(group_accuracies=control)
    Run.objects.filter(state=RunState.DONE).update(group_accuracies=run, control=Control.objects.get())


def test_own_gain_comes_first_with_its_interval_and_whom_it_is_over(
    coordinator_client: Client, base_model: BaseModel
) -> None:
    BaseModel.objects.update(origin=BaseModelOrigin.TRAINED, head=b"head")
    study = two_tasks(base_model)
    tell(study, said_by(6))
    Run.objects.filter(assignment__session__participant__pseudonym="p5").update(state=RunState.REFUSED, reason="small")
    Run.objects.filter(state=RunState.REFUSED).update(worst_group_accuracy=None)
    train_control(base_model)
    gain, accuracies, over, *_ = of_task(coordinator_client, study)
    assert gain.startswith("People’s words have an own gain of +21.2 points (95% interval +") and " 0." not in gain
    assert accuracies.startswith("The model gets 71.2% of its worst group right after retraining with a person’s words")
    assert ", on average, 50.0% after the control, and 25.0% as it is (“square, " in accuracies
    assert accuracies.endswith("is the own gain.")  # all terms have their notes in the answer above
    assert over == (
        "Gains are means over 6 people who had the task, measured on test images that had no part in choosing their "
        "words. 1 of these people counts as no gain (1 with words that are unsuitable for retraining). The mean own "
        "gain of the others is +25.4."
    )


def test_groups_have_their_names_and_what_the_others_lose_is_said(
    coordinator_client: Client, base_model: BaseModel
) -> None:
    metrics = base_model.test_metrics | {"accuracies": [0.25, 0.9, None, 1.0]}
    BaseModel.objects.update(origin=BaseModelOrigin.TRAINED, head=b"head", test_metrics=metrics)
    study = two_tasks(base_model)
    tell(study, said_by(6))
    train_control(base_model)
    by_group([0.5, 0.9, None, 0.8], [0.75, 0.85, None, 0.81])
    worst, other, _, last = (name for name, _ in base_model.named_groups)
    gain, course, alone, cost, *_ = of_task(coordinator_client, study)
    assert gain.startswith("People’s words have an own gain of +25.5 points ")  # the primary measure leads
    assert f", 50.0% after the control, and 25.0% as it is (“{worst}”). " in course
    assert alone.startswith(f"On “{worst}” alone, the worst group of the model as it is, people’s words added +25.0 ")
    assert cost == (
        f"The largest loss that people’s words cause in groups other than “{worst}”: “{last}” loses 19.0 points "
        f"against the model as it is (the control, without words, loses 20.0 there) and “{other}” loses 5.0 points "
        "against the control, on average over people."
    )
    Run.objects.filter(assignment__session__participant__pseudonym="p5").update(state=RunState.REFUSED, reason="small")
    Run.objects.filter(state=RunState.REFUSED).update(worst_group_accuracy=None)
    assert "added +20.8 points" in of_task(coordinator_client, study)[2]  # as if the sixth had gained nothing
    by_group([0.5, 0.9, None, 1.0], [0.75, 0.9, None, 1.0])
    nothing = f"The largest loss that people’s words cause in groups other than “{worst}”: nothing."
    assert of_task(coordinator_client, study)[3] == nothing


def test_one_group_is_told_apart_only_where_its_gain_differs_and_why(
    coordinator_client: Client, base_model: BaseModel
) -> None:
    metrics = base_model.test_metrics | {"accuracies": [0.25, 0.9, None, 1.0]}
    BaseModel.objects.update(origin=BaseModelOrigin.TRAINED, head=b"head", test_metrics=metrics)
    study = two_tasks(base_model)
    tell(study, said_by(1))
    train_control(base_model)
    by_group([0.5, 0.9, None, 0.8], [0.75, 0.85, None, 0.81])
    told = of_task(coordinator_client, study)
    assert "own gain of +25.0 points" in told[0]
    assert told[2].startswith("The largest loss that people’s words cause in groups other than ")
    last = base_model.named_groups[3][0]
    by_group([0.5, 0.9, None, 0.8], [0.85, 0.9, None, 0.75])
    assert of_task(coordinator_client, study)[2].endswith(
        f" The own gain differs because after retraining with the words of 1 person the worst group is “{last}”."
    )
    by_group([0.6, 0.5, None, 0.8], [0.75, 0.9, None, 0.9])
    assert of_task(coordinator_client, study)[2].endswith(
        " The own gain differs because the control has another worst group."
    )


def test_what_a_phrase_costs_a_group_is_measured_against_the_control_in_moderation_too(
    coordinator_client: Client, base_model: BaseModel
) -> None:
    metrics = base_model.test_metrics | {"accuracies": [0.25, 0.9, None, 1.0]}
    BaseModel.objects.update(origin=BaseModelOrigin.TRAINED, head=b"head", test_metrics=metrics)
    study = two_tasks(base_model)
    tell(study, said_by(6))
    train_control(base_model)
    by_group([0.5, 0.9, None, 0.8], [0.75, 0.85, None, 0.81])  # the last group is far below the base model's 100%
    other = base_model.named_groups[1][0]
    assert f"“{other}” loses 5.0 points against the control" in of_task(coordinator_client, study)[3]
    moderation = tree(coordinator_client.get(f"/admin/annotations/study/{study.pk}/moderation/"))
    cells = moderation.select("td[data-label='After retraining']")
    told = {" ".join(each.text.split()) for each in cells}
    assert all(each.startswith("Worst-group accuracy, from the control: 50.0% → 7") for each in told)
    assert all(f"{other} loses 90.0% → 85.0%" in each for each in told) and len(told) == 2
    Run.objects.update(control=None)
    page = coordinator_client.get(f"/admin/annotations/study/{study.pk}/moderation/").content.decode()
    assert "Worst-group accuracy, from the base model: " in page


@pytest.mark.parametrize(
    ("page", "terms"),
    [
        ("results", ("worst group", "control", "unrelated words")),
        ("change", ("own gain", "worst group", "control")),
        ("concepts", ("better than guessing", "unrelated words", "own gain", "worst group", "control")),
        ("moderation", ("unrelated words", "control")),
    ],
)
def test_each_page_defines_once_what_it_compares_with(
    coordinator_client: Client, base_model: BaseModel, page: str, terms: tuple[str, ...]
) -> None:
    study = two_tasks(base_model)
    tell(study, said_by(6))
    train_control(base_model)
    by_group([0.5, 0.9, None, 0.8], [0.75, 0.85, None, 0.81])
    shown = tree(coordinator_client.get(f"/admin/annotations/study/{analyse(study).pk}/{page}/"))
    text = " ".join(shown.get_text(" ").split())
    for term in terms:
        first = text.casefold().index(term)
        assert text.count(TERMS[term]) == 1 and text.index(TERMS[term]) < first + 400, term
    listed = f"Control : {TERMS['control'].removeprefix('The control is ')}"  # among the words on the page
    assert (listed in text) == (page == "results")


def test_data_without_named_groups_has_classes_for_groups(coordinator_client: Client, base_model: BaseModel) -> None:
    Dataset.objects.update(attribute_names=[])
    n = len(base_model.dataset.class_names)
    BaseModel.objects.update(test_metrics=base_model.test_metrics | {"accuracies": [0.25, *[0.9] * (n - 1)]})
    study = two_tasks(base_model)
    tell(study, said_by(6))
    train_control(base_model)
    by_group([0.5, 0.9], [0.75, 0.85])
    _, _, imported, over, *_ = of_task(coordinator_client, study)
    name = base_model.dataset.class_names[SQUARE]
    assert f" of their worst group right (“{name}”)." in imported and over.startswith("Gains are means")


def test_an_interval_that_holds_0_is_said_to_be_perhaps_nothing(
    coordinator_client: Client, base_model: BaseModel
) -> None:
    study = two_tasks(base_model)
    tell(study, [each._replace(worst_group_accuracy=0.4 + i / 20) for i, each in enumerate(said_by(6))])
    train_control(base_model)
    assert ". The interval includes 0, so this may be no gain at all." in of_task(coordinator_client, study)[0]


def test_people_are_placed_among_random_slices() -> None:
    nobody = PersonTask("p", 1, None, 0, 0, None, None, None, None, None, None, None, basis=Basis.NO_PHRASE)
    people = [replace(nobody, basis=Basis.RUN, random_slice_percentile=value) for value in (94.9, 95.0, 100.0)]
    (told,) = beside_random_slices([*people, nobody])
    assert told.startswith(
        "3 people can be compared with random guessers. 2 of them have a larger own gain than 95 of 100 random "
        "guessers would have."
    )
    (told,) = beside_random_slices([*people[:2], nobody])
    assert told.startswith("2 people can be compared with random guessers. 1 of them has a larger own gain than 95 of")
    (told,) = beside_random_slices([*people, replace(nobody, basis=Basis.RUN)])
    assert told.endswith(
        " The other 1 with a retraining cannot be compared: the random slices reach almost the same accuracy, or they "
        "are not trained yet."
    )
    (told,) = beside_random_slices([replace(nobody, basis=Basis.RUN)])
    assert told.startswith("1 person cannot be compared with random guessers")
    assert list(beside_random_slices([nobody])) == []


def test_a_mean_of_two_kinds_of_people_is_told_as_such() -> None:
    nobody = PersonTask("p", 1, None, 0, 0, None, None, None, None, None, None, None, basis=Basis.RUN)
    nobody = replace(nobody, control_worst_group=0.5)
    better = [replace(nobody, better=BetterThanGuessing.YES, run_worst_group=reached) for reached in (0.7, 0.8)]
    others = [replace(nobody, better=BetterThanGuessing.NO, run_worst_group=reached) for reached in (0.5, 0.48)]
    (told,) = better_and_others([*better, *others])
    assert told.startswith("These 4 people fall into two groups. ")
    assert told.endswith(
        "For the 2 whose best phrase is better than guessing, the mean own gain is +25.0 points. For the other 2 it is "
        "−1.0."
    )
    assert list(better_and_others(better)) == list(better_and_others(others)) == []
    assert (
        list(better_and_others([*better, replace(nobody, better=BetterThanGuessing.UNKNOWN, run_worst_group=0.5)]))
        == []
    )


def test_one_person_is_too_few(coordinator_client: Client, open_study: Study, alice: Visit) -> None:
    add_run(add_phrase(alice, "red", 0.75), 0.75)
    train_control(open_study.tasks.get().base_model)
    assert ". It rests on one person, so it has no interval." in of_task(coordinator_client, open_study)[0]


def test_of_imported_predictions_the_control_is_a_new_last_layer(
    coordinator_client: Client, base_model: BaseModel
) -> None:
    study = two_tasks(base_model)
    tell(study, said_by(6))
    train_control(base_model)
    _, course, imported, *_ = of_task(coordinator_client, study)
    assert course.startswith(
        "With a person’s words, a new last layer gets 75.5% of its worst group right, on average. "
    )
    assert "Without words, as the control, it gets 50.0% right." in course
    assert imported.startswith("The imported predictions get 25.0% of their worst group right (“square, ")
    # The new last layer has another worst group than the imported predictions, and it is what words are judged by.
    by_group([0.9, 0.5, None, 0.8], [0.9, 0.75, None, 0.8])
    _, course, imported, alone, *_ = of_task(coordinator_client, study)
    group = base_model.named_groups[1]
    assert alone.startswith(f"On “{group[0]}” alone, the worst group of a new last layer, people’s words added +25.0 ")
    assert "not the gain from words." in imported and "as it is" not in course
    page = coordinator_client.get(f"/admin/annotations/study/{study.pk}/results/").content.decode()
    assert "Control (no phrase)" not in page and "A new last layer (no phrase)" in page
    assert "of the model as it is" not in page
    moderation = tree(coordinator_client.get(f"/admin/annotations/study/{study.pk}/moderation/"))
    told = {" ".join(each.text.split()) for each in moderation.select("td[data-label='After retraining']")}
    assert len(told) == 2 and all("Worst-group accuracy, from a new last layer: 50.0% → 7" in each for each in told)
    assert all("no group loses" in each for each in told)
    for address in (f"study/{study.pk}/concepts/", f"run/{Run.objects.all()[0].pk}/change/"):
        page = coordinator_client.get(f"/admin/annotations/{address}").content.decode()
        assert "Over the imported predictions, which come from another last layer" in page
        assert "Over the base model" not in page


def test_everybody_who_entered_stands_in_the_flow(coordinator_client: Client, open_study: Study, alice: Visit) -> None:
    add_run(add_phrase(alice, "red", 0.75), 0.75)
    session = AnnotationSession.objects.get(pk=alice.session.pk)
    train_control(open_study.tasks.get().base_model)
    assert found(coordinator_client, open_study)[-7:] == [
        "1 entered", "1 agreed", "1 were given a task", "1 wrote a phrase",
        "0 finished with a phrase 1 may still go on",
        f"1 {COUNTED}", f"1 {WITH_RUN}",
    ]  # fmt: skip
    withdrawal.withdraw(session)
    erasure.erase_due(timezone.now())
    assert found(coordinator_client, open_study)[-7:] == [
        "1 entered", "1 agreed", "0 were given a task 1 withdrew; what they did is erased", "0 wrote a phrase",
        "0 finished with a phrase",
        f"0 {COUNTED}", f"0 {WITH_RUN}",
    ]  # fmt: skip


def concept(name: str, people: int) -> ConceptRow:
    return ConceptRow(1, "square", 1, name, people, people, 0, 0.5, 0.8, 0.1, 0.7, 0.1, None, 0.2, (name,))


def test_what_most_people_said_is_named_with_how_many_they_are() -> None:
    assert most_said([concept("a cartoon", 11), concept("white", 3)], 14) == (
        "11 of 14 people said phrases like “a cartoon”."
    )
    assert most_said([], 14) == "" == most_said([concept("an expert's", 0)], 14)


def test_the_results_and_the_overview_begin_with_what_most_people_said(
    coordinator_client: Client, base_model: BaseModel
) -> None:
    BaseModel.objects.update(origin=BaseModelOrigin.TRAINED, head=b"head")
    study = two_tasks(base_model)
    tell(study, said_by(6))
    results = tree(coordinator_client.get(f"/admin/annotations/study/{analyse(study).pk}/results/"))
    overview = tree(coordinator_client.get(f"/admin/annotations/study/{study.pk}/change/"))
    for part in (".by", ".said", ".lead-words", ".chip"):
        there, here = ([" ".join(each.text.split()) for each in page.select(part)] for page in (results, overview))
        assert there == here != []
    assert "6 of 6 people said" in overview.select(".by")[0].text
