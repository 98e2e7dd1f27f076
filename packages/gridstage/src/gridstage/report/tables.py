"""The tables of thresholds and of inputs as text for the report."""

import pandas as pd

from gridstage.common import format_interval, format_score, score_decimals
from gridstage.told.tables import TextTable

# The thresholds that are shown, and what those at the ends are called.
_FEW = (0.1, 0.3, 0.5, 0.7)
_ENDS = {0.0: "0 (all rows)", 1.0: "1 (no row)"}
_SHARES = ("predicted", "precision", "recall", "false_alarms")


def thresholds(table: pd.DataFrame) -> TextTable:
    """Return what a few thresholds of the answer give, and the one that costs least, marked as the best."""
    of_answer = table[table["role"].str.contains("answer")]
    shown = of_answer[of_answer["chosen"] | of_answer["threshold"].isin(_FEW)]
    rows = shown.to_dict("records")
    ends = [_ENDS.get(row["threshold"], f"{row['threshold']:g}") for row in rows]
    columns = {"threshold": ends}
    for share in _SHARES:
        heading = share.replace("_", " ")
        columns[heading] = [format_score(row[share], 3) for row in rows]
    marks = {i: "best" for i, row in enumerate(rows) if row["chosen"]}
    if marks:
        costs = [row["cost"] for row in rows]
        decimals = score_decimals(costs)
        columns["cost per row"] = [format_score(cost, decimals) for cost in costs]
    return TextTable.of_columns(columns, marks)


def losses(table: pd.DataFrame, rope: str) -> TextTable:
    """Return what shuffling each column costs each model, and where that is below the rope, which has its unit."""
    decimals = score_decimals(table["importance"])
    inputs = table["column"].unique().tolist()
    columns = {"input": inputs}
    for _, rows in table.groupby(["model", "role"], sort=False):
        by_input = {}
        for row in rows.to_dict("records"):
            loss = format_interval(row["importance"], row["ci95"], decimals)
            below = f", below {rope}" if row["below_rope"] is True else ""
            by_input[row["column"]] = loss + below
        columns[_called(rows.iloc[0])] = [by_input[name] for name in inputs]
    return TextTable.of_columns(columns)


def _called(row: pd.Series) -> str:
    """Return what a model is called, as in the chart of the inputs."""
    signs = {"answer": "★ ", "net": "◆ "}
    role = row["role"]
    marks = "".join(sign for part, sign in signs.items() if part in role)
    return f"{marks}{row['model']}, the {role.replace('net', 'kept net')}"
