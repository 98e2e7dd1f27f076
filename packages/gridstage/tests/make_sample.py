"""Makes the results in the folder `sample` anew, after a change of the code that changes them.

`python -m packages.gridstage.tests.make_sample` calls it. The pipeline runs in a copy of the project, and each file of
results that is in there is replaced by that of the copy. Stages that are up to date in dvc.lock do not run, so little
is trained where the repository's own params and data are those of the sample; otherwise it takes about two minutes.
"""

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from packages.gridstage.tests.project import ROOT, Project, environment
from packages.gridstage.tests.read_sample import SAMPLE

RESULTS = ("metrics", "models")


def made_anew(folder: Path) -> dict[Path, bytes]:
    """Run the pipeline in a folder, and return the bytes of each file of results in the sample, by its path there."""
    project = Project.copied(folder)
    if (ROOT / "dvc.lock").exists():
        for name in RESULTS:  # all of them, of which the sample has some
            shutil.copytree(ROOT / name, folder / name, dirs_exist_ok=True)
        shutil.copy(ROOT / "dvc.lock", folder)
    project.commit_first()
    subprocess.run(["dvc", "repro"], cwd=folder, env=environment(), check=True)
    files = sorted(
        path
        for name in RESULTS
        for path in (SAMPLE / name).rglob("*")
        if path.is_file()
    )
    return {path: (folder / path.relative_to(SAMPLE)).read_bytes() for path in files}


def main() -> None:
    """Replace each file that is another one now, and print its name."""
    with TemporaryDirectory() as folder:
        for path, content in made_anew(Path(folder)).items():
            if content != path.read_bytes():
                path.write_bytes(content)
                print(f"made anew: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
