"""Compute a release again from its lowest tables, compare, and draw its figures.

    python rebuild.py [--release FOLDER] [--output FOLDER]

Needs numpy, pandas, pyarrow, SciPy and vl-convert-python. It reads the unpacked release, computes its
tables again from lowest/ and from what was recorded, by the functions of Clarify that lie beside it in annotations/ and
modeling/, and compares each: to 1e-9, and what is resampled to three Monte-Carlo errors. What it cannot compute for
lack of room in lowest/ it says by name; all else that it does not compute is an input, and the data dictionary says so.
Every figure is drawn of the tables computed here, by the release's specification. The exit status is 1 where something
differs.
"""

import argparse
from pathlib import Path

from annotations.exports.rebuild.concept_rows import rebuild_concepts
from annotations.exports.rebuild.correction_rows import rebuild_corrections
from annotations.exports.rebuild.curve_tables import rebuild_curves
from annotations.exports.rebuild.error_scores import rebuild_scores, vocabularies
from annotations.exports.rebuild.input_columns import is_input
from annotations.exports.rebuild.machine_words import rebuild_keywords
from annotations.exports.rebuild.mean_tables import rebuild_differences, rebuild_means
from annotations.exports.rebuild.people_tables import (
    ideas,
    rebuild_flow,
    rebuild_guessing,
    rebuild_people,
    rebuild_table_3,
    table_of,
    with_accuracies,
)
from annotations.exports.rebuild.rebuilt_figures import Rebuilt, draw_figures
from annotations.exports.rebuild.recorded_tables import rebuild_recorded
from annotations.exports.rebuild.release_tables import Release
from annotations.exports.rebuild.report import Report
from annotations.exports.rebuild.run_accuracies import rebuild_accuracies
from annotations.exports.rebuild.slice_accuracies import rebuild_methods, rebuild_panels, rebuild_splits
from annotations.exports.rebuild.together_rows import rebuild_together


def rebuild(release: Release, output: Path) -> Report:
    """Compute everything, write what people reached to `output`, and return what was found."""
    report = Report()
    rebuild_recorded(release, report)
    known = vocabularies(release)
    found = rebuild_accuracies(release, report)
    said = with_accuracies(release, rebuild_scores(release, report), found)
    rebuild_guessing(release, report, said, known)
    said["is_idea"] = ideas(said, known)
    people, experts = rebuild_people(release, report, said, found)
    rebuild_table_3(release, report, said)
    rebuild_flow(release, report, people)
    rebuild_panels(release, report, said)
    concepts, places = rebuild_concepts(release, report, said, found)
    rebuilt = Rebuilt(
        people=people,
        experts=experts,
        means=rebuild_means(release, report, people, found),
        methods=rebuild_methods(release, report, experts, found),
        splits=rebuild_splits(release, report, said, found),
        curves=rebuild_curves(release, report, said, people, concepts),
        together=rebuild_together(release, report, concepts),
        places=places,
        machine=rebuild_keywords(release, report, said, found),
        corrected=rebuild_corrections(release, report, said),
    )
    rebuild_differences(release, report, people)
    draw_figures(release, report, rebuilt, output)
    _look_for_more(release, report)
    table_of(people).to_csv(output / "rebuilt_summary.csv", index=False)
    return report


def _look_for_more(release: Release, report: Report) -> None:
    """Every column that is no input is to be computed: one that is not is a difference."""
    for name in release.names:
        columns = [each for each in release.csv(name).columns if not is_input(name, each)]
        if more := [each for each in columns if each not in report.columns[name]]:
            report.differences.append(f"{name}: nothing computes {', '.join(more)}")


def main() -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    there = Path(__file__).resolve().parents[3]
    parser.add_argument("--release", type=Path, default=there, help="the unpacked release (default: around this file)")
    parser.add_argument("--output", type=Path, default=Path.cwd(), help="where the results go (default: here)")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    report = rebuild(Release(options.release), options.output)
    print(report.text)
    return 1 if report.differences else 0
