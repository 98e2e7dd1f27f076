"""Results in memory: the texts of files by their paths."""

from typing import TYPE_CHECKING

from gridstage.common import UserError
from gridstage.results.files import File
from gridstage.results.reading import by_name
from gridstage.results.writing import as_text

if TYPE_CHECKING:
    from gridstage.results.writing import Content


class Texts(dict[str, str]):
    """Files in memory, which `Results` reads like those on disk."""

    def put(
        self,
        file: File,
        content: "Content",
        name: str = "",
    ) -> None:
        """Write a file, as the stages do."""
        self[file.at(name)] = as_text(content)

    def text(self, path: str) -> str | None:
        """Return the text of a file."""
        return self.get(path)

    def files(self, folder: str, suffix: str) -> dict[str, str]:
        """Return the paths of files by name."""
        return by_name(folder, suffix, self)

    def refused(self, path: str, problem: str, again: str) -> UserError:
        """Return the error that says what is wrong with a file."""
        return UserError(f"{path} {problem}. {again}")
