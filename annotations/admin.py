"""Django's admin, arranged for the coordinator: the study's page is its overview, all that people did is read-only."""

from annotations.datasets.staff_pages import dataset_lists
from annotations.datasets.staff_pages import import_pages as imports
from annotations.pools.staff_pages import pool_lists
from annotations.runs.staff_pages import run_list as runs
from annotations.site import study_admin
from annotations.staff.staff_pages import account_list as accounts
from annotations.visits.staff_pages import visit_lists as sessions

__all__ = ["accounts", "dataset_lists", "imports", "pool_lists", "runs", "sessions", "study_admin"]
