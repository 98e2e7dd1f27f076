// Clicking a heading sorts its table: numbers by value, other cells as text, rows that diverged last.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const headings = [...table.tHead.rows[0].cells];
  // Without the marks of the answer and the kept net.
  const text = (row, column) => row.cells[column].textContent.replace(/^[★◆\s]+/, "");
  // 1,234.5 and < 0.0001 are numbers too.
  const number = (row, column) => (text(row, column) === "" ? NaN : Number(text(row, column).replace(/^< |,(?=\d{3})/g, "")));

  headings.forEach((heading, column) => {
    const numeric = [...body.rows].some((row) => !Number.isNaN(number(row, column)));
    if (numeric) [table.tHead.rows[0], ...body.rows].forEach((row) => row.cells[column].classList.add("number"));
    heading.firstElementChild.addEventListener("click", () => {
      const sign = heading.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      const order = (a, b) => {
        if (!numeric) return sign * text(a, column).localeCompare(text(b, column), "en", { numeric: true });
        const [x, y] = [number(a, column), number(b, column)];
        if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y);
        return sign * (x - y);
      };
      body.append(...[...body.rows].sort(order));
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", sign === 1 ? "ascending" : "descending");
    });
  });
}

// Of a long table, the first rows are shown until all are asked for. Without scripts, all are.
for (const table of document.querySelectorAll("table.long")) {
  const button = document.createElement("button");
  const fold = (folded) => {
    table.classList.toggle("folded", folded);
    button.setAttribute("aria-expanded", String(!folded));
    button.textContent = folded ? `Show all ${table.tBodies[0].rows.length}` : "Show fewer";
  };
  button.type = "button";
  button.className = "fold";
  button.addEventListener("click", () => fold(!table.classList.contains("folded")));
  table.parentElement.after(button);
  fold(true);
}
