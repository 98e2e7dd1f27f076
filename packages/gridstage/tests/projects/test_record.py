"""What an update reads: the record of what a project was made of, and the changelog between two versions."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

import gridstage
from gridstage.common import write_text
from gridstage.project import record
from gridstage.project.changelog import changelog, sections_between
from gridstage.project.record import RECORD
from packages.gridstage.tests.project import ROOT, text_of
from packages.gridstage.tests.refusals import refused_with

NEWS = "# Changelog\n\n## [0.2.0] - 2027-01-31\n\n- A.\n\n## 0.1.1\n\n- B.\n\n## 0.1.0\n\n- C.\n"
BROKEN = {
    "{": "is not JSON",
    '<<<<<<< yours\n{"version"': "has the conflict markers of a merge",
    "[]": "is not a record of gridstage's",
    '{"texts": {}}': "version: Field required",
    '{"version": "0.1.0"}': "texts: Field required",
    '{"version": "new", "texts": {}}': "version: Value error, Invalid version",
    '{"version": "0.1.0", "texts": {"a": 1}}': "texts.a: Input should be",
}


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_record_is_refused(here: Path, text: str) -> None:
    write_text(RECORD, text)
    with refused_with(BROKEN[text]) as caught:
        record.read(here)
    assert f"`git checkout HEAD -- {RECORD}`" in str(caught.value)


def test_a_record_that_is_no_text_is_refused(here: Path) -> None:
    Path(RECORD).write_bytes(b"\xff")
    with refused_with("is not UTF-8"):
        record.read(here)


def test_a_record_is_read_as_it_was_written(here: Path) -> None:
    texts = {"ü.py": "ä\n", "a.py": ""}
    record.write(here, "0.1.0", texts)
    assert record.read(here) == record.Record("0.1.0", texts)
    text = text_of(RECORD)
    assert '"ü.py": "ä\\n"' in text
    assert text.endswith("}\n")
    assert text.index("a.py") < text.index("ü.py") < text.index("version")


def test_the_sections_between_two_versions() -> None:
    assert sections_between(NEWS, "0.1.0", "0.1.1") == "## 0.1.1\n\n- B."
    assert sections_between(NEWS, "0.2.0", "0.3.0") == ""
    assert sections_between(NEWS, "0.0.1", "0.1.0") == "## 0.1.0\n\n- C."
    assert sections_between("## Unreleased\n\n- D.\n", "0.1.0", "9") == ""


def test_the_package_has_its_changelog() -> None:
    assert changelog() == text_of(ROOT / "packages/gridstage/CHANGELOG.md")


def test_it_has_the_version_of_what_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert gridstage.__version__ == version("gridstage")

    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    # As in a plain copy of the folder.
    monkeypatch.setattr("importlib.metadata.version", missing)
    assert not hasattr(gridstage, "__version__")
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        gridstage.nothing  # type: ignore[attr-defined]  # noqa: B018
