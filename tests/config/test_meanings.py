"""What a key means stands in the code; params.yaml, docs/params.md and what `adopt` writes say the same."""

from stages.lib.adopt import block_text
from stages.lib.config import Params
from stages.lib.config.meanings import comments, meanings
from tests.make_keys import commented, with_list
from tests.pages import DOCS
from tests.project import real_params, text_of
from tests.read_sample import SAMPLE

RENEW = "run `python -m tests.make_keys`"


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
