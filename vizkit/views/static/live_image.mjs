// A grid of captioned pictures that change while you look. parts.mjs and compare.mjs come before it.
//
// From Python: {frame: number} with one JPEG per buffer, and the traits captions, alt, columns (0: as many
//              as look good), selected (-1: none), last (JPEGs), opens (whether a picture can be opened alone).
// To Python:   {view, ready: true}, {view, painted: number} for each frame, {view, open: index}, {view, gone: true}.

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
  const hint = element("p", "vizkit-live-empty", "No picture yet. Press Run.");
  const grid = element("div", "vizkit-live-grid");
  const cells = [];
  const compare = comparison(model, el, grid);
  const alone = button("vizkit-live-open", "Continue alone", () => openAlone(model.get("selected")));
  let active = 0; // the cell that Tab reaches
  let waiting = null; // the newest frame not painted
  let painting = false;
  let newest = 0; // the highest number seen

  const several = () => cells.length > 1;
  const captionOf = (i) => model.get("captions")[i] ?? "";

  function newCell() {
    const caption = element("div", "vizkit-live-caption");
    caption.dir = "auto";
    const cell = element("div", "vizkit-live-cell", element("div", "vizkit-live-frame", element("img", "")), caption);
    cell.addEventListener("click", (event) => choose(cells.indexOf(cell), event.detail > 1));
    cell.addEventListener("dblclick", () => openAlone(cells.indexOf(cell)));
    cell.addEventListener("focus", () => activate(cells.indexOf(cell)));
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
    grid.ariaLabel = model.get("alt") || "pictures";
    cells.forEach((cell, i) => {
      const caption = cell.lastChild;
      pictureOf(cell).alt = captionOf(i) || `picture ${i + 1} of ${cells.length}`;
      caption.textContent = caption.title = captionOf(i);
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
    cells.forEach((cell, i) => {
      cell.ariaSelected = several() ? String(i === model.get("selected")) : null;
      if (several()) cell.tabIndex = i === active ? 0 : -1;
      else cell.removeAttribute("tabindex");
    });
    const chosen = cells[model.get("selected")];
    alone.hidden = !model.get("opens") || !several();
    alone.ariaDisabled = String(!chosen);
    alone.title = chosen ? `Open “${pictureOf(chosen).alt}” in a panel of its own` : "Choose a picture first";
  }

  /** Choose a picture, or the chosen one no more; a second click where it means "open" leaves it chosen. */
  function choose(i, again = false) {
    if (!several() || (again && model.get("opens"))) return;
    model.set("selected", i === model.get("selected") ? -1 : i);
    model.save_changes();
  }

  function openAlone(i) {
    if (!model.get("opens") || !several() || !cells[i]) return;
    model.set("selected", i);
    model.save_changes();
    model.send({ view, open: i });
  }

  function onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const at = cells.indexOf(event.target);
    const across = getComputedStyle(grid).gridTemplateColumns.split(" ").length;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across };
    const to = { Home: 0, End: cells.length - 1 }[event.key] ?? at + steps[event.key];
    if (event.key === "Enter" && at === model.get("selected") && model.get("opens")) openAlone(at);
    else if (event.key === "Enter") choose(at);
    else if (to >= 0) cells[to]?.focus();
    else if (!(event.key in steps)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  async function paint(buffers) {
    const pictures = await Promise.allSettled(buffers.map(decoded));
    layOut(pictures.length);
    pictures.forEach(({ value: picture }, i) => {
      if (!picture) return; // a broken file: the picture before it stays
      const before = pictureOf(cells[i]);
      before.replaceWith(picture);
      release(before);
    });
    label();
    el.dataset.frames = Number(el.dataset.frames) + 1;
  }

  async function receive(frame) {
    waiting = frame;
    if (painting) return; // the loop below will find it
    painting = true;
    while (waiting) {
      const { buffers, number } = waiting;
      waiting = null;
      await paint(buffers);
      if (number) model.send({ view, painted: number });
    }
    painting = false;
  }

  function onMessage(message, buffers) {
    if (!(message.frame > newest)) return; // a greeting, or a frame that a newer one overtook
    newest = message.frame;
    receive({ buffers, number: newest });
  }

  const listeners = {
    "msg:custom": onMessage,
    "change:last": () => receive({ buffers: model.get("last") }),
    "change:columns": () => layOut(cells.length),
    "change:captions": label,
    "change:alt": label,
    "change:selected": () => activate(Math.max(model.get("selected"), 0)),
    "change:opens": mark,
    "change:beside": () => (compare.read(), compare.update(cells)),
    "change:compare": () => (compare.start(), compare.update(cells)),
  };
  const leave = () => model.send({ view, gone: true });

  el.classList.add("vizkit-live");
  el.dataset.frames = 0;
  keepKeys(el);
  compare.bar.append(alone);
  el.append(compare.bar, hint, compare.stage);
  grid.addEventListener("keydown", onKey);
  window.addEventListener("pagehide", leave);
  const deafen = listen(model, listeners);
  label();
  if (model.get("last").length) listeners["change:last"]();
  model.send({ view, ready: true });

  return () => {
    deafen();
    window.removeEventListener("pagehide", leave);
    cells.forEach(dropCell);
    compare.close();
    leave();
  };
}

export default { render };
