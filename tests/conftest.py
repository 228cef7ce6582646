"""What the whole suite has: each module says what it brings."""

from hypothesis import settings as hypothesis_settings

pytest_plugins = [
    "tests.support.run_costs",
    "tests.support.requests_of_the_site",
    "tests.support.only_reads",
    "tests.support.own_database",
    "tests.support.between_tests",
    "tests.support.stored_actors",
    "tests.support.actor_fixtures",
    "tests.support.chromium",
]
# A busy machine makes any example slow.
hypothesis_settings.register_profile("unhurried", deadline=None)
hypothesis_settings.load_profile("unhurried")
