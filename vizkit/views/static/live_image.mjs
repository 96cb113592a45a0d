// A grid of captioned pictures that change while you look. Its parts come before it.
//
// From Python: {frame: number, captions, alt} with one JPEG per buffer, and the traits captions, alt, columns (0: as
//              many as look good), chosen (cells), selected (the one among them that was chosen last, -1: none), last
//              (JPEGs), opens (whether a picture can be opened alone), steps (whether Page Up and Page Down do something),
//              waiting (what is said before the first).
// To Python:   {view, ready: true}, {view, painted: number} for each frame, {view, open: index}, {view, step: 1 or -1},
//              {view, gone: true}, and chosen and selected.

/** Up to four side by side; more in rows, with as few holes in the last one as can be. */
function automaticColumns(n) {
  if (n <= 4) return Math.max(n, 1);
  const least = Math.ceil(Math.sqrt(n));
  const holes = (columns) => Math.ceil(n / columns) * columns - n;
  return [least, least + 1, least + 2].reduce((best, next) => (holes(next) < holes(best) ? next : best));
}

/** A picture that is decoded before it enters the page, so that a frame never shows by half. */
async function decoded(bytes) {
  const picture = new Image();
  picture.src = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
  picture.draggable = false;
  await picture.decode();
  return picture;
}

/** Whether two frames are the same, byte for byte. */
function alike(some, others) {
  const bytes = (view) => new Uint8Array(view.buffer ?? view, view.byteOffset ?? 0, view.byteLength);
  const equal = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);
  return some.length === others.length && some.every((view, i) => equal(bytes(view), bytes(others[i])));
}

/** A cell holds a frame and a caption; a frame holds a picture and what it is compared with. */
function pictureOf(cell) {
  return cell.firstChild.firstChild;
}

/** Its address stays valid while it is in the page, for "save image as". */
function release(picture) {
  if (picture.src) URL.revokeObjectURL(picture.src);
}

function render({ model, el }) {
  const view = crypto.getRandomValues(new Uint32Array(4)).join("-");
  const hint = element("p", "vizkit-live-empty", model.get("waiting") ?? "");
  const grid = element("div", "vizkit-live-grid");
  const cells = [];
  const compare = comparison(model, el, grid);
  const alone = button("vizkit-live-open", "Continue alone", () => openAlone(model.get("selected")));
  const copier = copying(model, () => (several() ? chosen() : [0]));
  const profile = profiled(model);
  const large = lens(el, () => several() && !model.get("beside").length, (cell) => captionOf(cells.indexOf(cell)));
  let active = 0; // the cell that Tab reaches
  let anchor = 0; // where a range of chosen cells begins
  let latest = { buffers: [], words: ownWords() }; // the newest frame
  let shown = latest; // the one that is painted
  let painting = false;
  let stepping = false; // asked for another unit, whose pictures are not there yet
  let newest = 0; // the highest number seen

  const soon = (update) => () => painting || update(); // what belongs to pictures on their way waits for them
  const several = () => cells.length > 1;
  const captionOf = (i) => shown.words.captions[i] ?? "";

  /** Captions and a name for the grid, of a frame that came without. */
  function ownWords() {
    return { captions: model.get("captions"), alt: model.get("alt") };
  }

  function newCell() {
    const caption = element("div", "vizkit-live-caption");
    caption.dir = "auto";
    const cell = element("div", "vizkit-live-cell", element("div", "vizkit-live-frame", element("img", "")), caption);
    cell.addEventListener("click", (event) => onClick(cells.indexOf(cell), event));
    cell.addEventListener("dblclick", (event) => !isMore(event) && openAlone(cells.indexOf(cell)));
    cell.addEventListener("focus", () => onFocus(cell));
    cell.addEventListener("blur", () => leaveCell(large.close));
    cell.addEventListener("pointerenter", (event) => onPoint(cell, event));
    cell.addEventListener("pointerdown", large.close); // whoever chooses wants to see the others
    cell.addEventListener("pointerleave", () => leaveCell(large.leave));
    compare.attend(cell);
    grid.append(cell);
    return cell;
  }

  function dropCell(cell) {
    release(pictureOf(cell));
    cell.remove();
  }

  function layOut(n) {
    while (cells.length < n) cells.push(newCell());
    while (cells.length > n) dropCell(cells.pop());
    active = Math.min(active, Math.max(n - 1, 0));
    hint.hidden = n > 0;
    const asked = model.get("columns");
    const columns = asked || automaticColumns(n);
    el.style.setProperty("--columns", columns);
    el.classList.toggle("vizkit-live-asked", Boolean(asked));
    el.style.setProperty("--least", asked ? "72px" : "88px");
    el.style.setProperty("--size", `${Math.round(400 / Math.sqrt(columns))}px`);
  }

  function label() {
    grid.role = several() ? "listbox" : "group";
    grid.ariaMultiSelectable = several() ? "true" : null;
    grid.ariaLabel = shown.words.alt || "pictures";
    cells.forEach((cell, i) => {
      const caption = cell.lastChild;
      pictureOf(cell).alt = captionOf(i) || `picture ${i + 1} of ${cells.length}`;
      if (caption.textContent !== captionOf(i)) caption.textContent = caption.title = captionOf(i);
      cell.role = several() ? "option" : null;
    });
    compare.update(cells);
    mark();
  }

  function activate(i) {
    active = i;
    mark();
  }

  function mark() {
    const picked = chosen();
    cells.forEach((cell, i) => {
      cell.ariaSelected = several() ? String(picked.includes(i)) : null;
      const reached = several() || model.get("steps");
      if (!reached) cell.removeAttribute("tabindex");
      else setTabIndex(cell, i === active ? 0 : -1);
    });
    const last = cells[model.get("selected")];
    alone.hidden = !model.get("opens") || !several();
    alone.ariaDisabled = String(!last);
    alone.title = last ? `Open “${pictureOf(last).alt}” in a panel of its own` : "Choose a picture first";
    copier.update();
  }

  /** Setting it anew has the browser lay out the page at once, to see whether the cell keeps the focus. */
  function setTabIndex(cell, to) {
    if (cell.getAttribute("tabindex") !== String(to)) cell.tabIndex = to;
  }

  /** The cells that are chosen; `selected` set alone chooses one. */
  function chosen() {
    const [all, last] = [model.get("chosen"), model.get("selected")];
    return last < 0 ? [] : all.includes(last) ? all : [last];
  }

  function setChosen(some, last) {
    model.set("chosen", some);
    model.set("selected", some.includes(last) ? last : (some.at(-1) ?? -1));
    model.save_changes();
  }

  /** Choose a picture, or the chosen one no more; a second click where it means "open" leaves it chosen. */
  function choose(i, again = false) {
    if (!several() || (again && model.get("opens"))) return;
    anchor = i;
    const same = chosen().length === 1 && model.get("selected") === i;
    setChosen(same ? [] : [i], i);
  }

  /** One more, or one less. */
  function toggle(i) {
    if (!several()) return;
    anchor = i;
    setChosen(chosen().includes(i) ? chosen().filter((j) => j !== i) : [...chosen(), i], i);
  }

  /** All from where the last choice was made. */
  function reach(i) {
    const from = Math.min(anchor, cells.length - 1);
    const range = Array.from({ length: Math.abs(i - from) + 1 }, (_, j) => from + j * Math.sign(i - from));
    if (several()) setChosen(range, i);
  }

  const isMore = (event) => event.shiftKey || event.ctrlKey || event.metaKey;

  function onClick(i, event) {
    if (event.shiftKey) reach(i);
    else if (isMore(event)) toggle(i);
    else choose(i, event.detail > 1);
  }

  function onPoint(cell, event) {
    profile.point(cells.indexOf(cell));
    if (event.pointerType !== "touch" && !event.buttons) large.open(cell);
  }

  function onFocus(cell) {
    activate(cells.indexOf(cell));
    if (!cell.matches(":focus-visible")) return;
    profile.point(active);
    large.open(cell, true);
  }

  function leaveCell(close) {
    profile.point(-1);
    close();
  }

  function openAlone(i) {
    if (!model.get("opens") || !several() || !cells[i]) return;
    model.set("selected", i);
    model.save_changes();
    model.send({ view, open: i });
  }

  function onKey(event) {
    const at = cells.indexOf(event.target);
    if (event.altKey || at < 0) return;
    if (event.ctrlKey || event.metaKey ? !onCopy(event) : !onPlainKey(event, at)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  function onCopy(event) {
    const copies = event.key === "c" && !String(getSelection()) && model.get("sources").length > 0;
    if (copies) copier.copy();
    return copies;
  }

  /** Whether the key means something here. */
  function onPlainKey(event, at) {
    const across = getComputedStyle(grid).gridTemplateColumns.split(" ").length;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across };
    const to = { Home: 0, End: cells.length - 1 }[event.key] ?? at + steps[event.key];
    const by = { PageUp: -1, PageDown: 1 }[event.key];
    if (by && model.get("steps")) step(by, event.repeat);
    else if (event.key === "Escape" && large.isOpen()) large.close();
    else if (event.key === "Enter" && at === model.get("selected") && model.get("opens")) openAlone(at);
    else if (event.key === "Enter") choose(at);
    else if (event.key === " ") toggle(at);
    else if (cells[to] && event.shiftKey) moveAndReach(at, to);
    else if (to >= 0) cells[to]?.focus();
    else return event.key in steps;
    return true;
  }

  /** A key that is held goes on once the pictures are there, or it would outrun them and none would be seen. */
  function step(by, again) {
    if (again && stepping) return;
    stepping = true;
    large.close(); // whoever browses wants to see all of them
    model.send({ view, step: by });
  }

  function moveAndReach(at, to) {
    if (!chosen().length) anchor = at;
    cells[to].focus();
    reach(to);
  }

  async function paint(frame) {
    const pictures = await Promise.allSettled(frame.buffers.map(decoded));
    shown = frame;
    layOut(pictures.length);
    pictures.forEach(({ value: picture }, i) => {
      if (!picture) return; // a broken file: the picture before it stays
      const before = pictureOf(cells[i]);
      before.replaceWith(picture);
      release(before);
    });
    stepping = false;
    label();
    large.refresh();
    el.dataset.frames = Number(el.dataset.frames) + 1;
  }

  async function receive(frame) {
    latest = frame;
    if (painting) return; // the loop below will find it
    painting = true;
    while (shown !== latest) {
      const next = latest;
      await paint(next);
      if (next.number) model.send({ view, painted: next.number });
    }
    painting = false;
    profile.update();
  }

  function onMessage({ frame, captions, alt }, buffers) {
    if (!(frame > newest)) return; // a greeting, or a frame that a newer one overtook
    newest = frame;
    receive({ buffers, number: frame, words: captions ? { captions, alt } : ownWords() });
  }

  /** What is kept is what a view began with, or missed; mostly it is there already. */
  function onKept() {
    const buffers = model.get("last");
    if (!alike(buffers, latest.buffers)) receive({ buffers, words: ownWords() });
  }

  /** Words belong to the newest pictures, and wait for them. */
  function onWords(name) {
    latest.words = { ...latest.words, [name]: model.get(name) };
    if (latest === shown) label();
  }

  const listeners = {
    "msg:custom": onMessage,
    "change:last": onKept,
    "change:columns": () => layOut(cells.length),
    "change:captions": () => onWords("captions"),
    "change:alt": () => onWords("alt"),
    "change:selected": () => activate(Math.max(model.get("selected"), 0)),
    "change:chosen": soon(mark),
    "change:opens": mark,
    "change:steps": mark,
    "change:sources": soon(mark),
    "change:profile": soon(profile.update),
    "change:beside": () => (compare.read(), compare.update(cells)),
    "change:compare": () => (compare.start(), compare.update(cells)),
  };
  const leave = () => model.send({ view, gone: true });

  el.classList.add("vizkit-live");
  el.dataset.frames = 0;
  keepKeys(el);
  compare.bar.append(alone, ...copier.parts);
  el.append(compare.bar, hint, element("div", "vizkit-live-body", compare.stage, profile.part));
  grid.addEventListener("keydown", onKey);
  grid.addEventListener("mousedown", (event) => event.shiftKey && event.preventDefault()); // it would mark text
  window.addEventListener("pagehide", leave);
  const deafen = listen(model, listeners);
  label();
  profile.update();
  if (model.get("last").length) listeners["change:last"]();
  model.send({ view, ready: true });

  return () => {
    deafen();
    window.removeEventListener("pagehide", leave);
    cells.forEach(dropCell);
    for (const part of [large, copier]) part.end();
    compare.close();
    leave();
  };
}

export default { render };
