"""The fixtures of the pipeline's library, with which its stages and commands are tried as a whole."""

from packages.gridstage.tests.conftest import (  # noqa: F401
    changed,
    data,
    here,
    in_process,
    in_the_repository,
    make_project,
    project,
    ran_page,
    reproduced,
)
