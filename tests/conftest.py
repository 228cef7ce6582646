"""What the whole suite has: each module says what it brings."""

from hypothesis import settings as hypothesis_settings

pytest_plugins = [
    "tests.run_costs",
    "tests.requests_of_the_site",
    "tests.own_database",
    "tests.between_tests",
    "tests.stored_actors",
    "tests.actor_fixtures",
    "tests.chromium",
]
# A busy machine makes any example slow.
hypothesis_settings.register_profile("unhurried", deadline=None)
hypothesis_settings.load_profile("unhurried")
