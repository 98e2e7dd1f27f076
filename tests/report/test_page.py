"""What the report says of the run, without a browser."""

import pytest

from stages.lib.common import UserError
from stages.lib.config import Params
from stages.lib.report.page import facts
from stages.lib.report.templating import breakable
from stages.lib.results import Results
from tests.project import real_params
from tests.read_sample import SAMPLE


def test_long_names_break_at_underscores_alone() -> None:
    shown = breakable("<b>, module__n_neurons=5, lr=0.05, my_.Net, kaiming_uniform_")
    assert shown == "&lt;b&gt;, module__<wbr>n_<wbr>neurons=5, lr=0.05, my_.Net, kaiming_<wbr>uniform_"
    assert breakable("n_layers=1, module__n_neurons=5", 16) == "n_layers=1, module__<wbr>n_<wbr>neurons=5"


def test_facts_are_written_as_in_params_yaml() -> None:
    content = real_params()
    content["data"]["path"] = str(SAMPLE / content["data"]["path"])
    content["prepare"] |= {"impute": "median"}
    content["model"] |= {"callbacks": {"EarlyStopping": {"patience": 5, "load_best": True}}}
    found = facts(Results(), Params.model_validate(content), {"rows": 768, "positives": 268})
    assert found["Data"] | {"rows": "768", "class 0": "500", "class 1": "268"} == found["Data"]
    assert found["Data"]["sha256"] == content["data"]["sha256"]
    assert found["Preparation"] | {"impute": "median", "scale": "null"} == found["Preparation"]
    assert found["Every search starts from"]["callbacks"] == "{EarlyStopping: {patience: 5, load_best: true}}"
    content["data"]["path"] = "data/gone.csv"
    with pytest.raises(UserError, match=r"data/gone.csv is missing, .* Run `python -m stages.fetch`"):
        facts(Results(), Params.model_validate(content), {"rows": 768})
