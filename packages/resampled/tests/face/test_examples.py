"""The docstrings of public names: they describe what goes in and what comes out, and an example runs as it stands."""

from functools import cached_property
from typing import Any

import pytest

import resampled
from packages.resampled.tests.docstrings import (
    described,
    parameters,
    ran_alone,
    returns,
    sections,
)
from resampled import conformal
from resampled.face.predicted import Predicted
from resampled.face.printed import Summary
from resampled.means.corrected import Corrected
from resampled.pairs.family import Verdict

# A script gets these, and does not make them.
RETURNED = [Corrected, Predicted, Summary, Verdict]
CLASSES = [resampled.Scores, conformal.Steps, *RETURNED]
# What only extras have.
NEEDS = {
    "Summary.plot": "matplotlib",
    "Summary.to_frame": "pandas",
    "Verdict.plot": "matplotlib",
}


def members(cls: type) -> dict[str, Any]:
    """Return the public methods and properties of a class."""
    kinds = property, cached_property, type(members)
    return {
        f"{cls.__name__}.{name}": member
        for name, member in vars(cls).items()
        if isinstance(member, kinds) and not name.startswith("_")
    }


def named() -> dict[str, Any]:
    """Return all that is public, by name, but constants, which have no docstring of their own."""
    public = {name: getattr(resampled, name) for name in resampled.__all__}
    for name, each in vars(conformal).items():
        if getattr(each, "__module__", "") == conformal.__name__ and name[0] != "_":
            public[name] = each
    for cls in CLASSES:
        public |= {cls.__name__: cls} | members(cls)
    return {name: each for name, each in public.items() if not isinstance(each, str)}


PUBLIC = named()


@pytest.mark.parametrize("name", PUBLIC)
def test_a_docstring_says_what_goes_in_and_what_comes_out(name: str) -> None:
    public = PUBLIC[name]
    found = sections(public)
    assert "Examples" in found
    assert ("Returns" in found) == returns(public)
    if callable(public) and not name.endswith("Warning"):
        section = "Attributes" if public in RETURNED else "Parameters"
        assert described(found.get(section, "")) == parameters(public)


@pytest.mark.filterwarnings("ignore::resampled.ResampledWarning")
@pytest.mark.parametrize("name", PUBLIC)
def test_an_example_runs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    monkeypatch.setenv("MPLBACKEND", "Agg")  # where there is no screen
    assert not ran_alone(PUBLIC[name])
