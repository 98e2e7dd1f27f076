"""The lines of docs/hand-over.md outside of the project: in an empty environment, in Node and in a browser."""

import functools
import http.server
import json
import shutil
import subprocess
import threading
import venv
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.handover.handed import PREDICT, SCRIPT, Handed, in_python
from tests.report.conftest import browser  # noqa: F401 (a fixture)

# The versions of npm's packages that these tests were written with.
NODE, WEB = "onnxruntime-node@1.30.0", "onnxruntime-web@1.30.0"
pytestmark = pytest.mark.long


def test_an_environment_with_onnxruntime_and_numpy_is_enough(
    three_women: Handed, with_gaps: Handed, tmp_path: Path
) -> None:
    venv.create(tmp_path, with_pip=True)
    python = tmp_path / ("bin" if (tmp_path / "bin").exists() else "Scripts") / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", f"onnxruntime=={version('onnxruntime')}"]
    subprocess.run(install, check=True)
    for model, block in ((three_women, PREDICT), (with_gaps, in_python(PREDICT, with_gaps.table))):
        told = (
            "import importlib.util, json\nassert not any(map(importlib.util.find_spec, ('torch', 'sklearn', 'pandas')))"
        )
        told += "\nprint(json.dumps([label.tolist(), probabilities.tolist()]))"
        (model.folder / "rows.py").write_text(f"{block}\n{told}\n", encoding="utf-8")
        run = [str(python), "-I", "rows.py"]
        done = subprocess.run(run, cwd=model.folder, check=True, stdout=subprocess.PIPE, text=True)
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
    install = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", NODE, WEB]
    subprocess.run(install, cwd=folder, check=True)
    return folder


@pytest.mark.parametrize("package", ["onnxruntime-node", "onnxruntime-web"])
def test_the_lines_of_javascript_run_in_node(
    packages: Path, package: str, three_women: Handed, with_gaps: Handed
) -> None:
    for model in (three_women, with_gaps):
        shutil.copy(model.folder / "answer.onnx", packages)
        script = in_javascript(SCRIPT.replace("onnxruntime-node", package), model.table, model is three_women)
        (packages / "rows.mjs").write_text(f"{script}console.log(globalThis.found);\n", encoding="utf-8")
        run = ["node", "rows.mjs"]
        done = subprocess.run(run, cwd=packages, check=True, stdout=subprocess.PIPE, text=True)
        model.check(*json.loads(done.stdout.splitlines()[-1]))


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def address(packages: Path) -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=packages)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_lines_of_javascript_run_in_a_browser(
    packages: Path,
    address: str,
    browser: Browser,  # noqa: F811
    with_gaps: Handed,
) -> None:
    shutil.copy(with_gaps.folder / "answer.onnx", packages)
    bundle = "./node_modules/onnxruntime-web/dist/ort.wasm.bundle.min.mjs"
    script = in_javascript(SCRIPT.replace("onnxruntime-node", bundle), with_gaps.table, is_shown=False)
    page = f'<meta charset="utf-8"><script type="module">{script}</script>'
    (packages / "index.html").write_text(page, encoding="utf-8")
    tab = browser.new_page()
    tab.goto(address)
    tab.wait_for_function("globalThis.found !== undefined")
    with_gaps.check(*json.loads(tab.evaluate("globalThis.found")))
    tab.close()
