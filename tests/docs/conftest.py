"""The fixture of a browser, for the tests of the site."""

from packages.gridstage.tests.report.conftest import browser  # noqa: F401
