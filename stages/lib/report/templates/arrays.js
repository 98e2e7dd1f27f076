// Operators of ONNX that move, sum up or scale the values of whole tensors.
const reshaped = ({ type, data }, shape) => tensor(type, shape, data);

// The places of the values along some axes, for each element of the others.
const lanesOf = ({ shape }, axes) => {
  const strides = stridesOf(shape);
  const places = (along, start) => {
    const own = [...shape.keys()].filter((axis) => axes.includes(axis) === along);
    return placesOf(own.map((axis) => shape[axis]), own.map((axis) => strides[axis]), start);
  };
  return places(false, 0).map((start) => places(true, start));
};

// `f` makes one value of those along some axes.
const reduced = (f, type) => ([x, given], attributes) => {
  const axes = given ? [...given.data] : attributes.axes ?? [];
  if (!axes.length && attributes.noop_with_empty_axes) return x;
  const over = (axes.length ? axes : [...x.shape.keys()]).map((axis) => axisOf(axis, x.shape));
  const shape = x.shape.map((n, axis) => (over.includes(axis) ? 1 : n));
  const kept = attributes.keepdims === 0 ? shape.filter((_, axis) => !over.includes(axis)) : shape;
  const values = lanesOf(x, over).map((places) => f(places.map((at) => x.data[at])));
  return tensor(type ?? x.type, kept, ARRAYS[type ?? x.type].from(values));
};

const argMax = ([x], attributes) =>
  reduced((values) => values.indexOf(Math.max(...values)), "int64")([x], { ...attributes, axes: [attributes.axis ?? 0] });

// `f` changes the values along some axes together.
const changed = (f, x, axes) => {
  const result = tensor(x.type, x.shape);
  for (const places of lanesOf(x, axes)) f(places.map((at) => x.data[at])).forEach((value, i) => (result.data[places[i]] = value));
  return result;
};

const sum = (values) => values.reduce((total, value) => total + value, 0);

const logSoftmax = (values) => {
  const largest = Math.max(...values);
  const total = Math.log(sum(values.map((value) => Math.exp(value - largest))));
  return values.map((value) => value - largest - total);
};

const normalised = (epsilon) => (values) => {
  const mean = sum(values) / values.length;
  const variance = sum(values.map((value) => (value - mean) ** 2)) / values.length;
  return values.map((value) => (value - mean) / Math.sqrt(variance + epsilon));
};

const matmul = (a, b) => {
  const [[m, n], [, p]] = [a, b].map(({ shape }) => shape.slice(-2));
  const heads = [a, b].map((each) => tensor("int64", each.shape.slice(0, -2), placesOf(each.shape.slice(0, -2), stridesOf(each.shape))));
  const [shape, places] = broadcast(heads);
  const result = tensor(a.type, [...shape, m, p]);
  for (let head = 0; head < sizeOf(shape); head++) {
    const [left, right] = heads.map(({ data }, k) => data[places[k][head]]);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < p; j++) {
        let total = 0;
        for (let k = 0; k < n; k++) total += a.data[left + i * n + k] * b.data[right + k * p + j];
        result.data[(head * m + i) * p + j] = total;
      }
    }
  }
  return result;
};

const transposed = (x, perm = [...x.shape.keys()].reverse()) => {
  const shape = perm.map((axis) => x.shape[axis]);
  return picked(x, shape, placesOf(shape, perm.map((axis) => stridesOf(x.shape)[axis])));
};

const gemm = ([a, b, c], { alpha = 1, beta = 1, transA, transB }) => {
  const product = matmul(transA ? transposed(a) : a, transB ? transposed(b) : b);
  return c ? elementwise((x, y) => alpha * x + beta * y, [product, c]) : elementwise((x) => alpha * x, [product]);
};

const reshape = ([x, { data }], { allowzero = 0 }) => {
  const shape = [...data].map((n, axis) => (n === 0 && !allowzero ? x.shape[axis] : n));
  return reshaped(x, shape.map((n) => (n === -1 ? sizeOf(x.shape) / Math.abs(sizeOf(shape)) : n)));
};

const slice = ([x, starts, ends, axes, steps]) => {
  const [shape, strides] = [[...x.shape], stridesOf(x.shape)];
  let from = 0;
  starts.data.forEach((start, i) => {
    const axis = axisOf(axes ? axes.data[i] : i, x.shape);
    const [n, step] = [x.shape[axis], steps ? steps.data[i] : 1];
    const [least, most] = step > 0 ? [0, n] : [-1, n - 1];
    const [first, end] = [start, ends.data[i]].map((at) => Math.min(most, Math.max(least, at < 0 ? at + n : at)));
    from += first * strides[axis];
    shape[axis] = Math.max(0, Math.ceil((end - first) / step));
    strides[axis] *= step;
  });
  return picked(x, shape, placesOf(shape, strides, from));
};

const concat = (tensors, attributes) => {
  const axis = axisOf(attributes.axis, tensors[0].shape);
  const [before, rows] = [tensors[0].shape.slice(0, axis), tensors.map(({ shape }) => sizeOf(shape.slice(axis)))];
  const data = [];
  for (let i = 0; i < sizeOf(before); i++) tensors.forEach((each, k) => data.push(...each.data.slice(i * rows[k], (i + 1) * rows[k])));
  const shape = [...before, sum(tensors.map((each) => each.shape[axis])), ...tensors[0].shape.slice(axis + 1)];
  return tensor(tensors[0].type, shape, ARRAYS[tensors[0].type].from(data));
};

const gather = ([x, indices], attributes) => {
  const axis = axisOf(attributes.axis ?? 0, x.shape);
  const [n, strides] = [x.shape[axis], stridesOf(x.shape)];
  const from = (shape, offset, start) => placesOf(shape, strides.slice(offset, offset + shape.length), start);
  const [before, after] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)];
  const places = from(before, 0, 0).flatMap((at) =>
    [...indices.data].flatMap((i) => from(after, axis + 1, at + (i < 0 ? i + n : i) * strides[axis])),
  );
  return picked(x, [...before, ...indices.shape, ...after], places);
};

const shapeOf = ([x], { start, end }) => {
  const shape = x.shape.slice(start, end);
  return tensor("int64", [shape.length], Float64Array.from(shape));
};

const unsqueeze = ([x, { data }]) => {
  const shape = Array(x.shape.length + data.length).fill(1);
  const added = [...data].map((axis) => axisOf(axis, shape));
  let next = 0;
  return reshaped(x, shape.map((n, axis) => (added.includes(axis) ? n : x.shape[next++])));
};

const squeeze = ([x, axes]) => {
  const gone = axes ? [...axes.data].map((axis) => axisOf(axis, x.shape)) : [...x.shape.keys()].filter((axis) => x.shape[axis] === 1);
  return reshaped(x, x.shape.filter((_, axis) => !gone.includes(axis)));
};

const flatten = ([x], { axis = 1 }) => {
  const split = axisOf(axis, x.shape);
  return reshaped(x, [sizeOf(x.shape.slice(0, split)), sizeOf(x.shape.slice(split))]);
};

const layerNormalization = ([x, scale, bias], { axis = -1, epsilon = Math.fround(1e-5) }) => {
  const axes = [...x.shape.keys()].slice(axisOf(axis, x.shape));
  const result = changed(normalised(epsilon), x, axes);
  return bias ? elementwise((value, s, b) => value * s + b, [result, scale, bias]) : elementwise((value, s) => value * s, [result, scale]);
};

const batchNormalization = ([x, ...learned], { epsilon = Math.fround(1e-5) }) => {
  const columns = learned.map((each) => reshaped(each, [each.shape[0], ...Array(x.shape.length - 2).fill(1)]));
  return elementwise((value, s, b, mean, variance) => ((value - mean) / Math.sqrt(variance + epsilon)) * s + b, [x, ...columns]);
};
