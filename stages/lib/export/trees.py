"""scikit-learn's trees as ONNX's `TreeEnsemble`, in double, from the arrays that scikit-learn keeps."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import numpy_helper
from sklearn import ensemble

from stages.lib.export.graph import Graph

_UP_TO, _IN_SET = 0, 6  # modes of a node
_SUM = 1
# A category that no cell has, because an empty set is refused.
_NONE = -2.0


@dataclass(frozen=True)
class Tree:
    """A tree as a list of nodes, as in scikit-learn; all but `is_leaf` and `value` have no meaning for leaves.

    Of its `column`, values up to `threshold` go to the left, or those in the set of the node, if `sets` has one.
    Missing ones go to the left where `missing_left` is true. A leaf adds its `value` to the output `target`.
    """

    is_leaf: np.ndarray
    left: np.ndarray
    right: np.ndarray
    column: np.ndarray
    threshold: np.ndarray
    missing_left: np.ndarray
    value: np.ndarray
    target: np.ndarray
    sets: dict[int, np.ndarray]


def add_trees(graph: Graph, x: str, trees: Sequence[Tree], n_targets: int) -> str:
    """Return what the leaves add up to that each row of `x`, float64, ends in, shape (n_rows, n_targets)."""
    trees = [tree if not tree.is_leaf[0] else _with_a_split(tree) for tree in trees]
    kinds = "is_leaf left right column threshold missing_left value target".split()
    nodes = {
        kind: np.concatenate([getattr(tree, kind) for tree in trees]) for kind in kinds
    }
    sizes = [len(tree.left) for tree in trees]
    starts = np.cumsum(sizes) - sizes
    leaf, split = nodes["is_leaf"], ~nodes["is_leaf"]
    places = (
        np.where(leaf, np.cumsum(leaf), np.cumsum(split)) - 1
    )  # among the leaves, or among the splits
    left, right = (
        (nodes[side] + np.repeat(starts, sizes))[split] for side in ("left", "right")
    )
    sets = {
        start + node: members
        for start, tree in zip(starts, trees, strict=True)
        for node, members in tree.sets.items()
    }
    in_order = [sets[node] if len(sets[node]) else [_NONE] for node in sorted(sets)]
    modes = np.full(len(leaf), _UP_TO, dtype=np.uint8)
    modes[list(sets)] = _IN_SET
    members: dict[str, Any] = {}
    if sets:
        delimited = np.concatenate([[*each, np.nan] for each in in_order])
        members["membership_values"] = numpy_helper.from_array(
            delimited.astype(np.float64)
        )
    missing_left = nodes["missing_left"][split].astype(int)
    return graph.ml(
        "TreeEnsemble",
        x,
        aggregate_function=_SUM,
        n_targets=n_targets,
        tree_roots=places[starts].tolist(),
        nodes_featureids=nodes["column"][split].tolist(),
        nodes_modes=numpy_helper.from_array(modes[split]),
        nodes_splits=numpy_helper.from_array(
            nodes["threshold"][split].astype(np.float64)
        ),
        nodes_truenodeids=places[left].tolist(),
        nodes_trueleafs=leaf[left].astype(int).tolist(),
        nodes_falsenodeids=places[right].tolist(),
        nodes_falseleafs=leaf[right].astype(int).tolist(),
        leaf_targetids=nodes["target"][leaf].tolist(),
        leaf_weights=numpy_helper.from_array(nodes["value"][leaf].astype(np.float64)),
        **(
            {"nodes_missing_value_tracks_true": missing_left.tolist()}
            if missing_left.any()
            else {}
        ),
        **members,
    )


def _with_a_split(tree: Tree) -> Tree:
    """Return a tree that is but a leaf with a split before it, because a root must be one: to the leaf in any case."""
    no, leaf = np.zeros(1, dtype=int), np.ones(1, dtype=int)
    ends = np.array([False, True])
    value, target = (np.repeat(each, 2) for each in (tree.value, tree.target))
    both = np.concatenate([leaf, no])
    return Tree(ends, both, both, both * 0, both * 0.0, both > 1, value, target, {})


def add_forest(graph: Graph, x: str, fitted: Any) -> str:
    """Return the mean of a random forest's trees: the number, or a share for each class, (n_rows, n_outputs)."""
    classify = isinstance(fitted, ensemble.RandomForestClassifier)
    n_outputs = fitted.n_classes_ if classify else 1
    trees = [
        part for each in fitted.estimators_ for part in _parts(each.tree_, classify)
    ]
    return graph.add(
        "Div", add_trees(graph, x, trees, n_outputs), float(len(fitted.estimators_))
    )


def _parts(tree: Any, classify: bool) -> Iterator[Tree]:
    """Yield trees whose sum is a tree of a forest.

    A leaf of ONNX adds to one output. Most leaves have rows of one class only, so the first part has the first class of
    each leaf, and others, where there are some, have further ones.
    """
    values = tree.value[:, 0, :]
    is_leaf = tree.children_left < 0
    rows = np.arange(len(values))
    missing_left = np.asarray(tree.missing_go_to_left) == 1
    left, column, threshold = tree.children_left, tree.feature, tree.threshold
    classes = np.argsort(
        values == 0, axis=1, kind="stable"
    )  # those that a leaf has come first
    for part in (
        range(int((values[is_leaf] != 0).sum(axis=1).max())) if classify else [0]
    ):
        target = classes[:, part]
        value = values[rows, target]
        yield Tree(
            is_leaf,
            left,
            tree.children_right,
            column,
            threshold,
            missing_left,
            value,
            target,
            {},
        )


def add_boosting(graph: Graph, x: str, fitted: Any, n_codes: int) -> str:
    """Return what gradient boosting adds up to, shape (n_rows, n_outputs): the number, or log-odds of classes.

    Categories in `x` are codes from -1, for a missing one, up to less than `n_codes`.
    """
    is_categorical, known = np.zeros(fitted.n_features_in_, dtype=bool), {}
    if fitted.is_categorical_ is not None:
        is_categorical = fitted.is_categorical_
        encoder = fitted._preprocessor.transformers_[0][1]
        known = dict(
            zip(np.flatnonzero(is_categorical), encoder.categories_, strict=True)
        )
    # scikit-learn puts the columns of categories first.
    order = np.argsort(~is_categorical, kind="stable")
    trees = [
        _boosted(each, target, order, known, n_codes)
        for iteration in fitted._predictors
        for target, each in enumerate(iteration)
    ]
    start = fitted._baseline_prediction.ravel().astype(np.float64)
    return graph.add("Add", add_trees(graph, x, trees, len(start)), start)


def _boosted(
    tree: Any,
    target: int,
    order: np.ndarray,
    known: dict[int, np.ndarray],
    n_codes: int,
) -> Tree:
    nodes = tree.nodes
    column, missing_left = order[nodes["feature_idx"]], nodes["missing_go_to_left"] == 1
    sets = {}
    for node in np.flatnonzero(
        (nodes["is_categorical"] == 1) & (nodes["is_leaf"] == 0)
    ):
        bits = tree.raw_left_cat_bitsets[int(nodes["bitset_idx"][node])]
        values = known[column[node]]
        values = values[~np.isnan(values)]  # which have the codes 0, 1 and so on
        codes = np.arange(len(values))
        members = values[(bits[codes // 32] >> (codes % 32).astype(np.uint32)) & 1 == 1]
        if missing_left[node]:  # as codes that no row had in training are
            members = np.union1d(
                members, np.setdiff1d(np.arange(-1.0, n_codes), values)
            )
        sets[int(node)] = members.astype(np.float64)
    return Tree(
        nodes["is_leaf"] == 1,
        nodes["left"].astype(np.int64),
        nodes["right"].astype(np.int64),
        column,
        nodes["num_threshold"],
        missing_left,
        nodes["value"],
        np.full(len(nodes), target),
        sets,
    )


def add_steps(graph: Graph, x: str, steps: list[np.ndarray]) -> str:
    """Return how many steps, which rise, are below each number; `steps` has those of each column, one at least."""
    return add_trees(
        graph,
        x,
        [_steps(each, column) for column, each in enumerate(steps)],
        len(steps),
    )


def _steps(steps: np.ndarray, column: int) -> Tree:
    """Return a balanced tree with a leaf before and behind each step."""
    rows: list[list[float]] = []

    def grow(low: int, high: int) -> int:
        number, middle = len(rows), (low + high) // 2
        rows.append([low == high, 0, 0, steps[middle] if low < high else 0, low])
        if low < high:
            rows[number][1:3] = grow(low, middle), grow(middle + 1, high)
        return number

    grow(0, len(steps))
    is_leaf, left, right, threshold, value = np.array(rows).T
    same, no = np.full(len(rows), column), np.zeros(len(rows), dtype=bool)
    return Tree(
        is_leaf == 1,
        left.astype(int),
        right.astype(int),
        same,
        threshold,
        no,
        value,
        same,
        {},
    )
