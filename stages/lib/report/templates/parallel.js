// Brushes the axes of parallel coordinates: only the candidates whose values lie in every brush stay in colour.
for (const figure of document.querySelectorAll("figure.parallel")) {
  const svg = figure.querySelector("svg");
  const lines = [...figure.querySelectorAll("polyline")].map((line) => ({ line, at: line.dataset.at.split(" ").map(Number) }));
  const brushed = figure.querySelector(".brushed");
  const told = brushed.querySelector("output");

  const add = (parent, name, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return parent.appendChild(element);
  };

  // `from` and `to` are the highest and the lowest stop in the brush.
  const axes = [...figure.querySelectorAll("g.axis")].map((group) => {
    const { x, name } = group.dataset;
    const stops = JSON.parse(group.dataset.stops);
    const axis = { x: Number(x), name, stops, from: 0, to: stops.length - 1 };
    const [top, bottom] = ["y1", "y2"].map((end) => Number(group.querySelector("line").getAttribute(end)));
    axis.brush = add(group, "rect", { class: "brush", x: axis.x - 7, width: 14 });
    const reach = add(group, "rect", { class: "reach", x: axis.x - 18, width: 36, y: top - 10, height: bottom - top + 20 });
    axis.handles = ["from", "to"].map((end) => {
      const handle = add(group, "path", { class: "handle", role: "slider", tabindex: 0, "aria-orientation": "vertical" });
      handle.setAttribute("aria-label", `${name}, ${end === "from" ? "upper" : "lower"} end`);
      handle.setAttribute("aria-valuemin", 0);
      handle.setAttribute("aria-valuemax", stops.length - 1);
      handle.addEventListener("keydown", (event) => {
        const step = { ArrowUp: -1, ArrowRight: -1, ArrowDown: 1, ArrowLeft: 1 }[event.key];
        const moved = { Home: end === "from" ? 0 : axis.from, End: end === "from" ? axis.to : stops.length - 1 }[event.key];
        if (step === undefined && moved === undefined) return;
        event.preventDefault();
        const [least, most] = end === "from" ? [0, axis.to] : [axis.from, stops.length - 1];
        axis[end] = Math.min(most, Math.max(least, moved ?? axis[end] + step));
        show();
      });
      return handle;
    });

    // Dragging marks a range; a click without a drag takes the brush away.
    const place = (event) => new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse()).y;
    let start = null;
    const drag = (event) => {
      if (start === null) return;
      const [high, low] = [start, place(event)].sort((a, b) => a - b);
      const within = stops.flatMap((stop, i) => (stop[1] >= high && stop[0] <= low ? [i] : []));
      const clicked = low - high < 4;
      if (clicked || within.length) [axis.from, axis.to] = clicked ? [0, stops.length - 1] : [within[0], within.at(-1)];
      show();
    };
    reach.addEventListener("pointerdown", (event) => {
      start = place(event);
      reach.setPointerCapture(event.pointerId);
    });
    reach.addEventListener("pointermove", drag);
    reach.addEventListener("pointerup", (event) => {
      drag(event);
      start = null;
    });
    reach.addEventListener("pointercancel", () => (start = null));
    return axis;
  });

  const whole = (axis) => axis.from === 0 && axis.to === axis.stops.length - 1;

  const show = () => {
    for (const axis of axes) {
      const [high, low] = [axis.stops[axis.from][0], axis.stops[axis.to][1]];
      axis.brush.setAttribute("y", high - 3);
      axis.brush.setAttribute("height", whole(axis) ? 0 : low - high + 6);
      axis.brush.style.display = whole(axis) ? "none" : "";
      // Triangles that point away from the range.
      axis.handles[0].setAttribute("d", `M${axis.x - 7},${high - 3}h14l-7,-9z`);
      axis.handles[1].setAttribute("d", `M${axis.x - 7},${low + 3}h14l-7,9z`);
      axis.handles.forEach((handle, i) => {
        handle.setAttribute("aria-valuenow", axis[i ? "to" : "from"]);
        handle.setAttribute("aria-valuetext", axis.stops[axis[i ? "to" : "from"]][2]);
      });
    }
    const kept = lines.filter(({ line, at }) => {
      const fits = axes.every((axis, i) => axis.from <= at[i] && at[i] <= axis.to);
      line.classList.toggle("out", !fits);
      return fits;
    });
    const ranges = axes.filter((axis) => !whole(axis)).map(({ name, stops, from, to }) => {
      return from === to ? `${name} ${stops[from][2]}` : `${name} ${stops[to][2]} to ${stops[from][2]}`;
    });
    told.textContent = `${kept.length} of ${lines.length} candidates${ranges.length ? `: ${ranges.join(", ")}` : ""}.`;
    brushed.querySelector("button").hidden = ranges.length === 0;
  };

  brushed.querySelector("button").addEventListener("click", () => {
    for (const axis of axes) [axis.from, axis.to] = [0, axis.stops.length - 1];
    show();
  });
  brushed.hidden = false;
  figure.querySelector(".how").hidden = false;
  show();
}
