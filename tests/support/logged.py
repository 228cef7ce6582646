"""What the log has to agree with: the tables of a study, in the shape that a replay has."""

from annotations.log.events import stored_states
from annotations.log.log_registry import TABLES
from annotations.log.replay import LoggedRows
from annotations.models import Study


def stored(study: Study) -> LoggedRows:
    """Read the state of a study from its tables, with arrays as their digests."""
    state = LoggedRows()
    for table in TABLES:
        state.add(stored_states(table, table.rows(study)))
    return state
