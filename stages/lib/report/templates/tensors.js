// Runs the graph of an ONNX file for one row. A tensor has a type, a shape, and its values in the order of rows.
const ARRAYS = {
  float64: Float64Array,
  float32: Float32Array, // rounds what is put into it
  int64: Float64Array, // whole numbers are exact up to 2^53
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
  string: Array,
};

const sizeOf = (shape) => shape.reduce((product, n) => product * n, 1);

const tensor = (type, shape, data = new ARRAYS[type](sizeOf(shape))) => ({ type, shape, data });

const stridesOf = (shape) => shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));

// The places, in flat data, of all elements of a shape.
const placesOf = (shape, strides, start = 0) =>
  shape.reduce((places, n, axis) => places.flatMap((at) => Array.from({ length: n }, (_, i) => at + i * strides[axis])), [start]);

const picked = ({ type, data }, shape, places) => tensor(type, shape, ARRAYS[type].from(places, (at) => data[at]));

const axisOf = (axis, shape) => (axis < 0 ? axis + shape.length : axis);

// The common shape of tensors whose axes of length 1 are repeated, and the places of each tensor's values in it.
const broadcast = (tensors) => {
  const rank = Math.max(...tensors.map(({ shape }) => shape.length));
  const shapes = tensors.map(({ shape }) => [...Array(rank - shape.length).fill(1), ...shape]);
  const shape = Array.from({ length: rank }, (_, axis) => shapes.map((each) => each[axis]).find((n) => n !== 1) ?? 1);
  return [shape, shapes.map((own) => placesOf(shape, stridesOf(own).map((stride, axis) => (own[axis] === 1 ? 0 : stride))))];
};

const elementwise = (f, tensors, type = tensors[0].type) => {
  const [shape, places] = broadcast(tensors);
  const data = ARRAYS[type].from({ length: sizeOf(shape) }, (_, i) => f(...tensors.map((each, k) => each.data[places[k][i]])));
  return tensor(type, shape, data);
};

// A file has lists of texts, and the bytes of numbers as text.
const decoded = ({ type, shape, data }) => {
  if (type === "string") return tensor(type, shape, data);
  const { buffer } = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  if (type !== "int64") return tensor(type, shape, new ARRAYS[type](buffer));
  return tensor(type, shape, Float64Array.from(new BigInt64Array(buffer), Number));
};

const opened = ({ inputs, outputs, tensors, nodes }) => {
  const unknown = nodes.find(({ op }) => !Object.hasOwn(operators, op));
  if (unknown) throw new Error(`this page lacks the operator ${unknown.op}`);
  const constants = Object.entries(tensors).map(([name, each]) => [name, decoded(each)]);
  const steps = nodes.map((node) => {
    const attributes = Object.entries(node.attributes).map(([key, each]) => [key, each?.type ? decoded(each) : each]);
    return { ...node, attributes: Object.fromEntries(attributes) };
  });
  // Returns the tensors of all outputs for a cell of each input: a number, of which NaN is a missing one, or a text.
  return (cells) => {
    const values = new Map(constants);
    for (const { name, type } of inputs) values.set(name, tensor(type, [1, 1], ARRAYS[type].of(cells[name])));
    for (const step of steps) {
      const result = operators[step.op](step.inputs.map((name) => values.get(name)), step.attributes);
      step.outputs.forEach((name, i) => values.set(name, Array.isArray(result) ? result[i] : result));
    }
    return Object.fromEntries(outputs.map((name) => [name, values.get(name)]));
  };
};
