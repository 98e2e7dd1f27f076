"""Tables as shops, banks and laboratories export them: adopted, checked, searched for ids, by commands."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gridstage.adopt import Taken, read_table, take_columns
from gridstage.commands import adopt as stage
from gridstage.commands import check
from gridstage.config import load_params
from gridstage.data import load_dataset
from gridstage.data.aside.lost import on_lost
from packages.gridstage.tests.adopt.conftest import write
from packages.gridstage.tests.conftest import Command

N = 60
X = np.random.default_rng(5).permutation(N) + 1.25


def orders() -> pd.DataFrame:
    """Return the orders of a shop, of which each column but the rating is text to pandas."""
    return pd.DataFrame(
        {
            "Price ($)": [f"${1000 * x:,.2f}" for x in X],
            "Discount": [f"{x}%" for x in X],
            "Profit": [f"({x})" if i % 3 else f"{x}" for i, x in enumerate(X)],
            "Views": [f"{round(1000 * x):,}" for x in X],
            "Weight": [f"{x} kg" if i % 9 else "n.a." for i, x in enumerate(X)],
            "Rating": [x if i % 7 else "nil" for i, x in enumerate(X)],
            "Day": [f"{1 + i % 28}/{1 + i // 28}/2020" for i in range(N)],
            "Sent": [f"{1 + i % 12}/{1 + i // 12}/2020" for i in range(N)],
            "Code": [f"K{i}" for i in range(N)],
            "Mixed": [f"{x:,.0f}" if i % 2 else "12345" for i, x in enumerate(1e3 * X)],
        }
    )


def test_orders_are_adopted(here: Path, in_process: Command) -> None:
    frame = orders()
    done = in_process(stage, write("data/orders.csv", frame), "Price ($)")
    assert (done.returncode, done.stderr) == (0, "")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "Price ($) target 1250 to 60250 a number, written as $1,234.5" in lines
    assert "Weight number 7 1.25 to 60.25 numbers, written as 1234.5 kg" in lines
    assert (
        "hint: 'n.a.' is taken for missing: 7 cells of Weight, where all others are numbers."
        in lines
    )
    assert (
        "hint: 'nil' is taken for missing: 9 cells of Rating, where all others are numbers."
        in lines
    )
    assert (
        "hint: Sent: dates such as 1/1/2020 have their day and month in an order that no cell shows. Set "
        "data.columns.Sent to {type: date, written: '31/12/2020'} or {type: date, written: '12/31/2020'}."
        in lines
    )
    params = load_params()
    assert params.data.na_values == ["n.a.", "nil"]
    written = {name: each.written for name, each in params.data.columns.items()}
    assert written == {
        "Price ($)": "$1,234.5",
        "Discount": "1234.5%",
        "Profit": "1234.5",
        "Views": "1,234.5",
        "Weight": "1234.5 kg",
        "Rating": "",
        "Day": "31/12/2020",
        "Sent": "",
        "Code": "",
        "Mixed": "",
    }
    data = load_dataset(params.data, False, params.seed)
    np.testing.assert_allclose(data.y, np.round(1000 * X, 2))
    profit = np.where(np.arange(N) % 3, -X, X)
    for name, values in {"Discount": X, "Profit": profit, "Views": 1e3 * X}.items():
        np.testing.assert_array_equal(data.X[name], values)
    assert data.columns.lacking == ("Weight", "Rating")


def test_a_target_of_odd_texts_is_named(here: Path, in_process: Command) -> None:
    done = in_process(stage, write("data/orders.csv", orders()), "Mixed")
    assert "the target 'Mixed' is text such as '1,250', and has" in done.stderr
    many = in_process(stage, "data/orders.csv", "Views", "--classes")
    assert "the target 'Views' has 60 different values in 60 rows" in many.stderr
    assert "or leave out --classes." in many.stderr


def test_a_word_in_a_text_is_named_and_not_set(here: Path, in_process: Command) -> None:
    frame = pd.DataFrame({"x": X, "y": X**2, "garage": ["none", "big"] * (N // 2)})
    size = ["none" if i % 4 == 0 else "-" if i % 4 == 1 else x for i, x in enumerate(X)]
    frame = frame.assign(size=size, depth=["-", *X[1:]])
    shown = in_process(stage, write("data/houses.csv", frame), "y").stdout
    assert (
        "hint: 'none', in 15 cells of size, may mean missing, but garage, which is text, has it, too. If it means so "
        "in all of them, add it to data.na_values and set `missing: allowed`.\n"
        in shown
    )
    assert (
        "hint: '-' is taken for missing: 16 cells of size, depth, where all others are numbers.\n"
        in shown
    )
    data = load_params().data
    assert data.na_values == ["-"]
    assert data.columns["garage"].type == "category"
    assert not data.columns["size"].use
    assert data.columns["depth"].missing == "allowed"


def taken(folder: Path, cells: object) -> Taken:
    path = folder / "table.csv"
    frame = pd.DataFrame({"x": cells})
    frame.assign(z=np.linspace(0, 1, len(frame))).to_csv(path, index=False)
    return take_columns(read_table(path))[0]


IN_TURN = np.arange(400) % 100


@pytest.mark.parametrize(
    ("cells", "has_hint"),
    [
        (np.repeat(np.random.default_rng(0).permutation(100) * 7, 4), True),  # blocks
        (IN_TURN, True),
        (IN_TURN + 1, True),
        (IN_TURN + 2, False),  # not from 0 or 1
        (IN_TURN * 2, False),  # with gaps
        (np.arange(198) % 99, False),  # few
        (np.arange(199) % 100, False),  # of one row each
        (IN_TURN / 10, False),
        (np.round(np.random.default_rng(0).normal(120, 30, 768)), False),
        (np.repeat(np.arange(1990, 2020), 40), False),  # years
    ],
)
def test_numbers_may_name_persons(
    tmp_path: Path, cells: object, has_hint: bool
) -> None:
    column = taken(tmp_path, cells)
    assert column.kind == "number"
    assert ("cv.groups: x" in column.hint) == has_hint


def test_columns_that_no_model_sees_are_counted(
    here: Path, in_process: Command
) -> None:
    done = in_process(stage, write("data/orders.csv", orders()), "Price ($)")
    lost = "No model sees 3 of 10 columns, text of many values or dates that can't be read: Sent, Code, Mixed."
    assert f"warning: {lost}" in done.stdout.splitlines()
    checked = in_process(check)
    assert checked.returncode == 0
    assert f"note: {lost}" in checked.stderr.splitlines()
    # Nothing is lost by a constant, row numbers, or what cv.groups takes.
    frame = orders()[["Discount", "Views"]].assign(row=range(N), same="x", Code="K1")
    shown = in_process(stage, write("data/clean.csv", frame), "Views", "--force")
    assert "No model sees" not in shown.stdout
    frame = orders()[["Discount", "Views", "Code"]]
    in_process(stage, write("data/coded.csv", frame), "Views", "--force")
    assert "1 of 3 columns" in on_lost(load_params().data)
    assert not on_lost(load_params().data, {"Code", None})
