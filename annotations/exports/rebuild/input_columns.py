"""Which columns of a release nothing in it computes: what people and workers did, and what the study was set up with.

The data dictionary marks them as inputs; `rebuild.py` computes every other column again. Some inputs are numbers whose
causes no release holds: embeddings of images (clusters of `unnamed_errors`; `loss`, `certified_gap`, `n_above`,
`n_below`, `images_above`, `images_below`, of which manage.py recompute checks those of runs), embeddings of keywords
and captions of images (manage.py rank_keywords), pool images and what reviewers said of images (`gathered_data`, which
manage.py recompute checks, `slice_checks`), the class name's embedding (`class_name_cosine`), and what the page
showed then (`guessing_level`).
"""

_WHOLE = ("sessions", "end_answers", "exclusions", "data_dictionary", "gathered_data", "slice_checks")
_ANYWHERE = ("session", "participant", "task", "class", "list", "language", "is_primary", "scheme", "code_version")
_OF_TABLES = {
    "assignments": "position state started_at first_deadline_at deadline_at ended_at end_reason note",
    "baselines": "name given over left_out",
    "correction_annotations": "text threshold sign by_hand images_above images_below",
    "correction_effects": "what images",
    "corrections": "dataset base_model second_dataset review review_reason reviewed_at loss certified_gap trained_at",
    "experts": "expert",
    "keyword_splits": "why_not",
    "keywords": "text_template threshold adjusted_p n_captioned subgroup_accuracy",
    "new_concepts": "enough_below",
    "panels": "image_key",
    "participants": "created_at",
    "phrases": "ordinal text moderation keywords_seen state submitted_at scored_at tries guessing_level level_shown "
    "goal goal_shown page_version subject rendered_text text_template class_name_cosine encoder dataset_digest "
    "encode_time run chosen_threshold chosen_run judgement rewordings time_to_first_edit edits edit_gap pastes "
    "page_left",
    "phrases_among_keywords": "n_captioned subgroup_accuracy",
    "runs": "base_model target_class phrase_text threshold is_chosen sign l2 min_slice_size state reason "
    "n_above n_below loss certified_gap created_at finished_at versions",
    "spans": "opening kind image_key began_at ended_at received_at",
    "summary": "condition",
    "unnamed_errors": "silhouette silhouette_p likeness likeness_p images",
}
_INPUTS = {name: frozenset(columns.split()) for name, columns in _OF_TABLES.items()}


def is_input(table: str, column: str) -> bool:
    """Return whether a release records a column, and computes none of it. Of the lowest tables it records all."""
    is_whole = table in _WHOLE or "/" in table
    return is_whole or column in _ANYWHERE or column in _INPUTS.get(table, ())
