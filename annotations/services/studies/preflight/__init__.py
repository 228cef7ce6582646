"""What should be right before people come: each check passes, warns or blocks, and says where to mend it."""

from annotations.services.studies.preflight.check_result import Check, FixIn, Level
from annotations.services.studies.preflight.preflight_report import Part, blocking, report

__all__ = ["Check", "FixIn", "Level", "Part", "blocking", "report"]
