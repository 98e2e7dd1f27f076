"""The lines of docs/hand-over.md, in Python, in Node and in a browser. Oracle: models of scikit-learn and torch."""

import copy
import functools
import http.server
import json
import re
import shutil
import subprocess
import threading
import venv
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from playwright.sync_api import Browser
from torch import nn

from gridstage.common import write_text
from gridstage.config import Prepare
from gridstage.engine import net_of
from gridstage.handover import save_model
from gridstage.model import rows
from gridstage.results.evaluation import IntervalSteps
from packages.gridstage.tests.handover.conftest import (
    CARD,
    NUMBERS,
    PAGE,
    PREDICT,
    SCRIPT,
    WEIGHTS,
    Handed,
    cells_of,
    in_python,
)
from packages.gridstage.tests.handover.fits import fit, fit_net, mixed, numbers
from packages.gridstage.tests.report.conftest import browser  # noqa: F401 (a fixture)


@pytest.mark.parametrize("name", ["three_women", "with_gaps"])
def test_the_lines_of_python_run(
    name: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    model: Handed = request.getfixturevalue(name)
    monkeypatch.chdir(model.folder)
    names: dict[str, Any] = {}
    exec(PREDICT if name == "three_women" else in_python(PREDICT, model.table), names)
    model.check(names["label"].tolist(), names["probabilities"])
    exec(CARD, names)
    assert [each["name"] for each in names["card"]["inputs"]] == list(model.table)


def test_the_lines_for_a_number_run(here: Path) -> None:
    data = mixed(False)
    estimator, card = fit("hist_gradient_boosting", data)
    interval = IntervalSteps(level=0.9, edges=[1500.0], half_widths=[2.5, 50.0])
    save_model(
        here / "answer.onnx",
        estimator,
        card.model_copy(update={"interval": interval}),
        data.X,
    )
    names: dict[str, Any] = {}
    exec(
        in_python(PREDICT, cells_of(card, data)).partition("label, ")[0] + NUMBERS,
        names,
    )
    expected = estimator.predict(rows(data, estimator))
    assert {*(expected > 1500)} == {True, False}
    half = np.where(expected > 1500, 50, 2.5)
    for name, found in (
        ("prediction", expected),
        ("low", expected - half),
        ("high", expected + half),
    ):
        np.testing.assert_allclose(names[name], found, rtol=1e-12)


A = np.zeros((3, 1))
WRONG = [
    (
        {"a": A.astype(int), "b": A, "c": A},
        "Unexpected input data type. Actual: (tensor(int64)) , expected: (tensor(double))",
    ),
    ({"a": A[:, 0], "b": A, "c": A}, "Invalid rank for input"),
    ({"a": np.zeros((3, 2)), "b": A, "c": A}, "Got invalid dimensions for input"),
    ({"a": A, "b": A}, "Required inputs"),
    ({"a": A, "b": A, "c": A, "y": A}, "Invalid input name"),
    ({"a": A, "b": A, "c": A[:2]}, "Non concat axis dimensions must match"),
]


@pytest.mark.parametrize(
    ("columns", "message"), WRONG, ids=[message for _, message in WRONG]
)
def test_the_messages_on_the_page_are_onnxruntimes(
    columns: dict[str, np.ndarray], message: str, tmp_path: Path
) -> None:
    data = numbers()
    save_model(tmp_path / "answer.onnx", *fit("logistic_regression", data), data.X)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    model = onnxruntime.InferenceSession(tmp_path / "answer.onnx", options)
    assert f"`{message}" in PAGE
    with pytest.raises(Exception, match=re.escape(message)):
        model.run(None, columns)


def test_the_weights_of_a_net_go_back_into_torch(here: Path) -> None:
    data = mixed(True)
    settings = {
        "module__n_layers": 2,
        "module__norm": "BatchNorm1d",
        "module": "nets.table_net.TableNet",
    }
    estimator, card = fit_net(
        data, Prepare(impute="median", scale="standard"), **settings
    )
    save_model(here / "best.onnx", estimator, card, data.X)
    trained = net_of(estimator).module_
    names: dict[str, Any] = {"net": _anew(trained)}
    exec(WEIGHTS, names)
    for key, number in trained.state_dict().items():
        if "num_batches_tracked" not in key:
            assert names["net"].state_dict()[key].equal(number), key


def _anew(module: nn.Module) -> nn.Module:
    """Return the module with zeros as weights."""
    module = copy.deepcopy(module)
    for number in module.state_dict().values():
        number.zero_()
    return module


# The versions of npm's packages that these tests were written with.
NODE, WEB = "onnxruntime-node@1.30.0", "onnxruntime-web@1.30.0"


@pytest.mark.long
def test_an_environment_with_onnxruntime_and_numpy_is_enough(
    three_women: Handed, with_gaps: Handed, tmp_path: Path
) -> None:
    venv.create(tmp_path, with_pip=True)
    python = tmp_path / ("bin" if (tmp_path / "bin").exists() else "Scripts") / "python"
    install = [
        str(python),
        "-m",
        "pip",
        "install",
        "--quiet",
        f"onnxruntime=={version('onnxruntime')}",
    ]
    subprocess.run(install, check=True)
    for model, block in (
        (three_women, PREDICT),
        (with_gaps, in_python(PREDICT, with_gaps.table)),
    ):
        told = (
            "import importlib.util, json\n"
            "assert not any(map(importlib.util.find_spec, ('torch', 'sklearn', 'pandas')))"
        )
        told += "\nprint(json.dumps([label.tolist(), probabilities.tolist()]))"
        write_text(model.folder / "rows.py", f"{block}\n{told}\n")
        run = [str(python), "-I", "rows.py"]
        done = subprocess.run(
            run, cwd=model.folder, check=True, stdout=subprocess.PIPE, text=True
        )
        model.check(*json.loads(done.stdout.splitlines()[-1]))


def in_javascript(block: str, table: dict[str, list[Any]], is_shown: bool) -> str:
    """Return the page's lines, with another table if not as shown, which tell what they find as JSON."""
    if not is_shown:
        before, _, after = block.partition("const table = {")
        cells = json.dumps(table).replace("null", "NaN")
        block = f"{before}const table = {cells};{after.partition('};')[2]}"
    return f"{block}\nglobalThis.found = JSON.stringify([label.data, Array.from(probabilities.data)]);\n"


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which npm has installed the packages that the page names."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("no npm on the path; it is a part of Node.js")
    folder = tmp_path_factory.mktemp("npm")
    install = [
        npm,
        "install",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--silent",
        NODE,
        WEB,
    ]
    subprocess.run(install, cwd=folder, check=True)
    return folder


@pytest.mark.long
@pytest.mark.parametrize("package", ["onnxruntime-node", "onnxruntime-web"])
def test_the_lines_of_javascript_run_in_node(
    packages: Path, package: str, three_women: Handed, with_gaps: Handed
) -> None:
    for model in (three_women, with_gaps):
        shutil.copy(model.folder / "answer.onnx", packages)
        script = in_javascript(
            SCRIPT.replace("onnxruntime-node", package),
            model.table,
            model is three_women,
        )
        write_text(packages / "rows.mjs", f"{script}console.log(globalThis.found);\n")
        run = ["node", "rows.mjs"]
        done = subprocess.run(
            run, cwd=packages, check=True, stdout=subprocess.PIPE, text=True
        )
        model.check(*json.loads(done.stdout.splitlines()[-1]))


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def address(packages: Path) -> Iterator[str]:
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=packages)
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.long
def test_the_lines_of_javascript_run_in_a_browser(
    packages: Path,
    address: str,
    browser: Browser,  # noqa: F811
    with_gaps: Handed,
) -> None:
    shutil.copy(with_gaps.folder / "answer.onnx", packages)
    bundle = "./node_modules/onnxruntime-web/dist/ort.wasm.bundle.min.mjs"
    script = in_javascript(
        SCRIPT.replace("onnxruntime-node", bundle), with_gaps.table, is_shown=False
    )
    page = f'<meta charset="utf-8"><script type="module">{script}</script>'
    write_text(packages / "index.html", page)
    tab = browser.new_page()
    tab.goto(address)
    tab.wait_for_function("globalThis.found !== undefined")
    with_gaps.check(*json.loads(tab.evaluate("globalThis.found")))
    tab.close()
