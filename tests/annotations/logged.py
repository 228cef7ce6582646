"""What the log has to agree with: the tables of a study, in the shape that a replay has."""

from annotations.models import Study
from annotations.services.logs.event_payloads import stored_states
from annotations.services.logs.log_registry import TABLES
from annotations.services.logs.replay import LoggedRows


def stored(study: Study) -> LoggedRows:
    """Read the state of a study from its tables, with arrays as their digests."""
    state = LoggedRows()
    for table in TABLES:
        state.add(stored_states(table, table.rows(study)))
    return state
