"""What a key means stands in the code; params.yaml, docs/params.md and what `adopt` writes say the same."""

from gridstage.adopt import block_text
from gridstage.config import Params
from gridstage.config.meanings import comments, meanings
from packages.gridstage.tests.make_keys import commented, with_list
from packages.gridstage.tests.pages import DOCS
from packages.gridstage.tests.project import real_params, text_of
from packages.gridstage.tests.read_sample import SAMPLE

RENEW = "run `python -m packages.gridstage.tests.make_keys`"


def test_the_page_lists_each_key_with_its_meaning() -> None:
    page = DOCS["params.md"]
    assert page == with_list(page), RENEW
    for section in Params.model_fields:
        for key, meaning in meanings(section).items():
            assert f"- `{section}.{key}`" in page
            assert meaning.endswith((".", "…")), key


def test_the_comments_of_params_yaml_are_the_meanings() -> None:
    text = text_of(SAMPLE / "params.yaml")
    assert text == commented(text), RENEW
    assert comments("cv", ["also_score", "n_splits"])["n_splits"] == ""


def test_adopt_writes_the_same_comments() -> None:
    text = text_of(SAMPLE / "params.yaml")
    for section in ("prepare", "cv", "statistics", "evaluate"):
        assert block_text(section, real_params()[section]) in text
