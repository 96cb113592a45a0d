// What was measured of each finished map: for every number a line from layer to layer, and where the slider stands.

const LINE = { width: 100, height: 26, room: 3 }; // of a drawing's own coordinates; it is stretched to the space there is

function measured(model) {
  const box = element("div", "vizkit-map-measures");
  let charts = [];

  box.role = "group";
  box.ariaLabel = "measured of each map";

  function update() {
    const maps = model.get("map_names");
    const told = model.get("measures");
    const names = new Set(maps.flatMap((map) => Object.keys(told[map] ?? {})));
    charts = maps.length > 1 ? [...names].map((name) => lineOf(name, maps, maps.map((map) => told[map]?.[name] ?? null))) : [];
    box.replaceChildren(...charts.map(({ part }) => part));
    box.hidden = !charts.length;
  }

  return { box, update, at: (place) => charts.forEach((chart) => chart.at(place)) };
}

/** The line of one number (null where there is none), from 0, or below, up to 1 or its largest. */
function lineOf(name, maps, values) {
  const known = values.filter((value) => value !== null);
  const [low, high] = [Math.min(0, ...known), Math.max(1, ...known)];
  const x = (place) => LINE.room + (place * (LINE.width - 2 * LINE.room)) / (values.length - 1);
  const y = (value) => LINE.height - LINE.room - ((value - low) / (high - low)) * (LINE.height - 2 * LINE.room);
  const steps = values.map((value, i) => (value === null ? "" : `${(values[i - 1] ?? null) === null ? "M" : "L"}${x(i)} ${y(value)}`));
  const dot = drawn("path", { class: "vizkit-map-dot" }); // a line of no length with round ends is not stretched
  const line = drawn("path", { d: steps.join(""), class: "vizkit-map-line" });
  const floor = drawn("path", { d: `M0 ${LINE.height - 0.5}H${LINE.width}`, class: "vizkit-map-floor" });
  const drawing = drawn("svg", { viewBox: `0 0 ${LINE.width} ${LINE.height}`, preserveAspectRatio: "none", role: "img" });
  const number = element("span", "vizkit-map-number");
  const part = element("div", "vizkit-map-measure", element("span", "vizkit-map-what", name), number, drawing);
  const told = maps.map((map, i) => `${map} ${shortly(values[i])}`).join(", ");
  drawing.append(floor, line, dot);
  drawing.setAttribute("aria-label", `${name} by map: ${told}`);
  part.title = `${name}: ${told}`;

  /** Mark a place between two maps; the number is that of the nearer one. */
  function at(place) {
    const i = Math.max(0, Math.min(Math.floor(place), values.length - 1));
    const [from, to] = [values[i], values[i + 1] ?? values[i]];
    const there = from === null || to === null ? null : from + (place - i) * (to - from);
    dot.setAttribute("d", there === null ? "" : `M${x(Math.max(0, place))} ${y(there)}h0`);
    number.textContent = shortly(values[Math.max(0, Math.round(place))]);
  }

  return { part, at };
}

function shortly(value) {
  return value === null ? "–" : String(Number(value.toPrecision(2)));
}
