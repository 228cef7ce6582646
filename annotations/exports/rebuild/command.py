"""Compute a release again from its lowest tables, compare, and draw its figures.

    python rebuild.py [--release FOLDER] [--output FOLDER]

Needs numpy, pandas, pyarrow, SciPy, scikit-learn and vl-convert-python, and nothing of Clarify. It reads the unpacked
release, computes its tables again from lowest/ and from what was recorded, and compares each: closed forms to 1e-9,
resampled numbers to three Monte-Carlo errors. What it cannot compute it says by name. The exit status is 1 where
something differs. Every figure is drawn of the tables computed here, by the release's specification.
"""

import argparse
from pathlib import Path

from .concept_rows import rebuild_concepts
from .curve_tables import rebuild_curves
from .difference_tables import rebuild_differences
from .error_scores import rebuild_scores
from .guessing import ideas, vocabularies
from .mean_tables import rebuild_means
from .people_tables import rebuild_flow, rebuild_people, rebuild_table_3, with_accuracies
from .rebuilt_figures import Rebuilt, draw_figures
from .release_tables import Release
from .report import Report
from .run_accuracies import rebuild_accuracies
from .slice_accuracies import rebuild_methods, rebuild_panels, rebuild_splits

# What people and workers did, as it was recorded: nothing lower is in a release.
RECORDED = ("participants", "sessions", "assignments", "end_answers", "spans", "exclusions", "data_dictionary")

LEFT_OUT = {
    "keywords": "the keywords' embeddings are not in the release; manage.py rank_keywords does it",
    "phrases_among_keywords": "as keywords, and it takes captions, which are not in the release either",
    "keyword_splits": "what retraining with a keyword predicts is not in the release; manage.py rank_keywords does it",
    "people_less_machine": "as keyword_splits",
    "corrections": "the train images' embeddings are not in the release",
    "correction_annotations": "as people chose, or by the scores in phrases.csv",
    "correction_effects": "a correction's predictions for validation and second data set are not in the release",
}


def rebuild(release: Release, output: Path) -> Report:
    """Compute everything, write what people reached to `output`, and return what was found."""
    report = Report()
    found = rebuild_accuracies(release, report)
    said = with_accuracies(release, rebuild_scores(release, report), found)
    said["is_idea"] = ideas(said, vocabularies(release))
    people, experts = rebuild_people(release, report, said, found)
    rebuild_table_3(release, report, said)
    rebuild_flow(release, report, people)
    rebuild_panels(release, report, said)
    concepts = rebuild_concepts(release, report, said, found)
    rebuilt = Rebuilt(
        people=people,
        experts=experts,
        means=rebuild_means(release, report, people, found),
        methods=rebuild_methods(release, report, experts, found),
        splits=rebuild_splits(release, report, said, found),
        curves=rebuild_curves(release, report, people, concepts.by_task),
        together=concepts.together,
        places=concepts.places,
    )
    rebuild_differences(release, report, people)
    draw_figures(release, report, rebuilt, output)
    _say_what_is_left(release, report)
    people.to_csv(output / "rebuilt_summary.csv", index=False)
    return report


def _say_what_is_left(release: Release, report: Report) -> None:
    """Name every table that nothing was compared of, and be strict about those that nobody has thought of."""
    for name in sorted(set(release.names) - report.compared.keys() - set(RECORDED)):
        if name in LEFT_OUT:
            report.not_rebuilt(name, LEFT_OUT[name])
        else:
            report.differences.append(f"{name}: the script does not know this table")


def main() -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    there = Path(__file__).resolve().parents[1]
    parser.add_argument("--release", type=Path, default=there, help="the unpacked release (default: around this file)")
    parser.add_argument("--output", type=Path, default=Path.cwd(), help="where the results go (default: here)")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    report = rebuild(Release(options.release), options.output)
    print(report.text)
    return 1 if report.differences else 0
