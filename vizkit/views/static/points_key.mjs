// What the colors mean, and which points are shown: a list of labels to click, or a ramp with two ends to pull.

const LISTED = 400; // labels in the list; of more, the most frequent, and the search finds the others
const STRONG = 255; // alphas that the painter knows
const PLAIN = 128;
const FAINT = 26;
const GRAY = [138, 138, 138];

/** Low and high of numbers without their outermost hundredths, so that one odd value does not flatten the rest. */
function rangeOf(values) {
  const step = Math.max(1, Math.floor(values.length / 20000));
  const some = [];
  for (let i = 0; i < values.length; i += step) if (Number.isFinite(values[i])) some.push(values[i]);
  if (!some.length) return [0, 1];
  some.sort((a, b) => a - b);
  const at = (share) => some[Math.round(share * (some.length - 1))];
  const [low, high] = some.length < 100 ? [at(0), at(1)] : [at(0.01), at(0.99)];
  return low < high ? [low, high] : [at(0), at(1) > at(0) ? at(1) : at(0) + 1];
}

function brief(number) {
  return Math.abs(number) >= 1e5 || (number && Math.abs(number) < 1e-3)
    ? number.toExponential(2)
    : String(Number(number.toPrecision(4)));
}

/** "12,345" */
function counted(n) {
  return n.toLocaleString("en-US");
}

/** The legend of a map; `changed()` is called when other points are shown or colored. */
function legend(model, changed) {
  const menu = element("select", "vizkit-map-menu");
  const title = element("label", "vizkit-map-by", "Color by ", menu);
  const list = element("div", "vizkit-map-labels");
  const scale = element("div", "vizkit-map-scale");
  const bar = element("canvas", "vizkit-map-bar");
  const ends = [0, 1].map(() => element("input", "vizkit-map-end"));
  const told = element("div", "vizkit-map-ends", element("span", ""), element("span", ""));
  const all = button("vizkit-map-button", "Show all", () => hide([]));
  const box = element("div", "vizkit-map-key", title, list, scale, all);
  const none = { name: "label", words: [], codes: new Uint16Array(0), colors: new Uint8Array(0) };
  let [labels, listed] = [none, none]; // kinds of points: by label, and those in the list
  let [counts, ramp] = [[], new Uint8Array(0)];
  let shownRange = [0, 1]; // shares of the range that the ends let through
  let range = [0, 1];
  let active = 0; // the label that Tab reaches

  list.role = "group";
  list.ariaLabel = "labels, shown or hidden";
  scale.append(bar, ...ends, told);
  ends.forEach((end, k) => {
    Object.assign(end, { type: "range", min: 0, max: 1, step: 0.01, value: k, ariaLabel: ["lowest shown", "highest shown"][k] });
    end.addEventListener("input", () => pull(k, Number(end.value)));
  });
  menu.addEventListener("change", () => pick(menu.value));
  list.addEventListener("keydown", onKey);

  const words = () => listed.words;
  const wordsOf = (k) => model.get("value_words")[k] ?? [];
  const place = (color) => model.get("value_names").indexOf(color);
  const kindOf = (color) => (wordsOf(place(color)).length ? color : "label");
  const scalar = () => (kindOf(model.get("color")) === "label" ? place(model.get("color")) : -1);

  function set(name, value) {
    model.set(name, value);
    model.save_changes();
  }

  /** Color by something else; where that lists other words, all of them are shown. */
  function pick(color) {
    if (kindOf(color) !== listed.name) model.set("hidden", []);
    set("color", color);
  }

  function hide(some) {
    shownRange = [0, 1];
    set("hidden", some);
    update();
    changed();
  }

  /** Hide a label or show it again; alone, all others are hidden, or none where that is so already. */
  function toggle(word, alone) {
    const hidden = model.get("hidden");
    const others = words().filter((other) => other !== word);
    if (alone) hide(others.length === hidden.length && !hidden.includes(word) ? [] : others);
    else hide(hidden.includes(word) ? hidden.filter((other) => other !== word) : [...hidden, word]);
  }

  function pull(end, share) {
    shownRange[end] = end ? Math.max(share, shownRange[0]) : Math.min(share, shownRange[1]);
    ends[end].value = shownRange[end];
    tellRange();
    changed();
  }

  function onKey(event) {
    const boxes = [...list.children];
    const steps = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 };
    const to = { Home: 0, End: boxes.length - 1 }[event.key] ?? active + steps[event.key];
    if (event.altKey || event.ctrlKey || event.metaKey || Number.isNaN(to)) return;
    event.preventDefault();
    activate(Math.max(0, Math.min(to, boxes.length - 1)));
    boxes[active].focus();
  }

  function activate(i) {
    active = i;
    [...list.children].forEach((box, k) => (box.tabIndex = k === active ? 0 : -1));
  }

  function newLabel(k) {
    const word = words()[k];
    const swatch = element("span", "vizkit-map-swatch");
    swatch.style.setProperty("--color", `rgb(${colorOf(k).join(" ")})`);
    const name = element("span", "vizkit-map-word", word);
    name.dir = "auto";
    const made = element("button", "vizkit-map-label", swatch, name, element("span", "vizkit-map-count", counted(counts[k])));
    made.type = "button";
    made.title = `${word}: click to hide or show, double-click for it alone`;
    made.dataset.word = word;
    made.addEventListener("click", (event) => {
      activate([...list.children].indexOf(made));
      if (event.detail < 2) toggle(word, event.altKey);
      else toggle(word, true); // the first click of the two hid it: alone it is shown
    });
    return made;
  }

  const colorOf = (k) => listed.colors.subarray(3 * k, 3 * k + 3);

  function fillMenu() {
    const choices = [...(labels.codes.length ? ["label"] : []), ...model.get("value_names"), "selection", ""];
    menu.replaceChildren(
      ...choices.map((word) => Object.assign(element("option", "", word || "nothing"), { value: word })),
    );
  }

  function readLabels() {
    const wide = model.get("labels")?.byteLength > 2 * model.get("count");
    const codes = typed(wide ? Uint32Array : Uint16Array, model.get("labels"));
    return { name: "label", words: model.get("label_names"), codes, colors: typed(Uint8Array, model.get("label_colors")) };
  }

  /** The kinds that the list is of: those of the values that points are colored by, if they have words, or the labels. */
  function readListed() {
    const [color, k] = [model.get("color"), place(model.get("color"))];
    if (kindOf(color) === "label") return labels;
    const codes = typed(Float32Array, model.get("values")[k]);
    return { name: color, words: wordsOf(k), codes, colors: typed(Uint8Array, model.get("value_colors")[k]) };
  }

  function fill() {
    labels = readLabels();
    ramp = typed(Uint8Array, model.get("ramp"));
    fillMenu();
    fillList();
  }

  function fillList() {
    listed = readListed();
    counts = new Array(words().length).fill(0);
    for (const k of listed.codes) counts[k]++;
    const most = counts.length > LISTED ? [...counts].sort((a, b) => b - a)[LISTED - 1] : 0;
    const some = words().map((_, k) => k).filter((k) => counts[k] >= most).slice(0, LISTED);
    list.replaceChildren(...some.map(newLabel));
    if (counts.length > LISTED) list.append(element("p", "vizkit-map-more", `and ${counts.length - LISTED} more labels`));
    activate(0);
    update();
  }

  function tellRange() {
    const at = (share) => brief(range[0] + share * (range[1] - range[0]));
    told.children[0].textContent = at(shownRange[0]);
    told.children[1].textContent = at(shownRange[1]);
    ends.forEach((end, k) => (end.ariaValueText = at(shownRange[k])));
    all.hidden = !model.get("hidden").length && shownRange[0] === 0 && shownRange[1] === 1;
  }

  function drawBar() {
    Object.assign(bar, { width: 256, height: 1 });
    const context = bar.getContext("2d");
    const image = context.createImageData(256, 1);
    for (let i = 0; i < 256; i++) image.data.set([...ramp.subarray(3 * i, 3 * i + 3), 255], 4 * i);
    context.putImageData(image, 0, 0);
  }

  function update() {
    const color = model.get("color");
    menu.value = color;
    list.hidden = !listed.codes.length;
    list.classList.toggle("vizkit-map-plain", color !== listed.name);
    scale.hidden = scalar() < 0;
    const hidden = new Set(model.get("hidden"));
    for (const one of list.querySelectorAll("button")) one.ariaPressed = String(!hidden.has(one.dataset.word));
    if (scalar() >= 0) {
      range = rangeOf(valuesOf());
      drawBar();
    }
    ends.forEach((end, k) => (end.value = shownRange[k]));
    tellRange();
    box.hidden = !labels.codes.length && !model.get("value_names").length;
  }

  let [cached, cachedBytes] = [new Float32Array(0), null];
  function valuesOf() {
    const bytes = model.get("values")[scalar()];
    if (bytes !== cachedBytes) [cached, cachedBytes] = [typed(Float32Array, bytes), bytes];
    return cached;
  }

  /** A byte for each of `n` points: whether it is shown. */
  function shown(n) {
    const flags = new Uint8Array(n).fill(1);
    const hidden = new Set(model.get("hidden"));
    const off = words().map((word) => hidden.has(word));
    const codes = listed.codes;
    if (hidden.size && codes.length === n) for (let i = 0; i < n; i++) if (off[codes[i]]) flags[i] = 0;
    const values = scalar() >= 0 ? valuesOf() : [];
    const [low, high] = shownRange;
    if (values.length === n && (low > 0 || high < 1)) {
      const [from, to] = [low > 0 ? low : -Infinity, high < 1 ? high : Infinity].map((s) => range[0] + s * (range[1] - range[0]));
      for (let i = 0; i < n; i++) if (!(values[i] >= from && values[i] <= to)) flags[i] = 0;
    }
    return flags;
  }

  /** RGBA for each of `n` points; `strong` is a byte for each, or null where none stands out. */
  function paintAll(n, strong, plain, accent) {
    const rgba = new Uint8Array(4 * n);
    const values = scalar() >= 0 ? valuesOf() : [];
    const factor = 255 / (range[1] - range[0]);
    const { codes, colors } = listed;
    const listedColors = model.get("color") === listed.name && codes.length === n;
    const faint = strong ? FAINT : PLAIN;
    for (let i = 0; i < n; i++) {
      let [source, at] = [plain, 0];
      if (listedColors) [source, at] = [colors, 3 * codes[i]];
      else if (values.length === n) {
        const place = Math.round((values[i] - range[0]) * factor);
        if (Number.isNaN(place)) source = GRAY;
        else [source, at] = [ramp, 3 * Math.max(0, Math.min(255, place))];
      } else if (model.get("color") === "selection" && strong?.[i]) source = accent;
      rgba[4 * i] = source[at];
      rgba[4 * i + 1] = source[at + 1];
      rgba[4 * i + 2] = source[at + 2];
      rgba[4 * i + 3] = strong?.[i] ? STRONG : faint;
    }
    return rgba;
  }

  const labelOf = (i) => labels.words[labels.codes[i]] ?? "";
  const valueOf = (i) => {
    if (listed !== labels) return `${listed.name} ${words()[listed.codes[i]]}`;
    return scalar() >= 0 ? `${model.get("color")} ${brief(valuesOf()[i])}` : "";
  };
  /** Whether a point is of a kind whose word fits: its label, or what the list has of it. */
  const matching = (fits) => {
    const found = [...new Set([labels, listed])].map(({ words: all, codes }) => [all.map(fits), codes]);
    const some = found.filter(([good]) => good.some(Boolean));
    return some.length ? (i) => some.some(([good, codes]) => good[codes[i]]) : null;
  };
  const recolored = () => {
    shownRange = [0, 1];
    if (kindOf(model.get("color")) === listed.name) update();
    else fillList();
  };
  return { box, fill, update, recolored, shown, paintAll, labelOf, valueOf, matching };
}
