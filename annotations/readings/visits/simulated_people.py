"""Whether a script played people who count, as in the demo. Those of a rehearsal count nowhere."""

from annotations.models import Study

SENT = "simulated_people_sent"  # act in the audit log: nothing in their visits tells them from people's


def has_simulated_people(study: Study) -> bool:
    """Whether somebody noted that a script takes part in the study as people do."""
    return study.audit_records.filter(act=SENT).exists()
