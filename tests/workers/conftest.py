"""Qt hygiene for every test of this folder."""

from tests.qt_hygiene import no_leaked_qt_objects, waits  # noqa: F401 - fixtures
