// A mask painted over a picture with the mouse, a finger or the arrow keys. parts.mjs comes before it.
//
// From Python: the traits label, about, picture (JPEG), size ([rows, columns] of the mask), mask (a byte for each
//              pixel, 1 known and 0 missing, or nothing), answers (what of ours the mask answers) and starts.
// To Python:   {view, ready: true} once, {paint: number, view} with the mask, {start: word}, {clear: true}.

const MISSING = [213, 94, 0, 190]; // red, green, blue, alpha of what is painted

function render({ model, el }) {
  const view = crypto.getRandomValues(new Uint32Array(4)).join("-");
  const label = element("span", "vizkit-named-label");
  const unfold = button("vizkit-named-button", "", () => ((open = !open), update()));
  const told = element("span", "vizkit-mask-told");
  const canvas = element("canvas", "vizkit-mask-canvas");
  const picture = element("img", "vizkit-mask-picture");
  const brush = element("div", "vizkit-mask-brush");
  const paper = element("div", "vizkit-mask-paper", picture, canvas, brush);
  const tools = segments("what the brush does", ["paint", "erase"], (word) => ((tool = word), update()));
  const width = element("input", "vizkit-mask-width");
  const start = element("select", "vizkit-mask-start");
  const invert = button("vizkit-named-button", "Invert", () => (flipAll(), hand()));
  const clear = button("vizkit-named-button", "Clear", () => model.send({ clear: true }));
  const sizes = element("label", "vizkit-mask-sizes", "brush", width);
  const desk = element("div", "vizkit-mask-desk", paper, element("div", "vizkit-mask-tools", tools.made, sizes));
  const right = element("div", "vizkit-mask-right", element("div", "vizkit-mask-head", unfold, told), desk);
  let open = false;
  let tool = "paint";
  let pixels = new Uint8Array(0); // 1 known, 0 missing
  let at = null; // row and column of the brush
  let stroking = false;
  let number = 0; // of the newest mask that was handed over

  const size = () => model.get("size");
  const radius = () => (Number(width.value) / 100) * Math.min(...size());

  function read() {
    if (stroking) return; // the end of the stroke tells
    const [answered, newest] = model.get("answers").split(":");
    if (answered === view && Number(newest) < number) return; // a newer one of ours is on its way
    const [rows, columns] = size();
    const bytes = model.get("mask");
    const known = bytes?.byteLength === rows * columns;
    pixels = known ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength).slice() : new Uint8Array(rows * columns).fill(1);
    draw();
  }

  function draw() {
    const [rows, columns] = size();
    if (!rows || !columns) return;
    if (canvas.width !== columns || canvas.height !== rows) [canvas.width, canvas.height] = [columns, rows];
    const layer = new ImageData(columns, rows);
    for (let i = 0; i < pixels.length; i++) if (!pixels[i]) layer.data.set(MISSING, 4 * i);
    canvas.getContext("2d").putImageData(layer, 0, 0);
    update();
  }

  function dab([row, column]) {
    const [rows, columns] = size();
    const r = Math.max(0.5, radius());
    const value = tool === "erase" ? 1 : 0;
    for (let y = Math.max(0, Math.ceil(row - r)); y <= Math.min(rows - 1, row + r); y++)
      for (let x = Math.max(0, Math.ceil(column - r)); x <= Math.min(columns - 1, column + r); x++)
        if ((y - row) ** 2 + (x - column) ** 2 <= r * r) pixels[y * columns + x] = value;
  }

  /** Dabs from one place to another, so close that they make a line. */
  function stroke(from, to) {
    const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
    const count = Math.max(1, Math.ceil((2 * length) / Math.max(1, radius())));
    for (let k = 1; k <= count; k++) dab(from.map((start, i) => start + ((to[i] - start) * k) / count));
    draw();
  }

  function flipAll() {
    pixels = pixels.map((value) => 1 - value);
    draw();
  }

  function hand() {
    number += 1;
    model.send({ paint: number, view }, undefined, [pixels.slice().buffer]);
  }

  function place(event) {
    const box = canvas.getBoundingClientRect();
    const [rows, columns] = size();
    const shares = [(event.clientY - box.top) / box.height, (event.clientX - box.left) / box.width];
    return [shares[0] * rows - 0.5, shares[1] * columns - 0.5];
  }

  function moveBrush(to) {
    const [rows, columns] = size();
    at = [Math.max(0, Math.min(to[0], rows - 1)), Math.max(0, Math.min(to[1], columns - 1))];
    brush.style.left = `${(100 * (at[1] + 0.5)) / columns}%`;
    brush.style.top = `${(100 * (at[0] + 0.5)) / rows}%`;
    brush.style.width = `${(200 * Math.max(0.5, radius())) / columns}%`;
  }

  function down(event) {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    stroking = true;
    moveBrush(place(event));
    stroke(at, at);
  }

  function moved(event) {
    const before = at;
    moveBrush(place(event));
    if (stroking) stroke(before ?? at, at);
  }

  function up() {
    if (!stroking) return;
    stroking = false;
    hand();
  }

  function onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const step = Math.max(1, radius());
    const steps = { ArrowUp: [-step, 0], ArrowDown: [step, 0], ArrowLeft: [0, -step], ArrowRight: [0, step] };
    if (event.key === "Enter") {
      stroke(at, at);
      hand();
    } else if (steps[event.key]) moveBrush(at.map((place, i) => place + steps[event.key][i]));
    else return;
    event.preventDefault();
  }

  function update() {
    const share = pixels.length ? pixels.reduce((sum, value) => sum + 1 - value, 0) / pixels.length : 0;
    label.textContent = model.get("label");
    label.title = model.get("about");
    unfold.textContent = open ? "Close" : "Paint …";
    unfold.ariaExpanded = String(open);
    unfold.ariaLabel = open ? "Close the mask" : "Paint what is missing";
    told.textContent = share ? `${share < 0.01 ? "under 1" : Math.round(100 * share)} % missing` : "nothing missing";
    desk.hidden = !open;
    tools.mark(tool);
    canvas.ariaLabel = `mask: ${told.textContent}; arrow keys move the brush, Enter ${tool}s`;
    if (open && size().length) moveBrush(at ?? size().map((side) => side / 2));
  }

  function fillStarts() {
    const words = ["start from …", ...model.get("starts")];
    start.replaceChildren(...words.map((word) => new Option(word, word)));
  }

  function show() {
    paint(picture, model.get("picture"));
    read();
  }

  el.classList.add("vizkit-named", "vizkit-mask");
  keepKeys(el);
  Object.assign(width, { type: "range", min: 1, max: 20, value: 6, ariaLabel: "size of the brush" });
  width.addEventListener("input", update);
  Object.assign(canvas, { tabIndex: 0, role: "application" });
  Object.assign(picture, { alt: "", draggable: false });
  start.ariaLabel = "start from a ready-made mask";
  start.addEventListener("change", () => {
    model.send({ start: start.value });
    start.selectedIndex = 0;
  });
  desk.lastChild.append(element("div", "vizkit-mask-row", start, invert, clear));
  canvas.addEventListener("pointerdown", down);
  canvas.addEventListener("pointermove", moved);
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("keydown", onKey);
  el.append(label, right);
  const deafen = listen(model, {
    "change:picture": show,
    "change:size": read,
    "change:mask": read,
    "change:label": update,
    "change:starts": fillStarts,
  });
  fillStarts();
  show();
  model.send({ view, ready: true });
  return () => {
    deafen();
    paint(picture);
  };
}

export default { render };
