// A small line that grows while a run plays.
//
// From Python: the traits points (float32 rows: step, value, value, …), lines, names, of, name. Sends nothing back.

const WIDTH = 100; // of the drawing's own coordinates; it is stretched to the space there is
const HEIGHT = 40;
const COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#999999"]; // Okabe and Ito
const SVG = "http://www.w3.org/2000/svg";

function element(tag, name, ...children) {
  const made = document.createElement(tag);
  made.className = name;
  made.append(...children);
  return made;
}

/** A number to three digits, as short as it can be written. */
function short(number) {
  return String(Number(number.toPrecision(3)));
}

function rows(model) {
  const bytes = model.get("points");
  const view = bytes instanceof DataView ? bytes : new DataView(new ArrayBuffer(0));
  const width = model.get("lines") + 1;
  const count = Math.floor(view.byteLength / 4 / width);
  return Array.from({ length: count }, (_, i) =>
    Array.from({ length: width }, (_, j) => view.getFloat32(4 * (i * width + j), true)),
  );
}

function drawn(table, line, of, low, high) {
  const x = (step) => (WIDTH * step) / Math.max(of, 1);
  const y = (value) => HEIGHT - (HEIGHT * (value - low)) / (high - low || 1);
  const points = table.filter((row) => Number.isFinite(row[line])).map((row) => `${x(row[0])},${y(row[line])}`);
  const path = document.createElementNS(SVG, "polyline");
  path.setAttribute("points", points.join(" "));
  path.setAttribute("stroke", COLORS[(line - 1) % COLORS.length]);
  return path;
}

function key(caption, i) {
  const made = element("li", "", caption);
  made.style.setProperty("--color", COLORS[i % COLORS.length]);
  return made;
}

function render({ model, el }) {
  const name = element("span", "vizkit-curve-name");
  const highest = element("span", "vizkit-curve-high");
  const lowest = element("span", "vizkit-curve-low");
  const steps = element("span", "vizkit-curve-steps");
  const names = element("ul", "vizkit-curve-names");
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  drawing.setAttribute("preserveAspectRatio", "none");
  drawing.setAttribute("role", "img");
  el.classList.add("vizkit-curve");
  el.append(name, highest, lowest, drawing, steps, names);

  function update() {
    const table = rows(model);
    el.hidden = table.length < 2;
    if (el.hidden) return;
    const values = table.flatMap((row) => row.slice(1)).filter(Number.isFinite);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    name.textContent = model.get("name");
    highest.textContent = short(high);
    lowest.textContent = short(low);
    steps.textContent = `step ${table.at(-1)[0]} of ${model.get("of")}`;
    drawing.setAttribute("aria-label", `${name.textContent} from ${short(low)} to ${short(high)}, ${steps.textContent}`);
    const lines = Array.from({ length: model.get("lines") }, (_, i) => i + 1);
    names.replaceChildren(...(lines.length > 1 ? model.get("names").map(key) : []));
    drawing.replaceChildren(...lines.map((line) => drawn(table, line, model.get("of"), low, high)));
  }

  model.on("change:points", update);
  update();
  return () => model.off("change:points", update);
}

export default { render };
