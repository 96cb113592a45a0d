// What components find instead of a kernel: models that hold their state, and a table of what they show at each
// position of the page's sliders. `show` builds a page of them into an element.

class Model {
  #state;
  #listeners = new Map();

  constructor(state) {
    this.#state = state;
  }

  get(name) {
    return this.#state[name];
  }

  set(name, value) {
    const before = this.#state[name];
    this.#state[name] = value;
    if (before !== value) this.emit(`change:${name}`, value);
  }

  on(event, listener) {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
  }

  off(event, listener) {
    this.#listeners.set(event, (this.#listeners.get(event) ?? []).filter((known) => known !== listener));
  }

  emit(event, ...values) {
    for (const listener of this.#listeners.get(event) ?? []) listener(...values);
  }

  save_changes() {} // nobody to save them for

  send(message) {
    this.emit("sent", message);
  }
}

function decoded64(text) {
  return new DataView(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
}

/** Values with {pool: i} replaced by the bytes that a kernel would have sent, each decoded when it is first needed. */
function reviver(pool) {
  const known = new Map();
  const bytes = (i) => known.get(i) ?? known.set(i, decoded64(pool[i])).get(i);
  const revived = (value) => {
    if (Array.isArray(value)) return value.map(revived);
    if (value === null || typeof value !== "object") return value;
    if ("pool" in value) return bytes(value.pool);
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, revived(one)]));
  };
  return revived;
}

/** Whether two values are the same, lists by what is in them: what stays is not drawn again. */
function same(a, b) {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b;
  return a.length === b.length && a.every((one, i) => one === b[i]);
}

/** Make the models follow the deck: one row of the table for each position of its sliders. */
function follow(deck, models, { table }, revived) {
  const rows = new Map(); // revived once, so that what is shared between rows is no change
  const row = (i) => rows.get(i) ?? rows.set(i, table[i].map((traits) => revived(traits))).get(i);
  deck.on("change:position", (position) => {
    row(position).forEach((traits, i) => {
      for (const [name, value] of Object.entries(traits)) {
        if (!same(models[i].get(name), value)) models[i].set(name, value);
      }
    });
  });
}

/** A number that counts the pictures of several components, as the one counts that shows `count` from `first` on. */
function own(number, first, count) {
  return number >= first && number < first + count ? number - first : -1;
}

/** Tell the deck which picture the pointer or the keyboard is at; -1 for none. */
function watchPictures(area, deck) {
  const tell = ({ target }) => {
    const cell = target.closest?.(".vizkit-live-cell");
    deck.set("hovered", cell ? [...area.querySelectorAll(".vizkit-live-cell")].indexOf(cell) : -1);
  };
  for (const event of ["pointerover", "focusin"]) area.addEventListener(event, tell);
  area.addEventListener("pointerleave", () => deck.set("hovered", -1));
}

/** Light where the text around `el` is dark, and the other way round, whatever the reader's system prefers. */
function followInk(el) {
  const around = el.getRootNode().host ?? el.parentElement ?? document.body;
  const follow = () => {
    const [red, green, blue] = getComputedStyle(around).color.match(/[\d.]+/g).map(Number);
    el.style.colorScheme = red + green + blue < 384 ? "light" : "dark";
  };
  const watch = new MutationObserver(follow);
  for (const one of [document.documentElement, document.body]) watch.observe(one, { attributes: true });
  follow();
  return () => watch.disconnect();
}

/** Inside another page: leave the heading to it, and tell it how tall this one is, should it want to know. */
function tellHeight() {
  const whole = document.documentElement;
  whole.classList.add("vizkit-framed");
  new ResizeObserver(() => parent.postMessage({ vizkit: { height: whole.offsetHeight } }, "*")).observe(whole);
}

function heading(words) {
  const made = document.createElement("h2");
  made.className = "vizkit-page-title";
  made.dir = "auto";
  made.textContent = words;
  return made;
}

/** Build the page that `told` describes into `root`; returns what takes it down again. */
function show(components, told, root) {
  const revived = reviver(told.pool);
  const models = told.parts.map(({ state }) => new Model(revived(state)));
  const areas = new Map();
  const ends = [];
  globalThis.vizkit = { models };
  if (self !== top) tellHeight();
  for (const [i, trait, j, other, first, count] of told.links ?? []) {
    models[i].on(`change:${trait}`, (value) => models[j].set(other, count === undefined ? value : own(value, first, count)));
  }
  const deck = models[told.deck?.part];
  if (deck) follow(deck, models, told.deck, revived);
  for (const [i, { module, place, title }] of told.parts.entries()) {
    if (!place) continue; // it has nothing to say
    if (!areas.has(place)) areas.set(place, document.createElement("div"));
    const el = document.createElement("div");
    if (title) areas.get(place).append(heading(title));
    areas.get(place).append(el);
    const end = components[module].render({ model: models[i], el });
    if (typeof end === "function") ends.push(end);
  }
  for (const place of ["side", "main", "right", "foot"]) {
    const area = areas.get(place);
    if (!area) continue;
    area.className = `vizkit-page-${place}`;
    root.append(area);
    if (deck && place === "main") watchPictures(area, deck);
  }
  return () => ends.forEach((end) => end());
}
