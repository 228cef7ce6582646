"""README.txt of an export: what is in it, in plain words."""

from collections.abc import Iterable, Sequence
from typing import Any

from annotations.models import Study
from annotations.tables.columns import Table

_TEXT = """{title}
{underline}

This archive holds everything that the participants of this study submitted and what was computed from it, as it was
at one moment.

Tables (CSV, UTF-8, commas, first line names the columns; data_dictionary.csv explains every column)
{tables}

Other files
  *.parquet             each table once more, typed; texts stand in them as they were typed
  figures/              the figures of the results page, drawn of these tables: each as a Vega-Lite specification that
                        holds its values (json), and drawn of it as svg and png; panels of images as png alone
  phrases.jsonl         the phrases once more, one JSON object a line, exactly as they were typed
  events.jsonl          what happened, in order; personal text is left out
  study.json            the configuration that froze when the study opened, the base models' metrics, how to recompute
  datapackage.json      every file with its digest, and the data dictionary as schemas, as Frictionless reads it;
                        licence, DOI and authors where the release names them; CITATION.cff then says how to cite it
  croissant.json        the tables once more, for catalogues and loaders of data sets (mlcroissant): phrases.csv is a
                        data set of its own
  manifest.json         which state of the study this is, and the SHA-256 of each file; notes say what is missing
{rebuild}
What is left out
  exclusions.csv says it line by line: rehearsals, withdrawn and erased visits, phrases that the staff excluded, phrases
  without a score, runs that were refused or failed. The words of phrases that the staff hid are shown as (hidden).

People
  Nobody's outside id is in here. A person appears under a pseudonym made with a key that belongs to this study alone,
  so pseudonyms of two studies cannot be joined. The words people typed are their own: read them before you publish.

Spreadsheets
  In the CSV files a text that starts with = + - @, a tab or a line break has an apostrophe in front, so that no
  spreadsheet takes it for a formula (one that starts with apostrophes before such a sign gets one more). Take one away,
  or use phrases.jsonl, where the exact text matters. NA and null are words that people may type: read the tables with
  the empty cell as the only missing value, as rebuild.py does.

Retraining
  In every retraining of this study, {scheme_in_words}
  (scheme {scheme}, docs/methods.md); what it is compared with is trained likewise.

The headline
  summary.csv, column own_gain: for each participant, the phrase with the best error score on the validation images, and
  what it adds to the worst-group accuracy that the same retraining without a phrase reaches on the test images; 0 where
  nothing could be retrained with, so that nobody who was given the task is left out (flow.csv). The column
  worst_group_accuracy_chosen_on_test is the best over all of a person's phrases. The test images chose that phrase, so
  it is optimistic; it is there because the paper reports it.
"""


_REBUILD = """\
  rebuild.py, rebuild/  computes the other tables and the figures again from the lowest ones and from what was recorded,
                        compares them, and ends with a status other than 0 where they differ. What it takes as it is,
                        data_dictionary.csv calls an input. Needs numpy, pandas, pyarrow, SciPy, scikit-learn and
                        vl-convert-python

The lowest tables
  lowest/ holds what all other numbers are computed from: similarities of each distinct annotation to the images, which
  of these the base model got wrong, groups, test predictions, error scores of common words and of keywords, retrainings
  with random slices, random directions, and normalised words. Of a task there are at most 1,000 annotations, those that
  most people said, and 64 MiB each of similarities and of test predictions; of a study the first 40 tasks. Left out for
  that reason:
{left_out}
"""


def readme(study: Study, tables: Iterable[Table[Any]], left_out: Sequence[str] | None = None) -> str:
    """Return the text, with one line per table. left_out: of the lowest tables; None where these are not there."""
    rebuild = "" if left_out is None else _REBUILD.format(left_out=_listed(left_out))
    lines = [f"  {table.file:<21} {table.meaning} ({table.order})" for table in tables]
    scheme = {"scheme": study.scheme, "scheme_in_words": study.get_scheme_display()}
    title = f"Clarify: export of the study “{study.title}” ({study.slug})"
    return _TEXT.format(title=title, underline="=" * len(title), tables="\n".join(lines), rebuild=rebuild, **scheme)


def _listed(left_out: Sequence[str]) -> str:
    return "\n".join(f"    {each}" for each in left_out or ["nothing"])
