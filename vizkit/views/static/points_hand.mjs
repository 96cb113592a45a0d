// What hands do on a map: drag, wheel, pinch, draw a line around points, keys. It decides nothing; it calls `act`.

const PULL = 4; // CSS pixels until a press is a drag
const STEP = 60; // CSS pixels that an arrow key moves
const CLOSER = 1.5; // that a key or a button zooms
const FINGER = 18; // CSS pixels beside a point that a finger may be

/** Corners of the box between two places. */
function cornersOf([x0, y0], [x1, y1]) {
  return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
}

/** How a selection changes: another one, more, or less. */
function changeBy(event) {
  return event.altKey ? "less" : event.shiftKey ? "more" : "new";
}

/** How far from a point a pointer still means it, in CSS pixels: a finger is blunt. */
function bluntness(event) {
  return event.pointerType === "touch" ? FINGER : 0;
}

/**
 * Attend to `area`. act: tool() "Pan", "Lasso" or "Box"; pan(dx, dy); zoom(factor, x, y); hover(x, y, blunt); leave();
 * press(x, y, event, blunt) without a drag; outline(corners or null) while a line is drawn; enclose(corners, how) when it is
 * done; fit(); clear(); toggle() what the middle of the map is nearest to; hint(text or "").
 */
function hands(area, act) {
  const down = new Map(); // pointers that are down, by id: where
  let line = null; // corners drawn so far
  let dragged = false;

  const place = (event) => {
    const { left, top } = area.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  const drawing = (event) => act.tool() !== "Pan" || event.shiftKey;

  function onDown(event) {
    if (event.button !== 0) return;
    down.set(event.pointerId, place(event));
    dragged = false;
    line = down.size === 1 && drawing(event) ? [place(event)] : null;
    area.setPointerCapture(event.pointerId);
    if (down.size === 2) act.outline(null);
  }

  function onMove(event) {
    const at = place(event);
    const before = down.get(event.pointerId);
    if (!before) return act.hover(...at, bluntness(event));
    if (!dragged && Math.hypot(at[0] - before[0], at[1] - before[1]) < PULL && down.size === 1) return;
    if (!dragged) act.leave();
    dragged = true;
    if (down.size === 2) pinch(event.pointerId, at);
    else if (line) draw(at);
    else act.pan(at[0] - before[0], at[1] - before[1]);
    down.set(event.pointerId, at);
  }

  function pinch(id, at) {
    const [[, other]] = [...down].filter(([pointer]) => pointer !== id);
    const before = down.get(id);
    const apart = ([x, y]) => Math.max(1, Math.hypot(x - other[0], y - other[1]));
    act.pan((at[0] - before[0]) / 2, (at[1] - before[1]) / 2);
    act.zoom(apart(at) / apart(before), (at[0] + other[0]) / 2, (at[1] + other[1]) / 2);
  }

  function draw(at) {
    if (act.tool() === "Box") line = cornersOf(line[0], at);
    else line.push(at);
    act.outline(line);
  }

  function onUp(event) {
    const began = down.get(event.pointerId);
    down.delete(event.pointerId);
    if (!began || event.type === "pointercancel") return finish();
    if (!dragged) press(event);
    else if (line?.length > 2) act.enclose(line, changeBy(event));
    finish();
  }

  function press(event) {
    act.press(...place(event), event, bluntness(event));
    if (bluntness(event)) act.hover(...place(event), bluntness(event)); // a finger points at nothing before it presses
  }

  function finish() {
    line = null;
    act.outline(null);
  }

  /** What a finger has pointed at stays to be read when it is lifted. */
  function onLeave(event) {
    if (!bluntness(event)) act.leave();
    act.hint("");
  }

  function onWheel(event) {
    if (!event.ctrlKey && !event.metaKey && document.activeElement !== area) {
      return act.hint("Click the map, or hold Ctrl, to zoom with the wheel"); // the page scrolls on
    }
    event.preventDefault();
    const pixels = event.deltaY * [1, 16, 400][event.deltaMode];
    act.zoom(Math.exp(-Math.max(-200, Math.min(200, pixels)) * (event.ctrlKey ? 0.008 : 0.0022)), ...place(event));
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const moves = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };
    if (moves[event.key]) act.pan(...moves[event.key], true);
    else if (event.key === "+" || event.key === "=") act.zoom(CLOSER);
    else if (event.key === "-") act.zoom(1 / CLOSER);
    else if (event.key === "Home" || event.key === "0") act.fit();
    else if (event.key === "Escape") act.clear();
    else if (event.key === "Enter" || event.key === " ") act.toggle();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  area.addEventListener("pointerdown", onDown);
  area.addEventListener("pointermove", onMove);
  for (const end of ["pointerup", "pointercancel"]) area.addEventListener(end, onUp);
  area.addEventListener("pointerleave", onLeave);
  area.addEventListener("wheel", onWheel, { passive: false });
  area.addEventListener("keydown", onKey);
}
