"""Django's admin, arranged for the coordinator: the study's page is its overview, all that people did is read-only."""

from annotations.admin import study_admin
from annotations.admin.datasets import dataset_lists, imports
from annotations.admin.pools import pool_lists
from annotations.admin.retraining import runs
from annotations.admin.staff import accounts
from annotations.admin.visits import sessions

__all__ = ["accounts", "dataset_lists", "imports", "pool_lists", "runs", "sessions", "study_admin"]
