"""Refuses the tag of a release that the files do not fit, and prints what is new in it, as its changelog says.

`python packages/check_tag.py TAG`, where TAG is NAME-vVERSION, and NAME a folder of packages/.
"""

import re
import sys
import tomllib
from pathlib import Path

PACKAGES = Path(__file__).resolve().parent
NAMES = sorted(path.parent.name for path in PACKAGES.glob("*/pyproject.toml"))
AGAIN = "Correct the file or the tag, and push a new tag: docs/releasing.md says how."


def section(changelog: str, version: str) -> str:
    """Return what a changelog says of a version; "" if it says nothing."""
    parts = re.split(r"^## (\S+).*\n", changelog, flags=re.MULTILINE)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    return sections.get(version, "").strip()


def main() -> None:
    """Print the changelog's section of the tag's version; end with status 1 if the files do not fit the tag."""
    tag = "".join(sys.argv[1:])
    name, _, version = tag.partition("-v")
    if name not in NAMES:
        forms = ", ".join(f"{name}-vVERSION" for name in NAMES)
        sys.exit(f"error: {tag!r} is not a tag of a release, which are {forms}.")
    project = PACKAGES / name / "pyproject.toml"
    written = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"]
    if version != written:
        sys.exit(
            f"error: packages/{name}/pyproject.toml has version {written}, but the tag is {tag}. {AGAIN}"
        )
    changelog = PACKAGES / name / "CHANGELOG.md"
    news = section(changelog.read_text(encoding="utf-8"), version)
    if not news:
        sys.exit(
            f"error: packages/{name}/CHANGELOG.md has nothing under `## {version}`. {AGAIN}"
        )
    print(news)


if __name__ == "__main__":
    main()
