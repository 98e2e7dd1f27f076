"""The texts of a project's files: those that the tool owns and renews, and those that are the user's from the start."""

from importlib.resources import files
from pathlib import Path

from gridstage.project import rules
from gridstage.project.installed import requirement_of
from gridstage.project.place import repository_of
from gridstage.project.workflows import workflows

# The repository's own files, without the dots of their names: git and packaging tools heed some of these.
_TEMPLATE = files("gridstage") / "template"
# In the repository, where packages lie beside the stages, this module finds them.
_NOT_IN_A_PROJECT = {"__init__.py"}
_EXAMPLE = "data/pima-indians-diabetes.csv"
# In README.md: the folder's name, and an experiment that searches the number of neurons.
_TITLE, _EXPERIMENT = "PROJECT", "EXPERIMENT"


def texts_of(folder: Path) -> dict[str, str]:
    """Return what the tool owns in a project in `folder`, for the installed version: texts by path, in order.

    Paths are relative to the folder. The workflows of a project inside of another repository are at its top, so their
    paths begin with `..`.
    """
    folder = folder.resolve()
    pins = rules.requirements(_text("requirements.txt"), requirement_of)
    texts = {
        "dvc.yaml": rules.pipeline(_text("pipeline.yaml")),
        "requirements.txt": pins,
        ".dvcignore": rules.ignored(_text("dvcignore")),
        ".gitignore": rules.ignored(_text("gitignore")),
        ".gitattributes": _text("gitattributes"),
        ".dvc/config": _text("dvc/config"),
        ".dvc/.gitignore": _text("dvc/gitignore"),
    }
    for name in _names("dvc/plots", ".json"):
        texts[f".dvc/plots/{name}"] = _text(f"dvc/plots/{name}")
    for name in _names("stages", ".py") - _NOT_IN_A_PROJECT:
        texts[f"stages/{name}"] = _text(f"stages/{name}")
    texts |= workflows(_text, folder, repository_of(folder))
    return dict(sorted(texts.items()))


def begun_with(folder: Path, example: bool) -> dict[str, str]:
    """Return what is the user's from the start: texts by path, in order; the table, too, if it is the example's."""
    experiment = "neurons" if example else "net"
    readme = _text("README.md").replace(_TITLE, folder.resolve().name)
    texts = {
        "README.md": readme.replace(_EXPERIMENT, experiment),
        "params.yaml": _text("params.yaml"),
    }
    for name in _names("nets", ".py"):
        texts[f"nets/{name}"] = _text(f"nets/{name}")
    if example:
        texts[_EXAMPLE] = _text(_EXAMPLE)
    return dict(sorted(texts.items()))


def _text(name: str) -> str:
    return (_TEMPLATE / name).read_bytes().decode()


def _names(folder: str, ending: str) -> set[str]:
    names = (each.name for each in (_TEMPLATE / folder).iterdir())
    return {name for name in names if name.endswith(ending)}
