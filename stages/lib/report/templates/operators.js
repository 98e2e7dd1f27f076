// The operators of ONNX that a model's graph may have. Each takes the tensors of its inputs and its attributes.
const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

// By a series without alternating signs (Abramowitz & Stegun 1964, 7.1.6); beyond 6, erf is 1 in doubles.
const erf = (x) => {
  if (Math.abs(x) > 6) return Math.sign(x);
  let [sum, term] = [x, x];
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) sum += term *= (2 * x * x) / (2 * n + 1);
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
};

const gelu = (x, tanh) =>
  (x / 2) * (1 + (tanh ? Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)) : erf(x / Math.SQRT2)));

const roundEven = (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));

const one = (f, type) => ([x], attributes) => elementwise((value) => f(value, attributes), [x], type);
const several = (f, type) => (tensors) => elementwise(f, tensors, type);

const whole = (type) => type.includes("int");

const cast = (x, type) => {
  const as = type === "bool" ? (value) => Number(value) !== 0 : type === "string" ? String : whole(type) ? (value) => Math.trunc(value) : Number;
  return tensor(type, x.shape, ARRAYS[type].from(x.data, as));
};

const clip = ([x, low, high]) => {
  const [least, most] = [low ? low.data[0] : -Infinity, high ? high.data[0] : Infinity];
  return elementwise((value) => Math.min(Math.max(value, least), most), [x]);
};

const operators = {
  Abs: one(Math.abs),
  Add: several((a, b) => a + b),
  And: several((a, b) => a && b),
  ArgMax: argMax,
  BatchNormalization: batchNormalization,
  Cast: ([x], { to }) => cast(x, to),
  Celu: one((x, { alpha = 1 }) => Math.max(0, x) + Math.min(0, alpha * Math.expm1(x / alpha))),
  Clip: clip,
  Concat: concat,
  Cos: one(Math.cos),
  Div: ([a, b]) => elementwise(whole(a.type) ? (x, y) => Math.trunc(x / y) : (x, y) => x / y, [a, b]),
  Elu: one((x, { alpha = 1 }) => (x < 0 ? alpha * Math.expm1(x) : x)),
  Equal: several((a, b) => a === b, "bool"),
  Erf: one(erf),
  Exp: one(Math.exp),
  Expand: ([x, { data }]) => elementwise((value) => value, [x, tensor("bool", [...data])]),
  Flatten: flatten,
  Floor: one(Math.floor),
  Gather: gather,
  Gelu: one((x, { approximate }) => gelu(x, approximate === "tanh")),
  Gemm: gemm,
  Greater: several((a, b) => a > b, "bool"),
  GreaterOrEqual: several((a, b) => a >= b, "bool"),
  HardSigmoid: one((x, { alpha = 0.2, beta = 0.5 }) => Math.max(0, Math.min(1, alpha * x + beta))),
  HardSwish: one((x) => x * Math.max(0, Math.min(1, x / 6 + 0.5))),
  Identity: ([x]) => x,
  IsNaN: one(Number.isNaN, "bool"),
  LabelEncoder: labelEncoder,
  LayerNormalization: layerNormalization,
  LeakyRelu: one((x, { alpha = 0.01 }) => (x < 0 ? alpha * x : x)),
  Less: several((a, b) => a < b, "bool"),
  LessOrEqual: several((a, b) => a <= b, "bool"),
  Log: one(Math.log),
  LogSoftmax: ([x], { axis = -1 }) => changed(logSoftmax, x, [axisOf(axis, x.shape)]),
  MatMul: ([a, b]) => matmul(a, b),
  Max: several(Math.max),
  Min: several(Math.min),
  Mish: one((x) => x * Math.tanh(softplus(x))),
  Mul: several((a, b) => a * b),
  Neg: one((x) => -x),
  Not: one((x) => !x),
  Or: several((a, b) => a || b),
  PRelu: several((x, slope) => (x < 0 ? slope * x : x)),
  Pow: several((a, b) => a ** b),
  Reciprocal: one((x) => 1 / x),
  ReduceMax: reduced((values) => Math.max(...values)),
  ReduceMean: reduced((values) => sum(values) / values.length),
  ReduceMin: reduced((values) => Math.min(...values)),
  ReduceSum: reduced(sum),
  Relu: one((x) => Math.max(x, 0)),
  Reshape: reshape,
  Round: one(roundEven),
  Selu: one((x, { alpha = 1.6732632423543772, gamma = 1.0507009873554805 }) => gamma * (x < 0 ? alpha * Math.expm1(x) : x)),
  Shape: shapeOf,
  Sigmoid: one((x) => 1 / (1 + Math.exp(-x))),
  Sign: one(Math.sign),
  Sin: one(Math.sin),
  Slice: slice,
  Softmax: ([x], { axis = -1 }) => changed((values) => logSoftmax(values).map(Math.exp), x, [axisOf(axis, x.shape)]),
  Softplus: one(softplus),
  Softsign: one((x) => x / (1 + Math.abs(x))),
  Sqrt: one(Math.sqrt),
  Squeeze: squeeze,
  Sub: several((a, b) => a - b),
  Tanh: one(Math.tanh),
  Transpose: ([x], { perm }) => transposed(x, perm),
  TreeEnsemble: treeEnsemble,
  Unsqueeze: unsqueeze,
  Where: ([condition, ...values]) => elementwise((is, a, b) => (is ? a : b), [condition, ...values], values[0].type),
};
