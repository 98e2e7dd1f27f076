"""The docstrings of public names: they describe what goes in and what comes out, and an example runs as it stands."""

import pytest

import lockstep
from packages.resampled.tests.docstrings import (
    described,
    parameters,
    ran_alone,
    returns,
    sections,
)

# A constant has no docstring of its own.
PUBLIC = {
    name: public
    for name in lockstep.__all__
    if not isinstance(public := getattr(lockstep, name), str)
}
# A script gets these, and does not make them.
RETURNED = ["Group", "Plan"]


@pytest.mark.parametrize("name", PUBLIC)
def test_a_docstring_says_what_goes_in_and_what_comes_out(name: str) -> None:
    public = PUBLIC[name]
    found = sections(public)
    assert "Examples" in found
    assert ("Returns" in found) == returns(public)
    if not name.endswith("Warning"):
        section = "Attributes" if name in RETURNED else "Parameters"
        assert described(found.get(section, "")) == parameters(public)


@pytest.mark.parametrize("name", PUBLIC)
def test_an_example_runs(name: str) -> None:
    assert not ran_alone(PUBLIC[name])
