"""The personas of a simulated study."""

from collections import Counter

from annotations.simulation.personas import GOOD, Kind, Leaves, make_personas


def test_the_same_seed_casts_the_same_people() -> None:
    assert make_personas(26, seed=0) == make_personas(26, seed=0)
    assert make_personas(26, seed=0) != make_personas(26, seed=1)


def test_every_kind_of_person_comes() -> None:
    kinds = Counter(persona.kind for persona in make_personas(26, seed=0))
    assert kinds == dict.fromkeys(Kind, 2) | {Kind.DILIGENT: 8, Kind.GROPER: 6}


def test_of_39_people_three_leave_at_three_places() -> None:
    left = Counter(persona.leaves for persona in make_personas(39, seed=0))
    assert left == {Leaves.FINISHED: 36, Leaves.MID_TASK: 1, Leaves.DECLINING: 1, Leaves.BEFORE_TUTORIAL: 1}


def test_some_find_it_some_never_do_and_some_repeat_themselves() -> None:
    people = make_personas(26, seed=0)
    found = [bool(set(persona.phrases) & set(GOOD)) for persona in people]
    assert {persona.kind for persona, good in zip(people, found, strict=True) if good} >= {Kind.DILIGENT, Kind.HASTY}
    assert not all(good for persona, good in zip(people, found, strict=True) if persona.kind is Kind.GROPER)
    two_tabs = next(persona for persona in people if persona.kind is Kind.TWO_TABS)
    assert len(set(two_tabs.phrases)) < len(two_tabs.phrases)


def test_names_are_unique_so_that_nobody_comes_twice() -> None:
    names = [persona.name for persona in make_personas(40, seed=3)]
    assert len(set(names)) == len(names)
