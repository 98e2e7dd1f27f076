"""scikit-learn's trees as ONNX's `TreeEnsemble`, in double, from the arrays that scikit-learn keeps."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from onnx import numpy_helper
from sklearn import ensemble

from gridstage.export.graph import Value

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


def add_trees(x: Value, trees: Iterable[Tree], n_targets: int) -> Value:
    """Return what the leaves add up to that each row of `x`, float64, ends in, shape (n_rows, n_targets)."""
    trees = [_with_a_split(tree) for tree in trees]
    sizes = [len(tree.left) for tree in trees]
    starts = np.cumsum(sizes) - sizes

    def nodes(kind: str) -> np.ndarray:
        return np.concatenate([getattr(tree, kind) for tree in trees])

    leaf = nodes("is_leaf")
    split = ~leaf
    # The number of a node among the leaves, or among the splits.
    places = np.where(leaf, np.cumsum(leaf), np.cumsum(split)) - 1
    first = np.repeat(starts, sizes)
    left, right = (first + nodes("left"))[split], (first + nodes("right"))[split]
    thresholds = nodes("threshold")[split].astype(np.float64)
    weights = nodes("value")[leaf].astype(np.float64)
    modes = np.full(len(leaf), _UP_TO, dtype=np.uint8)
    sets = _sets(trees, starts)
    modes[list(sets)] = _IN_SET
    more: dict[str, Any] = {}
    missing_left = nodes("missing_left")[split].astype(int)
    if missing_left.any():
        more["nodes_missing_value_tracks_true"] = missing_left.tolist()
    if sets:
        members = np.concatenate([sets[node] for node in sorted(sets)])
        more["membership_values"] = numpy_helper.from_array(members)
    return x.graph.ml(
        "TreeEnsemble",
        x,
        aggregate_function=_SUM,
        n_targets=n_targets,
        tree_roots=places[starts].tolist(),
        nodes_featureids=nodes("column")[split].tolist(),
        nodes_modes=numpy_helper.from_array(modes[split]),
        nodes_splits=numpy_helper.from_array(thresholds),
        nodes_truenodeids=places[left].tolist(),
        nodes_trueleafs=leaf[left].astype(int).tolist(),
        nodes_falsenodeids=places[right].tolist(),
        nodes_falseleafs=leaf[right].astype(int).tolist(),
        leaf_targetids=nodes("target")[leaf].tolist(),
        leaf_weights=numpy_helper.from_array(weights),
        **more,
    )


def _sets(trees: list[Tree], starts: np.ndarray) -> dict[int, np.ndarray]:
    """Return the members of each node's set, with a NaN behind them, by the number of the node among all."""
    sets = {}
    for start, tree in zip(starts, trees, strict=True):
        for node, members in tree.sets.items():
            some = members if len(members) else [_NONE]
            sets[start + node] = np.append(some, np.nan)
    return sets


def _with_a_split(tree: Tree) -> Tree:
    """Return the tree; one that is but a leaf with a split before it, to the leaf, because a root must be a split."""
    if not tree.is_leaf[0]:
        return tree
    no, leaf = np.zeros(1, dtype=int), np.ones(1, dtype=int)
    ends = np.array([False, True])
    both = np.concatenate([leaf, no])
    value, target = np.repeat(tree.value, 2), np.repeat(tree.target, 2)
    return Tree(ends, both, both, both * 0, both * 0.0, both > 1, value, target, {})


def add_forest(x: Value, fitted: Any) -> Value:
    """Return the mean of a random forest's trees: the number, or a share for each class, (n_rows, n_outputs)."""
    classify = isinstance(fitted, ensemble.RandomForestClassifier)
    n_outputs = fitted.n_classes_ if classify else 1
    parts = (_parts(each.tree_, classify) for each in fitted.estimators_)
    sums = add_trees(x, chain.from_iterable(parts), n_outputs)
    return sums / float(len(fitted.estimators_))


def _parts(tree: Any, classify: bool) -> Iterator[Tree]:
    """Yield trees whose sum is a tree of a forest.

    A leaf of ONNX adds to one output. Most leaves have rows of one class only, so the first part has the first class of
    each leaf, and others, where there are some, have further ones.
    """
    values, is_leaf = tree.value[:, 0, :], tree.children_left < 0
    rows = np.arange(len(values))
    n_parts = (values[is_leaf] != 0).sum(axis=1).max() if classify else 1
    # The classes that a leaf has come first.
    classes = np.argsort(values == 0, axis=1, kind="stable")
    for part in range(n_parts):
        target = classes[:, part]
        yield Tree(
            is_leaf,
            tree.children_left,
            tree.children_right,
            tree.feature,
            tree.threshold,
            np.asarray(tree.missing_go_to_left) == 1,
            values[rows, target],
            target,
            {},
        )


def add_boosting(x: Value, fitted: Any, n_codes: int) -> Value:
    """Return what gradient boosting adds up to, shape (n_rows, n_outputs): the number, or log-odds of classes.

    Categories in `x` are codes from -1, for a missing one, up to less than `n_codes`.
    """
    is_categorical = np.zeros(fitted.n_features_in_, dtype=bool)
    known: dict[int, np.ndarray] = {}
    if fitted.is_categorical_ is not None:
        is_categorical = fitted.is_categorical_
        encoder = fitted._preprocessor.transformers_[0][1]
        columns = np.flatnonzero(is_categorical)
        known = dict(zip(columns, encoder.categories_, strict=True))
    # scikit-learn puts the columns of categories first.
    order = np.argsort(~is_categorical, kind="stable")
    trees = []
    for iteration in fitted._predictors:
        for target, tree in enumerate(iteration):
            trees.append(_boosted(tree, target, order, known, n_codes))
    start = fitted._baseline_prediction.ravel().astype(np.float64)
    return add_trees(x, trees, len(start)) + start


def _boosted(
    tree: Any,
    target: int,
    order: np.ndarray,
    known: dict[int, np.ndarray],
    n_codes: int,
) -> Tree:
    nodes = tree.nodes
    column, missing_left = order[nodes["feature_idx"]], nodes["missing_go_to_left"] == 1
    in_a_set = (nodes["is_categorical"] == 1) & (nodes["is_leaf"] == 0)
    sets = {}
    for node in np.flatnonzero(in_a_set).tolist():
        bits = tree.raw_left_cat_bitsets[int(nodes["bitset_idx"][node])]
        values = known[column[node]]
        values = values[~np.isnan(values)]  # which have the codes 0, 1 and so on
        codes = np.arange(len(values))
        is_member = (bits[codes // 32] >> (codes % 32).astype(np.uint32)) & 1
        members = values[is_member == 1]
        if missing_left[node]:  # as codes that no row had in training are
            unseen = np.setdiff1d(np.arange(-1.0, n_codes), values)
            members = np.union1d(members, unseen)
        sets[node] = members.astype(np.float64)
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


def add_steps(x: Value, steps: list[np.ndarray]) -> Value:
    """Return how many steps, which rise, are below each number; `steps` has those of each column, one at least."""
    trees = [_steps(each, column) for column, each in enumerate(steps)]
    return add_trees(x, trees, len(steps))


def _steps(steps: np.ndarray, column: int) -> Tree:
    """Return a balanced tree with a leaf before and behind each step."""
    nodes: list[list[float]] = []

    def grow(low: int, high: int) -> int:
        """Append the nodes that count from one step to another, and return the number of the first."""
        number, middle = len(nodes), (low + high) // 2
        if low == high:
            nodes.append([True, 0, 0, 0, low])
            return number
        node = [False, 0, 0, steps[middle], low]
        nodes.append(node)
        node[1:3] = grow(low, middle), grow(middle + 1, high)
        return number

    grow(0, len(steps))
    is_leaf, left, right, threshold, value = np.array(nodes).T
    same, no = np.full(len(nodes), column), np.zeros(len(nodes), dtype=bool)
    children = left.astype(int), right.astype(int)
    return Tree(is_leaf == 1, *children, same, threshold, no, value, same, {})
