"""Reads YAML with the parser that DVC reads it with, so that both take a value for the same."""

from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from stages.lib.config.yaml_text import cause


class NotYAMLError(ValueError):
    """A text that is not YAML; the message is what to do about it, and on which line."""


def load(text: str) -> Any:
    """Parse one YAML document; raises `NotYAMLError` if it is none."""
    try:
        return YAML(typ="safe").load(text)
    except MarkedYAMLError as error:
        raise NotYAMLError(cause(text, error)) from None
    except YAMLError as error:  # of a sign that no text has
        raise NotYAMLError(f"{str(error).splitlines()[0]}; remove it") from None
    except RecursionError:
        raise NotYAMLError("it nests too deeply; remove some of the brackets") from None
    except ValueError:
        raise NotYAMLError("a number has more digits than Python reads; shorten it") from None
