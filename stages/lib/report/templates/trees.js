// The operators of ONNX for trees and labels, from its domain ai.onnx.ml.
// What a node compares a value with: a threshold, or the members of a set of categories. The order is that of `nodes_modes`.
const COMPARISONS = [
  (value, threshold) => value <= threshold,
  (value, threshold) => value < threshold,
  (value, threshold) => value >= threshold,
  (value, threshold) => value > threshold,
  (value, threshold) => value === threshold,
  (value, threshold) => value !== threshold,
  (value, set) => set.has(value),
];
const MEMBER = COMPARISONS.length - 1;

// The sets of nodes that have one, in their order; NaN ends each.
const setsOf = (modes, members) => {
  const sets = [];
  let set = new Set();
  for (const value of members?.data ?? []) {
    if (!Number.isNaN(value)) set.add(value);
    else {
      sets.push(set);
      set = new Set();
    }
  }
  return Array.from(modes, (mode) => (mode === MEMBER ? sets.shift() : null));
};

const treeEnsemble = ([x], attributes) => {
  const { n_targets, tree_roots, leaf_targetids, nodes_featureids, aggregate_function = 1, post_transform = 0 } = attributes;
  if (aggregate_function !== 1 || post_transform) throw new Error("this page lacks trees that are not added up");
  const modes = attributes.nodes_modes.data;
  const sets = (attributes.sets ??= setsOf(modes, attributes.membership_values));
  const [splits, weights] = [attributes.nodes_splits.data, attributes.leaf_weights.data];
  const result = tensor(x.type, [1, n_targets]);
  for (const root of tree_roots) {
    let [node, isLeaf] = [root, false];
    while (!isLeaf) {
      const value = x.data[nodes_featureids[node]];
      const missing = Number.isNaN(value) && attributes.nodes_missing_value_tracks_true?.[node];
      const side = missing || COMPARISONS[modes[node]](value, sets[node] ?? splits[node]) ? "true" : "false";
      isLeaf = attributes[`nodes_${side}leafs`][node];
      node = attributes[`nodes_${side}nodeids`][node];
    }
    result.data[leaf_targetids[node]] += weights[node];
  }
  return result;
};

// A map finds NaN by NaN.
const labelEncoder = ([x], { keys_tensor, values_tensor, default_tensor }) => {
  const values = new Map(Array.from(keys_tensor.data, (key, i) => [key, values_tensor.data[i]]));
  const valueOf = (key) => (values.has(key) ? values.get(key) : default_tensor.data[0]);
  return tensor(values_tensor.type, x.shape, ARRAYS[values_tensor.type].from(x.data, valueOf));
};
