"""Numbers and dates as other systems write them: babel writes numbers of many languages, and ours reads them."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from babel.numbers import (
    format_currency,
    format_decimal,
    format_percent,
    get_decimal_symbol,
)
from hypothesis import given
from hypothesis import strategies as st

from gridstage.adopt.written import date_forms, number_form
from gridstage.common import UserError
from gridstage.config import Data, params_of
from gridstage.config.written import NumberForm
from gridstage.data import load_dataset, read_features
from gridstage.data.written import read_numbers
from packages.gridstage.tests.data.csv_files import problems
from packages.gridstage.tests.data.parquet_files import write_parquet
from packages.gridstage.tests.project import real_params

# Not the Swiss ones, whose numbers babel writes as 10000000'000.
LOCALES = (
    "cs_CZ da_DK de_AT de_DE en_GB en_US es_MX fi_FI fr_BE fr_FR he_IL hu_HU id_ID it_IT ja_JP ko_KR nb_NO "
    "nl_NL pt_BR ro_RO ru_RU sv_SE th_TH tr_TR uk_UA vi_VN zh_CN"
).split()
CURRENCIES = ["USD", "EUR", "GBP", "CHF", "SEK", "PLN"]

places = st.integers(0, 3)
numbers = st.builds(
    lambda n, k: Decimal(n).scaleb(-k), st.integers(-(10**10), 10**10), places
)
columns = st.lists(numbers, min_size=2, max_size=20, unique=True)


@given(columns, st.sampled_from(LOCALES), st.sampled_from(["plain", "%"]))
def test_numbers_are_read_by_the_sign_of_the_file(
    values: list[Decimal], locale: str, kind: str
) -> None:
    texts = [
        format_decimal(each, locale=locale, decimal_quantization=False)
        if kind == "plain"
        else format_percent(each / 100, locale=locale, decimal_quantization=False)
        for each in values
    ]
    texts = [text.replace("\u200e", "").replace("\u200f", "") for text in texts]
    form = number_form(texts, get_decimal_symbol(locale))
    assert form is not None, texts
    assert read_numbers(form, texts).tolist() == [*map(float, values)]


@given(
    columns,
    st.sampled_from(LOCALES),
    st.sampled_from(CURRENCIES),
    st.sampled_from(["standard", "accounting"]),
    st.sampled_from(".,"),
)
def test_amounts_show_their_decimal_sign_themselves(
    values: list[Decimal], locale: str, currency: str, kind: Any, decimal: str
) -> None:
    cents = sorted({round(each, 2) for each in values})
    texts = [
        format_currency(each, currency, locale=locale, format_type=kind)
        for each in cents
    ]
    texts = [text.replace("\u200e", "").replace("\u200f", "") for text in texts]
    form = number_form(texts, decimal)
    if len(texts) > 1:
        assert form is not None, texts
        assert read_numbers(form, texts).tolist() == [*map(float, cents)]
        assert NumberForm.of(form.example) == form


@pytest.mark.parametrize(
    ("texts", "decimal", "example", "values"),
    [
        (["$3,101", "$4"], ".", "$1,234.5", [3101, 4]),
        (["73%", "5.5%"], ".", "1234.5%", [73, 5.5]),
        (["1,933", "12"], ".", "1,234.5", [1933, 12]),
        (["4.95 €", "10 €"], ".", "1234.5 €", [4.95, 10]),
        (["(12.5)", "3"], ".", "1234.5", [-12.5, 3]),
        (["($1,234.50)", "$ (1)", "$2"], ".", "$1,234.5", [-1234.5, -1, 2]),
        (["1 234,5", "12"], ",", "1 234,5", [1234.5, 12]),
        (["1\u202f234,5", "1\u00a0000"], ",", "1 234,5", [1234.5, 1000]),
        (["CHF 1’234.50", "CHF-5"], ".", "CHF1'234.5", [1234.5, -5]),
        (["\u22125", "+3"], ".", "1234.5", [-5, 3]),
        (["5 mg/dL", "6.5 mg/dL"], ".", "1234.5 mg/dL", [5, 6.5]),
        (["120 m2", "90 m2"], ".", "1234.5 m2", [120, 90]),
        # Groups or decimals? The file's sign counts, and another one if a cell shows it.
        (["1,200", "3,400"], ",", "1234,5", [1.2, 3.4]),
        (["1.200", "3.400"], ",", "1.234,5", [1200, 3400]),
        (["4,95", "1,200"], ".", "1234,5", [4.95, 1.2]),
        (["0,500", "1,200"], ".", "1234,5", [0.5, 1.2]),
        (["1.234,5", "12"], ".", "1.234,5", [1234.5, 12]),
        (["1.234.567", "12"], ".", "1.234,5", [1234567, 12]),
        (["1234,500", "1,200"], ".", "1234,5", [1234.5, 1.2]),
    ],
)
def test_all_cells_show_one_form(
    texts: list[str], decimal: str, example: str, values: list[float]
) -> None:
    form = number_form(texts, decimal)
    assert form
    assert form.example == example
    assert read_numbers(form, texts).tolist() == values
    # With an affix or without it, with groups or without them.
    shown = [example, f"1234{form.decimal}5", "4100"]
    assert read_numbers(form, shown).tolist() == [1234.5, 1234.5, 4100]


@pytest.mark.parametrize(
    "texts",
    [
        ["1,200", "12345"],  # no groups of three
        ["1,23,456", "5"],
        ["0,123", "1,234.5"],
        ["1 234 5", "12"],
        ["$5", "5"],
        ["$5", "€5"],
        ["5 kg", "5 g"],
        ["€5%", "€6%"],
        ["-$5", "($5)"],
        ["(5", "6)"],
        ["(-5)", "$6"],
        ["--5", "6"],
        ["007 kg", "8 kg"],
        ["A12", "A13"],
        ["10-19", "20-29"],
        ["12:30", "13:30"],
        ["1.5.2", "1.5.3"],
        ["٣ kg", "4 kg"],
        ["5 kg", "kg"],
        ["1e3 %", "2 %"],
        ["$5"],
    ],
)
def test_other_texts_stay_texts(texts: list[str]) -> None:
    assert number_form(texts, ".") is None


@pytest.mark.parametrize(
    ("texts", "forms"),
    [
        (["31/12/2020", "1/2/2020"], ["31/12/2020"]),
        (["1/31/2020", "1/2/2020"], ["12/31/2020"]),
        (["01/02/2020", "03/04/2020"], ["31/12/2020", "12/31/2020"]),
        (["1/31/2020", "31/1/2020"], []),
        (["31/12/20", "01/02/45"], ["31/12/20"]),
        (["20/12/31", "01/02/03"], ["31/12/20", "20/12/31"]),
        (["3-Mar-20", "4-Apr-21"], ["31-Dec-20"]),
        (["March 3, 2020", "April 5, 2021"], ["December 31, 2020"]),
        (
            ["12/31/2020 5:06 PM", "1/2/2020 11:00 AM"],
            ["12/31/2020 11:59 PM"],
        ),
        (["32/01/2020", "1/2/2020"], []),
        (["12 of 20", "1/2/2020"], []),
    ],
)
def test_the_column_shows_the_order_of_its_dates(
    texts: list[str], forms: list[str]
) -> None:
    assert date_forms(texts) == forms


PRICES: dict[str, Any] = {
    "price": {"written": "$1,234.5", "missing": "allowed"},
    "share": {"written": "1234.5%", "max": 100},
    "day": {"type": "date", "written": "31/12/2020"},
    "y": {"written": "1234,5 €"},
}
LINES = [
    "price,share,day,y",
    '"$3,101",73%,31/01/2020,"4,95 €"',
    '($12.5),5.5 %,02/01/2020,"10 €"',
    '-,100%,01/02/2020,"-3,5 €"',
    "4100,0,03/02/2020,7",
]


def prices(**changes: Any) -> Data:
    content = {
        "path": "data.csv",
        "header": True,
        "target": "y",
        "columns": PRICES,
        "na_values": ["-"],
    }
    return Data.model_validate(content | changes)


@pytest.mark.parametrize("parquet", [False, True])
def test_a_table_is_read_as_its_columns_are_written(
    tmp_path: Path, parquet: bool
) -> None:
    path = tmp_path / "data.csv"
    path.write_text("\n".join(LINES), encoding="utf-8")
    if parquet:
        frame = pd.read_csv(path, dtype=str)
        path = write_parquet(tmp_path, pa.Table.from_pandas(frame))
    data = load_dataset(prices(path=str(path)), False, seed=7, order="day")
    # In the order of the days.
    expected = {
        "price": [-12.5, 3101, np.nan, 4100],
        "share": [5.5, 73, 100, 0],
    }
    pd.testing.assert_frame_equal(data.X, pd.DataFrame(expected), check_dtype=False)
    assert data.y.tolist() == [10, 4.95, -3.5, 7]
    assert data.columns.types == {"price": "number", "share": "number"}


def test_days_are_groups(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("\n".join(LINES), encoding="utf-8")
    spec = prices(path=str(path))
    for name, numbers_of_groups in {
        "share": [2, 1, 3, 0],
        "day": [1, 0, 2, 3],
    }.items():
        data = load_dataset(spec, False, seed=7, groups=name)
        assert data.groups is not None
        assert data.groups.tolist() == numbers_of_groups


@pytest.mark.parametrize(
    ("line", "column", "words"),
    [
        (
            '"$4,10",7%,01/02/2020,1',
            "price",
            "'$4,10' is not a number written as in $1,234.5; fix it, or add it to data.na_values if it is missing",
        ),
        ("$4,170 %,01/02/2020,1", "share", "'170 %' is outside -3.40282e+38 to 100"),
        (
            "$4,7%,02/13/2020,1",
            "day",
            "'02/13/2020' is not a date written as in 31/12/2020; write dates as in 31/12/2020",
        ),
        ("$4,7%,01/02/2020,1.5", "y", "'1.5' is not a number written as in 1234,5 €"),
    ],
)
def test_other_cells_are_refused(
    tmp_path: Path, line: str, column: str, words: str
) -> None:
    content = "\n".join([*LINES, line])
    (problem,) = problems(tmp_path, content, prices(), False, order="day")
    assert (problem.line, problem.column) == (6, column)
    assert words.replace("'170 %'", "170 %") in f"{problem.finding}; {problem.remedy}"


def test_rows_to_predict_are_written_so_or_bare() -> None:
    def read(*rows: str) -> list[list[float]]:
        content = "\n".join(["price,share", *rows]).encode()
        features = ["price", "share"]
        _, X = read_features(content, features, prices(), "rows", ["price"])
        return X.to_numpy().tolist()

    assert read('"$4,100",5%', "4100,5", "$4100, 5 %") == [[4100, 5]] * 3
    with pytest.raises(UserError) as caught:
        read("$1,1%", '"$4,10",5%')
    (problem,) = caught.value.problems
    assert (problem.line, problem.column) == (3, "price")


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"written": "$1,23"}, "is '$1,23'; it should be 1234.5 as the column has it"),
        ({"written": "-1234.5"}, "31 December 2020, such as 31/12/2020"),
        ({"written": "(1234.5)"}, "such as $1,234.5, 1234.5%, 1234.5 € or 1 234,5"),
        ({"written": "1,234,5"}, "it should be 1234.5"),
        ({"written": "32/12/2020"}, "it should be"),
        ({"written": "12/2020"}, "it should be"),
        ({"written": ["x"]}, "it should be"),
        (
            {"written": "31/12/2020"},
            "has `written: 31/12/2020`, which is for columns of another type",
        ),
        (
            {"written": "$1234.5", "type": "date"},
            "a number is written such as $1,234.5",
        ),
        ({"written": "1234.5%", "type": "category"}, "remove it elsewhere"),
    ],
)
def test_what_is_no_form_is_refused(entry: dict[str, Any], words: str) -> None:
    content = real_params()
    content["data"]["columns"]["age"] = entry
    with pytest.raises(UserError) as caught:
        params_of(content)
    (problem,) = caught.value.problems
    assert problem.key.startswith("data.columns.age")
    assert words in str(problem)


@pytest.mark.parametrize("written", [1234.5, "1234.5", "Rs. 1,234.5", "%1234,5"])
def test_forms_may_be_numbers_of_yaml(written: Any) -> None:
    column = prices(columns={"y": {"written": written}}).column("y")
    assert column.written == str(written)
