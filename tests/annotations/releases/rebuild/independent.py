"""What Clarify computes, written again by other formulas: what its own functions are compared with.

A release's `rebuild.py` runs Clarify's own functions, and so would agree with a mistake in them. Nothing here imports
them.
"""

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence, Set
from math import ceil, comb, expm1, gcd, log, sqrt
from typing import Any

import numpy as np
from scipy import stats
from scipy.special import gammaln

Floats = np.ndarray[Any, Any]
MAX_EXACT_PAIRS = 10**7  # of images; beyond, the null distribution is Smirnov's limit
_FINEST = 256  # steps in the sum for a mean
MIN_AGREEMENT = 0.6  # mean kappa from which groups are one concept
MAX_PLACES = 60  # of a curve
LEVEL, RESAMPLES = 0.95, 1_000
MAX_TOGETHER, MAX_CANDIDATES = 5, 50


def error_score(values: Floats, wrong: Floats) -> tuple[float, float, float, float]:
    """Return the largest difference of distribution functions and its threshold, one-sided and two-sided.

    Of tied thresholds the one with the more even split, then the smaller; nan where the score is 0.
    """
    order = np.argsort(values, kind="stable")
    ordered, is_wrong = values[order], wrong[order]
    n, n_wrong = len(order), int(wrong.sum())
    last = np.append(ordered[1:] != ordered[:-1], True)
    ahead = (np.cumsum(~is_wrong) * n_wrong - np.cumsum(is_wrong) * (n - n_wrong))[last]
    below, at = np.arange(1, n + 1)[last], ordered[last]
    found: list[float] = []
    for advantage in (ahead, np.abs(ahead)):
        largest = int(advantage.max())
        if largest <= 0:
            found += [0.0, np.nan]
            continue
        even = np.where(advantage == largest, np.minimum(below, n - below), -1)
        best = int(even.argmax())
        middle = np.float32((float(at[best]) + float(at[best + 1])) / 2)
        found += [largest / (n_wrong * (n - n_wrong)), float(at[best] if middle >= at[best + 1] else middle)]
    return found[0], found[1], found[2], found[3]


def step_count(n_correct: int, n_wrong: int) -> int:
    """Return by how many equal steps scores differ at the most."""
    return n_correct * n_wrong // gcd(n_correct, n_wrong)


def reaching(n_correct: int, n_wrong: int, steps: tuple[int, ...]) -> Floats:
    """Return the probability that words unrelated to the errors reach each number of steps.

    The share of orders of the images, as lattice paths, that touch a line; diagonal by diagonal.
    """
    if n_correct * n_wrong > MAX_EXACT_PAIRS:
        return np.exp(-_rate(n_correct, n_wrong) * (np.array(steps) / step_count(n_correct, n_wrong)) ** 2)
    lines = np.array(steps)[:, None]
    short, long = sorted((n_correct, n_wrong))
    right, up = (each // gcd(short, long) for each in (short, long))
    y = np.arange(short + 1)
    share = (lines <= 0) & (y == 0)[None, :]
    share = share.astype(np.float64)
    for t in range(1, short + long + 1):
        x = t - y
        from_below = np.concatenate([np.zeros((len(lines), 1)), share[:, :-1]], axis=1)
        share = np.where((x >= 0) & (x <= long), (x * share + y * from_below) / t, 0.0)
        share = np.where((x >= 0) & (x <= long) & (x * right - y * up >= lines), 1.0, share)
    touching: Floats = share[:, -1]
    return touching


def null_level(n_correct: int, n_wrong: int, tries: int) -> float:
    """Return the smallest score x that the best of so many unrelated words stays at or below with probability 0.95."""
    n_steps = step_count(n_correct, n_wrong)
    most = -expm1(log(0.95) / tries)
    low, high = 0, n_steps + 1  # at low more than `most` reach it, at high no more
    while high - low > 1:
        places = tuple(sorted({int(each) for each in np.linspace(low + 1, high - 1, min(32, high - low - 1))}))
        few = reaching(n_correct, n_wrong, places) <= most
        first = int(few.argmax()) if few.any() else len(places)
        low, high = places[first - 1] if first else low, places[first] if first < len(places) else high
    return (high - 1) / n_steps


def null_mean(n_correct: int, n_wrong: int, tries: int) -> float:
    """Return the mean score of the best of so many unrelated words, by the trapezoidal rule over at most 256 steps."""
    n_steps, rate = step_count(n_correct, n_wrong), _rate(n_correct, n_wrong)
    furthest = min(n_steps, int(n_steps * sqrt(12 * log(10) / rate)) + 1)
    steps = np.unique(np.linspace(0, furthest, min(furthest, _FINEST) + 1).astype(np.int64))
    reached = 1 - (1 - reaching(n_correct, n_wrong, tuple(steps.tolist()))) ** tries
    return float((np.trapezoid(reached, steps) - (reached[0] - reached[-1]) / 2) / n_steps)


def _rate(n_correct: int, n_wrong: int) -> float:
    return 2 * n_correct * n_wrong / (n_correct + n_wrong)


def vocabulary_level(scores: Floats) -> float:
    """Return what one word stays at or below in 19 of 20 cases."""
    ordered = np.sort(scores)
    return float(ordered[int((np.arange(1, len(ordered) + 1) / len(ordered) >= LEVEL).argmax())])


def chance_to_pass(scores: Floats, level: float, tries: int) -> float:
    """Return how likely the best of so many words, drawn without replacement, is above a level."""
    n, below = len(scores), int((scores <= level).sum())
    return 1.0 if tries > n else 1 - comb(below, tries) / comb(n, tries)


def group_accuracies(predicted: Floats, labels: Floats, groups: Floats, train: Floats) -> tuple[float, float, float]:
    """Return worst group, average by the groups' train images, and plain average."""
    right = predicted == labels
    of_group = {group: right[groups == group].mean() for group in sorted(set(groups.tolist()))}
    weights = [train[group] for group in of_group]
    return min(of_group.values()), float(np.average([*of_group.values()], weights=weights)), float(right.mean())


def among_best(value: float, draws: Any, scores: Any, tries: int) -> float:
    """Return how many of 100 reach less on test, each with the best-scored of so many random slices."""
    k = min(tries, len(draws))
    chance = 0.0
    for score in np.unique(scores):
        of_score = scores == score
        best = comb(int((scores <= score).sum()), k) - comb(int((scores < score).sum()), k)
        below = (draws[of_score] < value).mean() + (draws[of_score] == value).mean() / 2
        chance += best / comb(len(draws), k) * below
    return float(100 * chance)


def agreement(slices: Floats) -> Floats:
    """Return Cohen's kappa of each pair of slices; 0 where a slice has none or all of the images."""
    n, inside = slices.shape[1], slices.astype(np.float64)
    sizes = inside.sum(axis=1)
    both = inside @ inside.T
    observed = (n - sizes[:, None] - sizes[None, :] + 2 * both) / n
    expected = (sizes[:, None] * sizes[None, :] + (n - sizes)[:, None] * (n - sizes)[None, :]) / n**2
    telling = (sizes > 0) & (sizes < n)
    pairs = telling[:, None] & telling[None, :]
    kappa = np.where(pairs, (observed - expected) / np.where(pairs, 1 - expected, 1.0), 0.0)
    np.fill_diagonal(kappa, 1.0)
    return kappa


def merge(slices: Floats, words: list[int]) -> list[int]:
    """Return a group for each annotation: those with the same words, then average linkage by kappa.

    Along a chain of nearest neighbours, so that tied pairs are joined in the order that the release joined them in.
    """
    if not words:
        return []
    _, group = np.unique(words, return_inverse=True)
    indicator = (np.arange(group.max() + 1)[:, None] == group).astype(np.float64)
    sums, sizes = indicator @ agreement(slices) @ indicator.T, indicator.sum(axis=1)
    joined, alive = np.arange(len(sizes)), np.ones(len(sizes), bool)
    settled = np.zeros(len(sizes), bool)  # agrees with none of the others
    chain: list[int] = []
    while True:
        if not chain:
            rest = np.flatnonzero(alive & ~settled)
            if not len(rest):
                return [int(each) for each in joined[group]]
            chain = [int(rest[0])]
        means = np.where(alive, sums[chain[-1]] / (sizes[chain[-1]] * sizes), -np.inf)
        means[chain[-1]] = -np.inf
        nearest = int(means.argmax())
        if len(chain) > 1 and means[chain[-2]] >= means[nearest]:
            nearest = chain[-2]
        if means[nearest] < MIN_AGREEMENT:
            settled[chain.pop()] = True
        elif len(chain) > 1 and nearest == chain[-2]:
            keep, gone = sorted((chain.pop(), chain.pop()))
            sums[keep] += sums[gone]
            sums[:, keep] += sums[:, gone]
            sizes[keep] += sizes[gone]
            alive[gone] = False
            joined[joined == gone] = keep
        else:
            chain.append(nearest)


def places(n: int) -> Floats:
    """Return the numbers of people that a curve has a point at."""
    return np.unique(np.linspace(1, n, min(n, MAX_PLACES)).round().astype(np.int64))


def all_within(n: int, m: Floats, k: Floats) -> Floats:
    """Return the chance that k of n people are all among m certain ones, C(m, k) / C(n, k): of each m and k."""
    rest = m[:, None] - k
    logs = gammaln(m + 1)[:, None] - gammaln(rest.clip(0) + 1) - gammaln(n + 1) + gammaln(n - k + 1)
    return np.where(rest < 0, 0.0, np.exp(logs))


def best_of(scores: Floats) -> Iterator[dict[str, Any]]:
    """Yield the best score of the first k people: the mean over all orders, and where 95% of them lie."""
    n, k = len(scores), places(len(scores))
    ordered = np.sort(scores)
    below = all_within(n, np.arange(1, n + 1), k)
    means = ordered @ np.diff(below, axis=0, prepend=0.0)
    low, high = (ordered[(below >= tail - 1e-12).argmax(axis=0)] for tail in ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    for row in zip(k.tolist(), means, low, high, strict=True):
        yield dict(zip(("people", "mean", "low", "high"), row, strict=True), is_beyond=False)


def concepts_named(named: Sequence[Set[Hashable]]) -> Iterator[dict[str, Any]]:
    """Yield how many concepts so many people name: rarefied, or extrapolated by Chao2 to twice as many as were asked.

    The interval is normal, its standard error the standard deviation over other people.
    """
    n = len(named)
    held = _holders(named)
    k = np.append(places(n), n + places(n))
    missed = all_within(n, n - np.arange(n + 1), np.minimum(k, n))
    others = _other_people(held, n)
    found = np.array([_named(each, n, k, missed) for each in (held, *others)])
    error = found[1:].std(axis=0, ddof=1)
    half = stats.norm.ppf((1 + LEVEL) / 2)
    for i, people in enumerate(k.tolist()):
        mean = found[0, i]
        yield {"people": people, "mean": mean, "low": max(mean - half * error[i], 0.0), "high": mean + half * error[i]}


def _holders(named: Sequence[Set[Hashable]]) -> Floats:
    """Return how many people named each concept."""
    return np.array(list(Counter(each for concepts in named for each in concepts).values()), np.int64)


def _named(held: Floats, n: int, k: Floats, missed: Floats) -> Floats:
    further = _unseen(held, n) * (1 - _stays(held, n) ** np.maximum(k - n, 0))
    found: Floats = (1 - missed[held[held > 0]]).sum(axis=0) + further
    return found


def _unseen(held: Floats, n: int) -> float:
    """Return Chao2's estimate of how many concepts nobody has named yet."""
    once, twice = int((held == 1).sum()), int((held == 2).sum())
    return (n - 1) / n * (once**2 / (2 * twice) if twice else once * (once - 1) / 2)


def _stays(held: Floats, n: int) -> float:
    """Return the share of these that one more person leaves unseen."""
    once, unseen = int((held == 1).sum()), _unseen(held, n)
    return n * unseen / max(n * unseen + once, 1e-12) if once else 1.0


def _other_people(held: Floats, n: int) -> Floats:
    """Return how many of n other people name each concept, a row a resample (Chao et al. 2014, appendix G)."""
    share, unseen = held / n, _unseen(held, n)
    rest = (held == 1).sum() / n * _stays(held, n)  # the chances of the concepts that nobody has named, added up
    tail = share * (1 - share) ** n
    chances = share - (rest / tail.sum() if unseen > 0 else 0.0) * tail
    chances = np.append(chances, np.full(ceil(unseen), rest / max(ceil(unseen), 1)))
    return np.random.default_rng(0).binomial(n, chances, (RESAMPLES, len(chances)))


def people_needed(named: Sequence[Set[Hashable]], below: float) -> dict[str, Any]:
    """Return how many more people until Wilson's interval ends below a threshold; beyond n it is not said."""
    n = len(named)
    held = _holders(named)
    once, chance = int((held == 1).sum()), new_concepts(named)["chance"]
    others = _other_people(held, n)
    chances = [min((each == 1).sum() * (chance / once if once else 1 / n), 1.0) for each in others]
    drawn = np.array([_further(c, _stays(each, n), n, below) for c, each in zip(chances, others, strict=True)])
    found: dict[str, Any] = {"more_people": _further(chance, _stays(held, n), n, below)}
    for name, share in (("more_low", (1 - LEVEL) / 2), ("more_high", (1 + LEVEL) / 2)):
        found[name] = np.quantile(drawn, share, method="inverted_cdf")
    return found


def _further(chance: float, stays: float, n: int, below: float) -> int:
    """Return the fewest m of 0 to n with chance * stays ** m significantly below, one by one; n + 1 for none."""
    z = stats.norm.ppf((1 + LEVEL) / 2)
    # Wilson's interval holds the shares whose score test does not reject: it ends below where `below` is rejected.
    return next(
        (m for m in range(n + 1) if below - chance * stays**m > z * np.sqrt(below * (1 - below) / (n + m))), n + 1
    )


def new_concepts(named: Sequence[Set[Hashable]]) -> dict[str, Any]:
    """Return the share of people who named something that nobody else did, with its interval."""
    holders = Counter(each for concepts in named for each in concepts)
    bring_new = sum(any(holders[each] == 1 for each in concepts) for concepts in named)
    low, high = wilson(bring_new, len(named))
    return {
        "people": len(named),
        "concepts": len(holders),
        "named_once": sum(number == 1 for number in holders.values()),
        "chance": bring_new / len(named) if named else None,
        "chance_low": low,
        "chance_high": high,
    }


def wilson(successes: int, n: int) -> tuple[float | None, float | None]:
    """Return Wilson's interval of a share."""
    if not n:
        return None, None
    found = stats.binomtest(successes, n).proportion_ci(LEVEL, method="wilson")
    return float(found.low), float(found.high)


def interval(values: Floats) -> tuple[float | None, float | None]:
    """Return Student's interval of a mean; the value itself where all are equal."""
    if len(values) < 2:
        return None, None
    if (values == values[0]).all():
        return float(values[0]), float(values[0])
    low, high = stats.t.interval(LEVEL, len(values) - 1, values.mean(), stats.sem(values))
    return float(low), float(high)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return Holm's adjusted p-values."""
    order = np.argsort(p_values, kind="stable")
    factors = np.arange(len(order), 0, -1)
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(np.maximum.accumulate(np.asarray(p_values)[order] * factors), 1.0)
    return [float(p) for p in adjusted]


def person_values(values: Floats) -> Floats:
    """Return one value a person, whose mean is the mean over tasks of the group's means."""
    present = ~np.isnan(values)
    mean = np.nanmean(values, axis=0)
    shares = np.where(present, values - mean, 0.0) / (present.sum(axis=0) * values.shape[1])
    found: Floats = mean.mean() + len(values) * shares.sum(axis=1)
    return found


def half(wrong: Floats, rng: np.random.Generator) -> Floats:
    """Return a random half of the right and of the wrong images, both rounded up."""
    chosen = np.zeros(len(wrong), bool)
    for value in (False, True):
        rows = rng.permutation(np.flatnonzero(wrong == value))
        chosen[rows[: (len(rows) + 1) // 2]] = True
    return chosen


def candidates(signed: Floats, numbers: Sequence[int], wrong: Floats, learn: Floats) -> tuple[Floats, list[int]]:
    """Return the slice of each concept's best annotation on the half that chooses, and the concept's number."""
    found = [error_score(row[learn], wrong[learn])[:2] for row in signed]
    taken: dict[int, Floats] = {}
    for turn in sorted(range(len(found)), key=lambda turn: (-found[turn][0], turn)):
        value, threshold = found[turn]
        if value > 0:
            taken.setdefault(numbers[turn], signed[turn] > np.float32(threshold))
    kept = list(taken)[:MAX_CANDIDATES]
    return np.array([taken[number] for number in kept]).reshape(-1, len(wrong)), kept


def greedy(members: Floats, wrong: Floats, learn: Floats, most: int) -> tuple[list[int], list[float], list[float]]:
    """Return which concepts are chosen, and the error scores of their unions on either half; ties to the first."""
    union = np.zeros(len(wrong), bool)
    chosen: list[int] = []
    learned: list[float] = []
    held_out: list[float] = []
    reached = 0.0
    while len(chosen) < min(most, len(members)):
        gains = _scores(union | members, wrong, learn)
        best = int(np.argmax(np.round(gains, 12)))
        if gains[best] <= reached + 1e-12:
            break
        union, reached = union | members[best], float(gains[best])
        chosen.append(best)
        learned.append(reached)
        held_out.append(max(0.0, float(_scores(union[None], wrong, ~learn)[0])))
    return chosen, learned, held_out


def _scores(unions: Floats, wrong: Floats, half: Floats) -> Floats:
    """Return the share of wrong images of a half that are in each union, less that of the right ones."""
    found: Floats = unions[:, half & wrong].mean(axis=1) - unions[:, half & ~wrong].mean(axis=1)
    return found


def held_out(members: Floats, wrong: Floats, learn: Floats, most: int) -> list[float]:
    """Return the held-out scores of 1, ... most of some slices; where fewer are chosen, more add nothing."""
    held_out = greedy(members, wrong, learn, most)[2]
    return held_out + [held_out[-1] if held_out else 0.0] * (most - len(held_out))


def drawn_anew(right: Floats, groups: Floats) -> Floats:
    """Return the classifiers' mean worst group where test images are drawn anew within each group, the same for all."""
    rng, shares = np.random.default_rng(0), []
    for group in np.unique(groups):
        kinds, counts = np.unique(right[:, groups == group], axis=1, return_counts=True)
        n = counts.sum()
        shares.append(kinds @ rng.multinomial(n, counts / n, RESAMPLES).T / n)
    worst: Floats = np.min(shares, axis=0).mean(axis=0)
    return worst
