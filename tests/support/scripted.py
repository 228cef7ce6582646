"""A scripted study: 26 people, two tasks, known scores and accuracies, and the three lists that follow by hand.

Everybody has three phrases a task. The first has the best score in task 1 and the last in task 2; the best accuracy is
that of the second phrase for people with an even number, and that of the best-scored phrase for the others. Person 25
has no finished run in task 2, and person 26 no score there.
"""

from annotations.analysis.observations.person_tasks import Tried
from annotations.analysis.tables.table3 import PhraseList

PEOPLE = [f"p{number:02}" for number in range(1, 27)]
TASKS = (1, 2)


def phrase(person: str, task: int, place: int) -> str:
    return f"t{task} {'abc'[place]} of {person}"


def scripted_phrases() -> list[Tried]:
    """The phrases, by person, then task, in the order in which they were said."""
    rows = []
    for number, person in enumerate(PEOPLE, start=1):
        for task in TASKS:
            best = 0 if task == 1 else 2
            accurate = 1 if number % 2 == 0 else best
            for place in range(3):
                score = 0.4 + number / 100 if place == best else 0.1 * place
                accuracy: float | None = 0.6 + number / 200 if place == accurate else 0.5
                if task == 2 and number == 25:
                    accuracy = None
                if task == 2 and number == 26:
                    rows.append(Tried(task, person, phrase(person, task, place), None, None))
                else:
                    rows.append(Tried(task, person, phrase(person, task, place), score, accuracy, 15, 9, place + 1))
    return rows


def _expected() -> dict[int, dict[PhraseList, list[str]]]:
    lists: dict[int, dict[PhraseList, list[str]]] = {}
    for task, best in ((1, 0), (2, 2)):
        of_task: dict[PhraseList, list[str]] = {name: [] for name in PhraseList}
        for number, person in enumerate(PEOPLE, start=1):
            chosen = {PhraseList.BEST_SCORE: best, PhraseList.BEST_ACCURACY: 1 if number % 2 == 0 else best}
            if task == 2 and number >= 25:
                del chosen[PhraseList.BEST_ACCURACY]
            if task == 2 and number == 26:
                del chosen[PhraseList.BEST_SCORE]
            for name, place in chosen.items():
                of_task[name].append(phrase(person, task, place))
            of_task[PhraseList.OTHERS] += [phrase(person, task, i) for i in range(3) if i not in chosen.values()]
        lists[task] = {name: sorted(texts) for name, texts in of_task.items()}
    return lists


EXPECTED = _expected()
