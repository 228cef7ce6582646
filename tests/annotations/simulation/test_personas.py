"""The cast of a simulated study."""

from collections import Counter

from annotations.simulation.personas import SPRITES, Leaves, cast


def test_the_same_seed_casts_the_same_people() -> None:
    assert cast(26, seed=0) == cast(26, seed=0)
    assert cast(26, seed=0) != cast(26, seed=1)


def test_of_26_people_22_finish_and_4_drop_out_at_three_places() -> None:
    left = Counter(persona.leaves for persona in cast(26, seed=0))
    assert left == {Leaves.FINISHED: 22, Leaves.MID_TASK: 2, Leaves.DECLINING: 1, Leaves.BEFORE_TUTORIAL: 1}


def test_some_find_it_some_never_do_and_some_repeat_themselves() -> None:
    people = {persona.name.split("-")[0]: persona for persona in cast(26, seed=0)}
    assert set(people["finder"].phrases) & set(SPRITES.good)
    assert not set(people["stranger"].phrases) & set(SPRITES.good)
    assert len(set(people["repeater"].phrases)) < len(people["repeater"].phrases)


def test_names_are_unique_so_that_nobody_comes_twice() -> None:
    names = [persona.name for persona in cast(40, seed=3)]
    assert len(set(names)) == len(names)
