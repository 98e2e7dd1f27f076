"""Which installed packages are not those of requirements.txt. Oracle: what pip writes beside a package."""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from gridstage.common import write_text
from gridstage.project.pins import differences, differing_packages

COMMIT = "0123456789abcdef0123456789abcdef01234567"
ADDRESS = "git+https://example.invalid/owner/name.git"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on Python's path with the packages `local` 2.13.0+cpu, and `cloned`, from a commit."""
    monkeypatch.syspath_prepend(tmp_path)
    for name, number in (("local", "2.13.0+cpu"), ("cloned", "0.1.0")):
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {number}\n"
        write_text(tmp_path / f"{name}-{number}.dist-info/METADATA", metadata)
    source = {
        "url": ADDRESS,
        "vcs_info": {"vcs": "git", "commit_id": COMMIT, "requested_revision": "v1"},
    }
    write_text(tmp_path / "cloned-0.1.0.dist-info/direct_url.json", json.dumps(source))
    return tmp_path


@pytest.mark.parametrize(
    "line",
    [
        "",
        "# no==1.0",
        "-r other.txt",
        "--editable ./packages/no",
        "./no",
        "local==2.13.0",
        "Local == 2.13.0+cpu  # a comment",
        "local==2.13.0 --hash=sha256:0",
        "local>=2",
        "local",
        'local==1.0; python_version < "3"',
        f"cloned @ {ADDRESS}@{COMMIT}#subdirectory=packages/cloned",
        f"cloned @ {ADDRESS}@{COMMIT[:8]}",
        f"cloned @ {ADDRESS}@v1",
        f"cloned @ {ADDRESS}",
        f"local @ {ADDRESS}@{'f' * 40}",
        "cloned @ https://example.invalid/cloned-0.1.0.whl",
    ],
)
@pytest.mark.usefixtures("installed")
def test_no_difference(line: str) -> None:
    assert differences(line) == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("local==2.12.0", "local==2.12.0 (2.13.0+cpu)"),
        ("local==2.13.0+cu128", "local==2.13.0+cu128 (2.13.0+cpu)"),
        (
            f'local==1.0; python_version >= "{sys.version_info[0]}"',
            "local==1.0 (2.13.0+cpu)",
        ),
        ("not-there==1.0  # a comment", "not-there (missing)"),
        (f"not-there @ {ADDRESS}@{COMMIT}", "not-there (missing)"),
        (
            f"cloned @ {ADDRESS}@{'f' * 40}#subdirectory=packages/cloned",
            "cloned at fffffff (0123456)",
        ),
    ],
)
@pytest.mark.usefixtures("installed")
def test_a_difference(line: str, told: str) -> None:
    assert differences(line) == [told]


def test_one_note_names_some(here: Path) -> None:
    assert differing_packages() == []
    write_text("requirements.txt", "".join(f"not-there-{i}==1\n" for i in range(7)))
    (note,) = differing_packages()
    assert note.startswith("other packages are installed than requirements.txt names")
    assert "not-there-4 (missing) and 2 more; `pip install -r requirements.txt`" in note
    write_text("requirements.txt", f"numpy=={version('numpy')}\n")
    assert differing_packages() == []
