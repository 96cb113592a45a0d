// Sliders over answers that are all there already, play and pause, a search, and the values of what is pointed at.
// parts.mjs comes before it.
//
// From Python: the traits axes ([{name, values, plays}]), position (row by row over the axes), told (for each
//              position a list of {caption, values: [[name, words]]}, one for each picture), hovered (-1: none).
// To Python:   the traits position and picked (the picture a search led to).

const LEAST_TO_SEARCH = 6; // pictures; fewer are seen at a glance
const MOST_FOUND = 60;
const LONGEST = 6000; // milliseconds for all frames
const QUICKEST = 50; // milliseconds a frame
const SLOWEST = 500;

/** Where each slider is at a position, and back. */
function places(axes) {
  const strides = axes.map((_, i) => axes.slice(i + 1).reduce((all, { values }) => all * values.length, 1));
  return {
    at: (position) => axes.map(({ values }, i) => Math.floor(position / strides[i]) % values.length),
    position: (at) => at.reduce((sum, one, i) => sum + one * strides[i], 0),
  };
}

function sentence(axes, at) {
  return axes.map(({ name, values }, i) => `${name} ${values[at[i]]}`).join(" · ");
}

/** A slider with its name before it and its value behind it; `move(index)` when it is moved. */
function slider({ name, values }, move) {
  const input = element("input", "vizkit-deck-slider");
  Object.assign(input, { type: "range", min: 0, max: values.length - 1, step: 1, ariaLabel: name });
  const shown = element("span", "vizkit-deck-value");
  const label = element("span", "vizkit-deck-name", name);
  label.dir = shown.dir = "auto";
  input.disabled = values.length < 2;
  input.addEventListener("input", () => move(Number(input.value)));
  const row = element("label", "vizkit-deck-row", label, input, shown);
  const mark = (index) => {
    input.value = index;
    input.ariaValueText = shown.textContent = shown.title = values[index];
  };
  return { row, mark };
}

/** Play and pause along one axis; begins again from the first frame when it stands at the last. */
function player(axis, at, move) {
  const each = Math.max(QUICKEST, Math.min(SLOWEST, LONGEST / axis.values.length));
  const play = button("vizkit-deck-play", "Play", () => (timer ? stop() : start()));
  let timer = null;

  function stop() {
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
  }

  function start() {
    if (at() >= axis.values.length - 1) move(0);
    timer = setInterval(() => (at() >= axis.values.length - 1 ? stop() : move(at() + 1)), each);
    play.textContent = "Pause";
  }

  return { play, stop };
}

/** What a search goes through: each picture of each position, or of the one shown where positions are frames. */
function* entries(axes, told, position) {
  const { at } = places(axes);
  const shown = axes.some(({ plays }) => plays) ? [position] : told.keys();
  for (const p of shown) {
    const where = axes.some(({ plays }) => plays) ? "" : sentence(axes, at(p));
    for (const [i, { caption, again }] of told[p].entries()) {
      if (again) continue;
      yield { position: p, picture: i, words: [where, caption].filter(Boolean).join(" · ") };
    }
  }
}

function finder(model, pick) {
  const box = element("input", "vizkit-deck-find");
  const found = element("div", "vizkit-deck-found");
  const count = element("p", "vizkit-deck-count");
  Object.assign(box, { type: "search", placeholder: "Search", ariaLabel: "search captions and settings" });
  found.role = "list";
  count.role = "status";

  function update() {
    const asked = box.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    const all = asked.length ? [...entries(model.get("axes"), model.get("told"), model.get("position"))] : [];
    const hits = all.filter(({ words }) => asked.every((word) => words.toLocaleLowerCase().includes(word)));
    const more = hits.length - MOST_FOUND;
    count.textContent = !asked.length ? "" : `${hits.length} of ${all.length}${more > 0 ? `, the first ${MOST_FOUND} below` : ""}`;
    found.replaceChildren(
      ...hits.slice(0, MOST_FOUND).map(({ position, picture, words }) => {
        const hit = button("vizkit-deck-hit", words, () => pick(position, picture));
        hit.dir = "auto";
        const item = element("div", "", hit);
        item.role = "listitem";
        return item;
      }),
    );
  }

  box.addEventListener("input", update);
  return element("div", "vizkit-deck-search", box, count, found);
}

/** The caption and values of the picture that is pointed at; of the only one, otherwise. */
function readout(model) {
  const caption = element("p", "vizkit-deck-caption");
  const list = element("dl", "vizkit-deck-values");
  caption.dir = "auto";

  function update() {
    const pictures = model.get("told")[model.get("position")] ?? [];
    const shown = pictures[model.get("hovered")] ?? (pictures.length === 1 ? pictures[0] : null);
    caption.textContent = shown ? shown.caption : pictures.length > 1 ? "Point at a picture to read its values." : "";
    const rows = (shown?.values ?? []).map(([name, words]) => [element("dt", "", name), element("dd", "", words)]);
    list.replaceChildren(...rows.flat());
  }

  return { made: element("div", "vizkit-deck-readout", caption, list), update };
}

function render({ model, el }) {
  const axes = model.get("axes");
  const { at, position } = places(axes);
  const sliders = axes.map((axis, i) => slider(axis, (index) => (playing?.stop(), move(i, index))));
  const told = readout(model);
  const plays = axes.findIndex((axis) => axis.plays);
  const playing = plays < 0 ? null : player(axes[plays], () => at(model.get("position"))[plays], (i) => move(plays, i));

  function move(axis, index) {
    const to = at(model.get("position"));
    to[axis] = index;
    go(position(to));
  }

  function go(to) {
    model.set("position", to);
    model.save_changes();
  }

  function pick(to, picture) {
    playing?.stop();
    go(to);
    model.set("picked", picture);
    model.set("hovered", picture);
    model.save_changes();
  }

  function update() {
    const where = at(model.get("position"));
    sliders.forEach(({ mark }, i) => mark(where[i]));
    told.update();
  }

  el.classList.add("vizkit-deck");
  keepKeys(el);
  el.append(...sliders.map(({ row }) => row));
  if (playing) el.append(playing.play);
  if ([...entries(axes, model.get("told"), model.get("position"))].length >= LEAST_TO_SEARCH) el.append(finder(model, pick));
  el.append(told.made);
  const deafen = listen(model, { "change:position": update, "change:hovered": told.update });
  update();
  return () => {
    playing?.stop();
    deafen();
  };
}

export default { render };
