"""A saved net that is broken, has anything else in it, or no longer fits its module is refused."""

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save

from gridstage.config import Prepare
from gridstage.handover import load_model, predict
from gridstage.handover.net_file import digest_of, net_content
from packages.gridstage.tests.handover.fits import fit_net, numbers
from packages.gridstage.tests.refusals import refused, refused_with


@pytest.mark.parametrize("content", [b"", b"no model", b"\x08\0\0\0\0\0\0\0{}      "])
def test_a_broken_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.safetensors").write_bytes(content)
    with refused(
        r"is not a model that the stage evaluate wrote. Run `dvc repro evaluate`"
    ):
        load_model(tmp_path / "model.safetensors")
    with refused(r"is not a model that the stage evaluate wrote"):
        load_model(tmp_path)
    with refused(r"none is missing. Run `dvc repro evaluate`"):
        load_model(tmp_path / "none")


def rewritten(
    folder: Path,
    saved: Path,
    change: Callable[[dict[str, Any], dict[str, torch.Tensor]], Any],
) -> Path:
    """Write a file with another card or tensors."""
    path = folder / "model.safetensors"
    with safe_open(saved, framework="pt") as file:
        card = json.loads(file.metadata()["card"])
        tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    change(card, tensors)
    card["digest"] = digest_of(tensors)  # as whoever wrote the file on purpose would
    path.write_bytes(save(tensors, metadata={"card": json.dumps(card)}))
    return path


def test_a_flipped_bit_is_noticed(tmp_path: Path, saved: Path) -> None:
    content = bytearray(saved.read_bytes())
    content[-3] ^= 1
    (tmp_path / "model.safetensors").write_bytes(content)
    with refused("its numbers are not those that were saved, so the file is damaged"):
        load_model(tmp_path / "model.safetensors")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "model.safetensors"
    path.write_bytes(net_content(*fit_net(numbers(60), Prepare(scale="standard"))))
    return path


@pytest.mark.parametrize(
    "settings",
    [
        {"module__activation": "os.abort"},
        {"module__weight_init": "shutil.rmtree"},
        {"module": "antigravity.Net"},
        {"wrapper": "subprocess.Popen"},
        {"criterion": "stages.fetch.main"},
    ],
)
def test_a_name_from_elsewhere_is_refused_before_it_is_imported(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    saved: Path,
    settings: dict[str, Any],
) -> None:
    path = rewritten(tmp_path, saved, lambda card, _: card["settings"].update(settings))
    allowed = import_module

    def watched(name: str) -> Any:
        assert name.startswith(("torch", "skorch", "nets.network"))
        return allowed(name)

    monkeypatch.setattr("importlib.import_module", watched)
    with refused("is not from nets, skorch or torch"):
        load_model(path)


NUMBER = torch.tensor([1.0])
SCALE = "prepare.numbers.scale.scale_"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda card, _: card["settings"].update(module__weight_init="torch.load"),
            "not an initialiser of torch.nn",
        ),
        (
            lambda card, _: card["settings"].update(module__output="torch.load"),
            "is not a class derived from torch's Mod",
        ),
        (
            lambda card, _: card["settings"].update(
                module__weight_init="nets.network.torch.os.abort"
            ),
            "No module named 'nets.network.torch'",
        ),
        (
            lambda card, _: card["settings"].pop("module"),
            "settings.module: Field required",
        ),
        (lambda card, _: card.pop("settings"), "settings don't go with the kind net"),
        (
            lambda _, tensors: tensors.update({"net.last.bias": NUMBER.repeat(2)}),
            "size mismatch for last.bias",
        ),
        (
            lambda _, tensors: tensors.pop("net.last.bias"),
            'Missing key(s) in state_dict: "last.bias". Run `dvc repro eva',
        ),
        (
            lambda _, tensors: tensors.pop(SCALE),
            "does not fit its card: 'prepare.numbers.scale.scale_'",
        ),
    ],
)
def test_a_file_with_anything_else_in_it_is_refused(
    tmp_path: Path, saved: Path, change: Any, sentence: str
) -> None:
    path = rewritten(tmp_path, saved, change)
    with refused_with(sentence):
        load_model(path)


def test_what_is_no_number_is_not_printed(tmp_path: Path, saved: Path) -> None:
    path = rewritten(
        tmp_path, saved, lambda _, tensors: tensors["net.hidden.0.weight"].fill_(3e38)
    )
    with refused(
        r"has no finite prediction for row \d+ and \d+ others: their values are too large"
    ):
        predict(*load_model(path), numbers(60).X)


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("module__n_neurons", 3, ".*size mism"),
        ("module__dropout_rate", 1.5, ".*dropout_rate is 1.5"),
    ],
)
def test_a_module_that_changed_is_named(
    tmp_path: Path, key: str, value: Any, problem: str
) -> None:
    estimator, card = fit_net(numbers(60), Prepare())
    (tmp_path / "saved").write_bytes(net_content(estimator, card))
    path = rewritten(
        tmp_path,
        tmp_path / "saved",
        lambda card, _: card["settings"].update({key: value}),
    )
    with refused(f"does not fit nets.network.PimaClassifier as it is now: {problem}"):
        load_model(path)
