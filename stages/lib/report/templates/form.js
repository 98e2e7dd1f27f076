// The form that tries the model: what it predicts, as one types.
const unpacked = (text) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).json();
};

const asNumber = (value) => value.toLocaleString("en", { maximumSignificantDigits: 5 });

const asLimits = (least, most) => {
  if (least === null || most === null) return least === null ? `at most ${asNumber(most)}` : `at least ${asNumber(least)}`;
  return `from ${asNumber(least)} to ${asNumber(most)}`;
};

const missingCell = ({ kind, missing }) => (kind === "category" ? missing : NaN);

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

// What a field has: its cell, if stages.predict would take it, and a note.
const read = (field, control) => {
  const { name, kind, categories, missing, far, range, least, most } = field;
  const text = control.value.trim();
  if (text === "") {
    if (field.may_lack) return { cell: missingCell(field), note: `${name} is missing.` };
    return { note: `${name} is needed.` };
  }
  if (kind === "category") {
    if (text !== "other") return { cell: categories[Number(text)] };
    // A text that is none of them.
    const cell = `${[...categories, missing].join("")}?`;
    return { cell, note: `${name} is unknown: a category that the model was not trained on counts as none.` };
  }
  const cell = NUMBER.test(text) ? Number(text) : NaN;
  if (!Number.isFinite(cell)) return { note: `${name} should be a number such as 1500.5, with a point and no comma; “${text}” is refused.` };
  if (kind === "boolean") return { cell };
  if ((least !== null && cell < least) || (most !== null && cell > most)) {
    return { note: `${name} should be ${asLimits(least, most)}; other numbers are refused.` };
  }
  if (field.zero_is_missing && cell === 0) return { cell, note: `${name} is missing, which is what 0 means.` };
  const isFar = far && (cell < far[0] || cell > far[1]);
  return { cell, note: isFar ? `${name} is far outside of what the model was trained on (${asNumber(range[0])} to ${asNumber(range[1])}).` : "" };
};

const added = (parent, name, text, attributes = {}) => {
  const element = parent.appendChild(document.createElement(name));
  element.textContent = text;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
};

// Of many classes, the most probable ones, and no probabilities where there is no prediction.
const showShares = (body, { classes, names, most }, predicted, shares) => {
  const order = [...classes.keys()];
  if (shares && order.length > most) order.sort((a, b) => shares[b] - shares[a]);
  body.replaceChildren();
  for (const i of order.slice(0, most)) {
    const row = added(body, "tr", "", { class: classes[i] === predicted ? "predicted" : "", style: `--share: ${shares?.[i] ?? 0}` });
    added(row, "th", names[i], { scope: "row" });
    added(row, "td", "", { class: "bar" });
    added(row, "td", shares ? `${(100 * shares[i]).toFixed(1)} %` : "–", { class: "number" });
  }
};

// Whether this browser predicts what the runtime of ONNX did when the page was written, up to rounding in float32.
const check = (predict, { inputs, checks }) => {
  const numbers = checks.flatMap(({ expected }) => expected.flat()).filter(Number.isFinite);
  const tolerance = 1e-4 * Math.max(...numbers.map(Math.abs));
  for (const { cells, expected } of checks) {
    const given = inputs.map((field) => [field.name, cells[field.name] ?? missingCell(field)]);
    const found = Object.values(predict(Object.fromEntries(given))).flatMap(({ data }) => [...data]);
    const agrees = (value, i) => value === found[i] || Math.abs(value - found[i]) <= tolerance;
    if (!expected.flat().every(agrees)) throw new Error("its predictions differ here");
  }
};

const startTrial = async (form) => {
  const about = JSON.parse(document.querySelector("#trial").textContent);
  const { inputs, target, unit, classes, names, cases } = about;
  const predict = opened(await unpacked(document.querySelector("#model").textContent));
  check(predict, about);
  const controls = inputs.map(({ name }) => [...form.elements].find((each) => each.name === name));
  const [told, table, notes] = ["output", "table", ".notes"].map((part) => form.querySelector(part));

  const tell = (headline, more = "") => {
    told.replaceChildren();
    added(told, "strong", `${target}: ${headline}`);
    added(told, "span", more);
  };

  const show = () => {
    const found = inputs.map((field, i) => read(field, controls[i]));
    notes.replaceChildren();
    found.forEach(({ cell, note }, i) => {
      controls[i].classList.toggle("noted", note !== undefined && note !== "");
      controls[i].setAttribute("aria-invalid", String(cell === undefined));
      if (note) added(notes, "li", note);
    });
    const refused = found.some(({ cell }) => cell === undefined);
    const result = refused ? {} : predict(Object.fromEntries(found.map(({ cell }, i) => [inputs[i].name, cell])));
    const [[predicted] = [], ...others] = Object.values(result).map(({ data }) => data);
    const numbers = classes.length && !refused ? others[0] : [predicted];
    if (!numbers.every(Number.isFinite)) {
      tell("–", refused ? "" : "no finite number");
      if (table) showShares(table.tBodies[0], about);
    } else if (classes.length) {
      tell(names[classes.indexOf(predicted)]);
      showShares(table.tBodies[0], about, predicted, others[0]);
    } else {
      const [low, high] = others.map(([end]) => asNumber(end));
      tell(`${asNumber(predicted)}${unit && ` ${unit}`}`, low && `between ${low} and ${high} ${cases}`);
    }
  };

  form.addEventListener("input", show);
  form.addEventListener("reset", () => setTimeout(show)); // once the fields are reset
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  show();
};

for (const form of document.querySelectorAll("form.trial")) {
  const reason = form.parentElement.querySelector(".reason");
  startTrial(form).then(
    () => reason.remove(),
    ({ message }) => {
      reason.textContent = `There is no form to try the model in this browser, because ${message}. python -m stages.predict predicts with it.`;
    },
  );
}
