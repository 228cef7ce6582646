"""README.txt of an export: what is in it, in plain words."""

from collections.abc import Iterable
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
  manifest.json         which state of the study this is, and the SHA-256 of each file; notes say what is missing
  rebuild.py            rebuilds the headline from the CSV files alone, and draws the figures from their
                        specifications, with pandas and vl-convert-python; panels cannot be drawn, since no image is in
                        here

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

The headline
  summary.csv, column own_gain: for each participant, the phrase with the best error score on the validation images, and
  what it adds to the worst-group accuracy that the same retraining without a phrase reaches on the test images; 0 where
  nothing could be retrained with, so that nobody who was given the task is left out (flow.csv). The column
  worst_group_accuracy_chosen_on_test is the best over all of a person's phrases. The test images chose that phrase, so
  it is optimistic; it is there because the paper reports it.
"""


def readme(study: Study, tables: Iterable[Table[Any]]) -> str:
    """Return the text, with one line per table."""
    lines = [f"  {table.file:<21} {table.meaning} ({table.order})" for table in tables]
    title = f"Clarify: export of the study “{study.title}” ({study.slug})"
    return _TEXT.format(title=title, underline="=" * len(title), tables="\n".join(lines))
