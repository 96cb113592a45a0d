// Lines over a common axis, with numbers to read off, and the values under the pointer. parts.mjs comes before it.
//
// From Python: the traits points (float32 rows: x, value, value, …), names, x_name, y_name, marked (an x, or null).
//              Sends nothing back.

const WIDTH = 640; // of the drawing's own coordinates
const HEIGHT = 260;
const ROOM = { left: 62, right: 12, top: 10, bottom: 58 };
const COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"]; // Okabe and Ito
const DASHES = ["", "7 4", "2 3"]; // one after each round of colors

/** A number to three digits, as short as it can be written. */
function brief(number) {
  return Number.isFinite(number) ? String(Number(number.toPrecision(3))) : String(number);
}

function rowsOf(model) {
  const bytes = model.get("points");
  const view = bytes instanceof DataView ? bytes : new DataView(new ArrayBuffer(0));
  const width = model.get("names").length + 1;
  const read = (i, j) => view.getFloat32(4 * (i * width + j), true);
  return Array.from({ length: Math.floor(view.byteLength / 4 / width) }, (_, i) =>
    Array.from({ length: width }, (_, j) => read(i, j)),
  );
}

/** About `count` round numbers between two ends. */
function ticks(low, high, count) {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
}

function ends(values) {
  const known = values.filter(Number.isFinite);
  const low = known.reduce((a, b) => Math.min(a, b), Infinity);
  const high = known.reduce((a, b) => Math.max(a, b), -Infinity);
  return known.length ? [low, high] : [0, 1];
}

function render({ model, el }) {
  const drawing = drawn("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", tabindex: 0 });
  const key = element("ul", "vizkit-chart-key");
  const told = element("p", "vizkit-chart-told");
  const pointer = drawn("line", { class: "vizkit-chart-pointer", y1: ROOM.top, y2: HEIGHT - ROOM.bottom });
  const marker = drawn("line", { class: "vizkit-chart-marker", y1: ROOM.top, y2: HEIGHT - ROOM.bottom });
  let rows = [];
  let x = (value) => value;
  let at = -1; // the row that is pointed at

  function axes([left, right], [low, high], y) {
    const across = ticks(left, right, 6).flatMap((value) => [
      drawn("text", { x: x(value), y: HEIGHT - ROOM.bottom + 22, "text-anchor": "middle" }, brief(value)),
    ]);
    const up = ticks(low, high, 4).flatMap((value) => [
      drawn("line", { class: "vizkit-chart-grid", x1: ROOM.left, x2: WIDTH - ROOM.right, y1: y(value), y2: y(value) }),
      drawn("text", { x: ROOM.left - 8, y: y(value) + 4, "text-anchor": "end" }, brief(value)),
    ]);
    const name = { x: (ROOM.left + WIDTH - ROOM.right) / 2, y: HEIGHT - 6, "text-anchor": "middle" };
    return [...up, ...across, drawn("text", name, model.get("x_name"))];
  }

  function line(index, y) {
    const paths = [[]];
    for (const row of rows) {
      if (Number.isFinite(row[index])) paths.at(-1).push(`${x(row[0]).toFixed(1)},${y(row[index]).toFixed(1)}`);
      else paths.push([]); // a gap
    }
    const style = {
      stroke: COLORS[(index - 1) % COLORS.length],
      "stroke-dasharray": DASHES[Math.floor((index - 1) / COLORS.length) % DASHES.length],
    };
    return paths
      .filter((path) => path.length)
      .map((path) =>
        path.length === 1
          ? drawn("circle", { cx: path[0].split(",")[0], cy: path[0].split(",")[1], r: 3, fill: style.stroke })
          : drawn("polyline", { points: path.join(" "), ...style }),
      );
  }

  function update() {
    rows = rowsOf(model);
    const names = model.get("names");
    const [left, right] = ends(rows.map((row) => row[0]));
    const [low, high] = ends(rows.flatMap((row) => row.slice(1)));
    const y = (value) => HEIGHT - ROOM.bottom - ((HEIGHT - ROOM.top - ROOM.bottom) * (value - low)) / (high - low || 1);
    x = (value) => ROOM.left + ((WIDTH - ROOM.left - ROOM.right) * (value - left)) / (right - left || 1);
    drawing.replaceChildren(
      ...axes([left, right], [low, high], y),
      ...names.flatMap((_, i) => line(i + 1, y)),
      marker,
      pointer,
    );
    const what = model.get("y_name") || names.join(", ");
    drawing.setAttribute("aria-label", `${what} over ${model.get("x_name")}, from ${brief(low)} to ${brief(high)}`);
    key.replaceChildren(
      ...names.map((name, i) => {
        const item = element("li", "", name);
        item.dir = "auto";
        item.style.setProperty("--color", COLORS[i % COLORS.length]);
        return item;
      }),
    );
    mark();
    point(-1);
  }

  function mark() {
    const marked = model.get("marked");
    marker.setAttribute("visibility", marked === null ? "hidden" : "visible");
    if (marked !== null) for (const end of ["x1", "x2"]) marker.setAttribute(end, x(marked));
    if (at < 0) tell();
  }

  /** Say the values of the row that is pointed at, or else marked. */
  function tell() {
    const marked = model.get("marked");
    const row = rows[at] ?? (marked === null ? null : rows.findLast((one) => one[0] <= marked));
    const values = row ? model.get("names").map((name, i) => `${name} ${brief(row[i + 1])}`) : [];
    told.textContent = row ? [`${model.get("x_name")} ${brief(row[0])}`, ...values].join(" · ") : "";
  }

  function point(index) {
    at = index;
    pointer.setAttribute("visibility", at < 0 ? "hidden" : "visible");
    if (at >= 0) for (const end of ["x1", "x2"]) pointer.setAttribute(end, x(rows[at][0]));
    tell();
  }

  function onMove(event) {
    const { left, width } = drawing.getBoundingClientRect();
    const here = ((event.clientX - left) / width) * WIDTH;
    const away = rows.map((row) => Math.abs(x(row[0]) - here));
    point(away.indexOf(Math.min(...away)));
  }

  function onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: rows.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    point(Math.max(0, Math.min(rows.length - 1, to)));
  }

  el.classList.add("vizkit-chart");
  told.dir = "auto";
  keepKeys(el);
  el.append(key, drawing, told);
  drawing.addEventListener("pointermove", onMove);
  drawing.addEventListener("pointerleave", () => point(-1));
  drawing.addEventListener("keydown", onKey);
  const deafen = listen(model, { "change:points": update, "change:names": update, "change:marked": mark });
  update();
  return deafen;
}

export default { render };
