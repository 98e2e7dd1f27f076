"""What a project was made of, in .gridstage.json: the version, and the text of each file that gridstage owns."""

import json
from pathlib import Path
from typing import Annotated

from packaging.version import Version
from pydantic import AfterValidator, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from gridstage.common import UserError, write_text
from gridstage.config import yaml12

RECORD = ".gridstage.json"
_REMEDY = f"`git checkout HEAD -- {RECORD}` gets the committed one."


def _checked(version: str) -> str:
    Version(version)  # raises a ValueError
    return version


@dataclass(frozen=True)
class Record:
    """The version of gridstage that a project is of, and the texts by path, relative to the project."""

    version: Annotated[str, AfterValidator(_checked)]
    texts: dict[str, str]


def write(folder: Path, version: str, texts: dict[str, str]) -> None:
    """Write the record of a project."""
    content = {"version": version, "texts": texts}
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True)
    write_text(folder / RECORD, f"{text}\n")


def read(folder: Path) -> Record:
    """Return the record of a project; raises `UserError` if there is none, or if it is broken."""
    try:
        text = (folder / RECORD).read_text(encoding="utf-8")
        return TypeAdapter(Record).validate_json(text)
    except FileNotFoundError:
        raise UserError(
            f"No project of gridstage's is here, because {RECORD} is missing. Go to the folder of one; "
            "`gridstage new` makes one."
        ) from None
    except UnicodeDecodeError:
        raise UserError(f"{RECORD} is not UTF-8. {_REMEDY}") from None
    except ValidationError as error:
        finding = _finding(text, error)
    raise UserError(f"{RECORD} {finding}. {_REMEDY}")


def _finding(text: str, error: ValidationError) -> str:
    if yaml12.conflict_line(text.encode()):
        return "has the conflict markers of a merge"
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return "is not JSON"
    place = ".".join(map(str, first["loc"])) or "its content"
    return f"is not a record of gridstage's: {place}: {first['msg']}"
