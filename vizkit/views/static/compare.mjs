// Pictures beside their originals: next to them, wiped over them, or in turn. A part of live_image.mjs's module.
//
// From Python: the traits beside (one picture for all, or one for each; none: nothing to compare) and compare.
// To Python:   the trait compare.

const WAYS = ["side by side", "wipe", "blink", "result"];
const TURN = 700; // milliseconds until the other picture shows
const STEP = 2; // percent that a key moves the line
const PULL = 4; // pixels until a press is a drag

/** Calls `move(share of the width)` while the pointer pulls across `area`; a press beside the line is no pull yet. */
function pulled(area, active, move) {
  let from = null; // where the pointer went down
  let pulling = false;

  area.addEventListener("pointerdown", (event) => {
    pulling = false;
    if (event.button === 0 && active()) from = event.clientX;
    if (from !== null && event.target.closest(".vizkit-live-wipe")) take(event);
  });
  area.addEventListener("pointermove", (event) => {
    if (from === null) return;
    if (!pulling && Math.abs(event.clientX - from) > PULL) take(event);
    const { left, width } = area.getBoundingClientRect();
    if (pulling) move((event.clientX - left) / width);
  });
  for (const end of ["pointerup", "pointercancel"]) area.addEventListener(end, () => (from = null));
  area.addEventListener("click", (event) => pulling && event.stopPropagation()); // the end of a pull chooses nothing

  function take(event) {
    pulling = true;
    area.setPointerCapture(event.pointerId);
  }
}

/** Put `part` first into `whole`, or take it out; where it is already it stays, and keeps the keyboard's focus. */
function place(part, whole, wanted) {
  if (!wanted) part.remove();
  else if (part.parentNode !== whole) whole.prepend(part);
}

/** Everything about originals: a bar of ways to compare, and what each way puts into the cells. */
function comparison(model, el, grid) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const { made: ways, mark } = segments("compare with the original", WAYS, choose);
  const line = element("input", "vizkit-live-line");
  const flip = button("vizkit-live-flip", "", () => turn(true));
  const beside = element("img", "vizkit-live-original");
  const first = element("div", "vizkit-live-first", beside, element("div", "vizkit-live-caption", "original"));
  const bar = element("div", "vizkit-live-bar", line, flip);
  const stage = element("div", "vizkit-live-stage", grid);
  let originals = []; // their addresses
  let wiped = 50; // percent of the width that show the original
  let shown = "result"; // while blinking
  let timer = null;
  let cells = [];

  Object.assign(line, { type: "range", min: 0, max: 100, step: STEP, ariaLabel: "line between original and result" });
  line.addEventListener("input", () => wipe(Number(line.value)));
  beside.alt = "original";
  beside.draggable = false;

  const way = () => (originals.length ? model.get("compare") : "result");
  const common = () => way() === "side by side" && originals.length === 1;
  const over = () => way() === "wipe" || way() === "blink";

  function choose(word) {
    model.set("compare", word);
    model.save_changes();
  }

  function wipe(percent) {
    wiped = Math.max(0, Math.min(100, percent));
    el.style.setProperty("--wipe", `${wiped}%`);
    line.value = wiped;
    line.ariaValueText = sentence();
    for (const handle of el.querySelectorAll(".vizkit-live-wipe[role]")) tell(handle);
  }

  function sentence() {
    return `${Math.round(wiped)} % original, ${Math.round(100 - wiped)} % result`;
  }

  function tell(handle) {
    handle.ariaValueNow = String(Math.round(wiped));
    handle.ariaValueText = sentence();
  }

  function turn(byHand) {
    if (byHand) still();
    show(shown === "original" ? "result" : "original");
  }

  function show(what) {
    shown = el.dataset.shows = what;
    flip.textContent = `Show ${what === "original" ? "result" : "original"}`;
  }

  function still() {
    clearInterval(timer);
    timer = null;
  }

  function start() {
    still();
    show("result");
    if (way() === "blink" && !calm.matches) timer = setInterval(turn, TURN, false);
  }

  /** A line over one picture, with a knob to pull it; for the keyboard too where there is only one. */
  function newHandle() {
    const handle = element("div", "vizkit-live-wipe");
    handle.addEventListener("keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      const steps = { ArrowLeft: -STEP, ArrowDown: -STEP, ArrowRight: STEP, ArrowUp: STEP };
      const to = { Home: 0, End: 100 }[event.key] ?? wiped + steps[event.key];
      if (Number.isNaN(to)) return;
      event.preventDefault();
      event.stopPropagation();
      wipe(to);
    });
    return handle;
  }

  function name(handle, single) {
    handle.role = single ? "slider" : null;
    if (!single) return handle.removeAttribute("tabindex");
    Object.assign(handle, { tabIndex: 0, ariaLabel: line.ariaLabel, ariaValueMin: "0", ariaValueMax: "100" });
    handle.ariaOrientation = "horizontal";
    tell(handle);
  }

  /** Put into a cell what its way to compare needs, and take out what it does not. */
  function dress(cell, i) {
    const frame = cell.firstChild;
    const source = originals[originals.length > 1 ? i : 0];
    let original = frame.querySelector(".vizkit-live-original");
    let handle = frame.querySelector(".vizkit-live-wipe");
    const wanted = source && way() !== "result" && !common();
    if (!wanted) original?.remove();
    if (wanted && !original) frame.append((original = element("img", "vizkit-live-original")));
    if (wanted) {
      if (original.src !== source) original.src = source;
      original.draggable = false;
      original.alt = `original of ${frame.firstChild.alt}`;
    }
    if (way() !== "wipe") return handle?.remove();
    if (!handle) frame.append((handle = newHandle()));
    name(handle, cells.length === 1);
  }

  /** Follow the model, and the cells there are. */
  function update(present) {
    cells = present;
    mark(model.get("compare"));
    place(ways, bar, originals.length);
    line.hidden = way() !== "wipe" || cells.length < 2;
    flip.hidden = way() !== "blink";
    place(first, stage, common() && cells.length);
    el.classList.toggle("vizkit-live-compared", originals.length > 0);
    el.dataset.compare = over() || originals.length > 1 ? way().replaceAll(" ", "-") : "";
    cells.forEach(dress);
  }

  function read() {
    originals.forEach((address) => URL.revokeObjectURL(address));
    originals = model.get("beside").map((bytes) => URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" })));
    if (originals.length) beside.src = originals[0];
    else beside.removeAttribute("src");
  }

  /** Let the line be pulled across a cell's picture, or its original be seen while the pointer is down on it. */
  function attend(cell) {
    const frame = cell.firstChild;
    let held = false;
    pulled(frame, () => way() === "wipe", (share) => wipe(100 * share));
    frame.addEventListener("pointerdown", () => {
      held = way() === "blink";
      if (!held) return;
      still();
      show("original");
    });
    for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
      frame.addEventListener(end, () => {
        if (held) show("result");
        held = false;
      });
    }
  }

  read();
  wipe(50);
  start();
  return { bar, stage, attend, update, read, start, close: () => (still(), originals.forEach(URL.revokeObjectURL)) };
}
