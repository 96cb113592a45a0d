// A map of up to a million points. parts.mjs and the points_*.mjs come before it.
//
// From Python: {frame, count, box} with positions, {sheet: number or -1} with point numbers and a JPEG, {sheets:
//              "forget"}, and the traits of views/point_map.py.
// To Python:   {view, ready: true, sheets: how many are here}, {view, painted: number}, {view, want: [point, …]},
//              {view, gone: true}, and the traits chosen, color, hidden and layer.

const GLIDE = 220; // milliseconds from old positions to new
const STAGE = 900; // milliseconds from one layer to the next, played
const ARRANGE_EVERY = 120; // milliseconds between two choices of which points become pictures
const WARM = 250; // milliseconds of rest before points are sorted by place
const SLIDE_EVERY = 100; // milliseconds between two places of the slider told to Python

function rgbOf(css) {
  return (css.match(/[\d.]+/g) ?? [128, 128, 128]).slice(0, 3).map(Number);
}

const eased = (t) => t * t * (3 - 2 * t);

function render({ model, el }) {
  const view = crypto.getRandomValues(new Uint32Array(4)).join("-");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let canvas = element("canvas", "vizkit-map-points");
  const over = element("canvas", "vizkit-map-over");
  const hint = element("p", "vizkit-map-hint");
  const empty = element("p", "vizkit-map-empty", "No points yet. Press Run.");
  const spoken = element("div", "vizkit-map-spoken");
  const { made: tools, mark: markTool } = segments("what dragging does", ["Pan", "Lasso", "Box"], (word) => setTool(word));
  const search = element("input", "vizkit-map-search");
  const found = element("span", "vizkit-map-found");
  const status = element("span", "vizkit-map-status");
  const clearing = button("vizkit-map-button", "Clear", () => select(null));
  const again = button("vizkit-map-button vizkit-map-again", "Draw the map here again", () => rebuild());
  const slider = element("input", "vizkit-map-slider");
  const stops = element("datalist", "");
  const layerName = element("output", "vizkit-map-layer");
  const playing = button("vizkit-map-button", "Play", () => (stage ? rest() : play()));
  const hover = card();
  const camera = newCamera();
  const key = legend(model, () => recolor());
  const measures = measured(model);
  const pictures = thumbnails(model, (want) => model.send({ view, want }), (count) => ((el.dataset.pictures = count), schedule()));

  let painter = null;
  let n = 0;
  let [from, to, share] = [new Float32Array(0), new Float32Array(0), 1];
  let glide = null; // { begun, time } while points move
  let layers = []; // positions of the finished maps
  let stageAt = 0; // the place between them that is shown
  let stage = null; // { start, end, begun } while layers play
  let told = { slide: NaN, timer: null }; // the place that Python knows
  let [newest, owed] = [0, 0]; // frames: seen, and drawn but not yet acknowledged
  let tool = "Pan";
  let [shown, chosen, matched] = [new Uint8Array(0), new Uint8Array(0), null];
  let stale = false; // labels or values that were not read yet
  let ringed = new Int32Array(0);
  let rgba = new Uint8Array(0); // as they are drawn
  let rank = new Uint32Array(0); // what is drawn, or becomes a picture, first
  let some = new Uint32Array(0); // the same, the other way round
  let [visible, selected] = [0, 0];
  let thumbs = { side: 0, some: [] };
  let [arrangedAt, resting] = [-ARRANGE_EVERY, null];
  let [hovered, outline, cursor] = [-1, null, false];
  let ink = { paper: [255, 255, 255], text: "#222", accent: [0, 114, 178] };
  let inked = false;
  let warming = null;
  let [known, located, frame] = [new WeakMap(), null, 0]; // bounds by positions; the grid there is; a drawing asked for
  let names = null;

  // Where points are

  const bounds = (xy) => known.get(xy) ?? (known.set(xy, boundsOf(xy)), known.get(xy));
  const whole = () => mixedNumbers(bounds(from), bounds(to), share);
  const at = (i) => [from[2 * i] + share * (to[2 * i] - from[2 * i]), from[2 * i + 1] + share * (to[2 * i + 1] - from[2 * i + 1])];
  const onScreen = (i) => camera.toScreen(...at(i));

  /** The points by place, worked out when somebody asks after they have moved. */
  function grid() {
    if (!located || located.from !== from || located.to !== to || located.share !== share) {
      located = { from, to, share, grid: gridOf(mixedNumbers(from, to, share)) };
    }
    return located.grid;
  }

  /** Draw between two sets of positions; `lasting` milliseconds from the first to the second, 0 to stay at `part`. */
  function put(start, end, part, lasting = 0) {
    [from, to, share] = [start, end, part];
    glide = lasting && !calm.matches ? { begun: performance.now(), time: lasting } : null;
    if (lasting && calm.matches) share = 1;
    painter?.move(from, to);
    if (to.length / 2 !== n) resize();
    hideCard();
    schedule();
  }

  function goTo(xy) {
    if (!xy.length || xy.length !== to.length) return put(xy, xy, 1);
    const before = from === to || share === 1 ? to : mixedNumbers(from, to, share);
    put(before, xy, 0, GLIDE);
  }

  function advance(now) {
    if (stage) {
      const t = Math.min(1, (now - stage.begun) / (STAGE * Math.max(Math.abs(stage.end - stage.start), 0.5)));
      place(stage.start + t * (stage.end - stage.start), true);
      if (t === 1) rest();
    } else if (glide) {
      const t = Math.min(1, (now - glide.begun) / glide.time);
      share = eased(t);
      if (t === 1) glide = null;
    }
    return stage || glide;
  }

  // Layers: finished maps in their order, and everything between two

  const last = () => layers.length - 1;

  function place(value, easing = false) {
    const i = Math.max(0, Math.min(Math.floor(value), last() - 1));
    const part = Math.max(0, Math.min(1, value - i));
    stageAt = value;
    put(layers[i], layers[i + 1], easing ? eased(part) : part);
    nameLayer(value);
  }
  function nameLayer(value) {
    const all = model.get("map_names");
    const [i, part] = [Math.floor(value), value % 1];
    slider.value = value;
    layerName.textContent = part < 0.02 || part > 0.98 ? all[Math.round(value)] : `${all[i]} → ${all[i + 1]}`;
    slider.ariaValueText = layerName.textContent;
    measures.at(value);
  }

  function tellLayer(value) {
    clearTimeout(told.timer);
    told.slide = value;
    told.timer = setTimeout(() => (model.set("layer", value), model.save_changes()), SLIDE_EVERY);
  }

  function flow(end) {
    const target = Math.max(0, Math.min(end, last()));
    tellLayer(target);
    if (calm.matches) return place(target);
    stage = { start: stageAt, end: target, begun: performance.now() };
    playing.textContent = "Pause";
    schedule();
  }

  const play = () => (stageAt >= last() && place(0), flow(last()));

  function halt() {
    stage = null;
    playing.textContent = "Play";
  }

  const rest = () => (halt(), tellLayer(stageAt));

  function slide() {
    halt();
    place(calm.matches ? Math.round(slider.value) : Number(slider.value));
    tellLayer(stageAt);
  }

  function onSliderKey(event) {
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 };
    const from_ = stage ? stage.end : Math.round(stageAt);
    const to_ = { Home: 0, End: last() }[event.key] ?? from_ + steps[event.key];
    if (Number.isNaN(to_) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    flow(to_);
  }

  function readLayers() {
    const count = model.get("map_names").length;
    const points = model.get("count");
    const all = positionsOf(model.get("maps"), count * points, model.get("map_box"));
    layers = Array.from({ length: all.length ? count : 0 }, (_, i) => all.slice(2 * i * points, 2 * (i + 1) * points));
    slider.parentNode.hidden = layers.length < 2;
    Object.assign(slider, { min: 0, max: Math.max(1, last()), step: 0.01 });
    stops.replaceChildren(...layers.map((_, i) => Object.assign(element("option", ""), { value: i })));
    measures.update();
    stand();
  }

  /** There are other maps: stand where the slider does, without a walk through those between. */
  function stand() {
    const value = model.get("layer");
    if (value < 0) slider.value = 0;
    if (layers.length < 2 || value < 0) return;
    halt();
    if (value % 1 || layers[value].length !== to.length) place(value);
    else goTo(layers[value]);
    atLayer(value);
  }

  function atLayer(value) {
    clearTimeout(told.timer);
    [stageAt, told.slide] = [value, value];
    nameLayer(value);
  }

  /** Python moved the slider, or says where the points have come to. */
  function onLayer() {
    const value = model.get("layer");
    if (layers.length < 2 || value < 0 || stage || Math.abs(value - told.slide) < 1e-6) return;
    if (liesAs(value)) return atLayer(value);
    flow(value);
    told.slide = value;
  }

  /** New positions, which end a walk between older ones. */
  function arrive(xy) {
    halt();
    goTo(xy);
    if (layers.length > 1 && liesAs(model.get("layer"))) atLayer(model.get("layer"));
  }

  /** Whether the points lie as in that finished map, or are on their way there; some of them are asked. */
  function liesAs(value) {
    const xy = layers[value];
    if (xy?.length !== to.length) return false;
    const [left, bottom, right, top] = bounds(xy);
    const near = 1e-3 * Math.max(right - left, top - bottom);
    const step = Math.ceil(xy.length / 64);
    for (let k = 0; k < xy.length; k += step) if (Math.abs(xy[k] - to[k]) > near) return false;
    return true;
  }

  // What is shown, and in which color

  function resize() {
    n = to.length / 2;
    some = scattered(n);
    rank = new Uint32Array(n);
    some.forEach((i, k) => (rank[i] = k));
    [names, matched] = [null, null];
    search.value = "";
    found.textContent = "";
    readChosen();
    recolor();
    empty.hidden = n > 0;
  }

  function recolor() {
    if (!painter) return;
    shown = key.shown(n);
    const strong = matched ?? (selected ? chosen : null);
    rgba = key.paintAll(n, strong, model.get("color") === "" ? ink.accent : GRAY, ink.accent);
    painter.tint(rgba);
    painter.order(ordered(strong));
    tell();
    schedule();
  }

  /** Labels or values are others; where they are for other points too, those are on their way. */
  function refill() {
    if (stale) return;
    stale = true; // several traits change at once
    queueMicrotask(() => {
      stale = false;
      key.fill();
      if (model.get("count") === n) recolor();
    });
  }

  /** The points that are shown, those that stand out last. */
  function ordered(strong) {
    const numbers = new Uint32Array(n);
    visible = 0;
    for (let k = 0; k < n; k++) if (shown[some[k]] && !strong?.[some[k]]) numbers[visible++] = some[k];
    for (let k = 0; strong && k < n; k++) if (shown[some[k]] && strong[some[k]]) numbers[visible++] = some[k];
    return numbers.subarray(0, visible);
  }

  function tell() {
    const all = `${counted(n)} point${n === 1 ? "" : "s"}`;
    const part = visible < n ? `${counted(visible)} of ${all} shown` : all;
    status.textContent = selected ? `${part} · ${counted(selected)} selected` : part;
    clearing.hidden = !selected;
    el.dataset.selected = selected;
  }

  // Selection

  function readChosen() {
    chosen = unpackedBits(model.get("chosen"), n);
    selected = 0;
    for (let i = 0; i < n; i++) selected += chosen[i];
  }

  const readRings = () => (ringed = typed(Int32Array, model.get("ringed")));

  function select(numbers, how = "new") {
    const flags = how === "new" ? new Uint8Array(n) : chosen.slice();
    for (const i of numbers ?? []) flags[i] = how === "less" ? 0 : 1;
    model.set("chosen", packedBits(flags));
    model.save_changes();
  }

  function enclose(corners, how) {
    const line = corners.map(([x, y]) => camera.toPlane(x, y));
    select(inside(grid(), line, shown), how);
  }

  function press(x, y, event, blunt) {
    const i = pick(x, y, blunt);
    if (i >= 0) select([i], chosen[i] && event.shiftKey ? "less" : changeBy(event));
  }

  // Search

  function allNames() {
    names ??= model.get("names")?.byteLength ? new TextDecoder().decode(model.get("names")).split("\n") : [];
    return names;
  }

  function seek() {
    const wanted = search.value.trim().toLowerCase();
    const fits = (word) => word.toLowerCase().includes(wanted);
    const byLabel = wanted && key.matching(fits);
    const words = allNames();
    matched = wanted ? new Uint8Array(n) : null;
    let hits = 0;
    for (let i = 0; wanted && i < n; i++) {
      if (shown[i] && (byLabel?.(i) || (words[i] && fits(words[i])))) (matched[i] = 1), hits++;
    }
    found.textContent = wanted ? `${counted(hits)} found` : "";
    recolor();
  }

  function onSearchKey(event) {
    if (event.key === "Escape") (search.value = ""), seek();
    else if (event.key !== "Enter" || !matched) return;
    else {
      const hits = [...some].filter((i) => matched[i]);
      if (!hits.length) return;
      camera.look(boundsOf(mixedNumbers(from, to, share), hits), 1.3);
      camera.fitted = false;
      search.value = "";
      matched = null;
      found.textContent = "";
      select(hits);
    }
    event.preventDefault();
  }

  // Pointing

  /** The thumbnail or dot at a place, or `blunt` pixels beside it, or -1. */
  function pick(x, y, blunt = 0) {
    if (!n || glide || stage) return -1;
    const half = thumbs.side / 2;
    for (const i of thumbs.some) {
      const [px, py] = onScreen(i);
      if (half && pictures.of(i) && Math.abs(px - x) <= half && Math.abs(py - y) <= half) return i;
    }
    const reach = Math.max(8, blunt, dotsFor(visible, camera).size / 2 + 3);
    return grid().near(...camera.toPlane(x, y), reach / camera.scale, shown);
  }

  function tellAbout(i) {
    const label = key.labelOf(i);
    const name = allNames()[i] || `point ${counted(i)}`;
    return { name, label, value: key.valueOf(i), color: colorAt(i), thumbnail: pictures.of(i) };
  }

  /** The color that a point is drawn in, as CSS. */
  function colorAt(i) {
    return `rgb(${[...rgba.subarray(4 * i, 4 * i + 3)].join(" ")})`;
  }

  function point(x, y, blunt = 0) {
    const i = pick(x, y, blunt);
    el.dataset.hovered = i;
    if (i !== hovered) {
      hovered = i;
      drawOver();
    }
    over.classList.toggle("vizkit-map-pointing", i >= 0);
    if (i < 0) return hover.hide();
    hover.show(tellAbout(i), onScreen(i), isPicture(i) ? thumbs.side / 2 : dotsFor(visible, camera).size / 2, camera);
    if (!pictures.of(i)) pictures.want([i, ...around(i)]);
  }

  /** A point's neighbors on the screen, which are likely to be pointed at next. */
  function around(i) {
    const [x, y] = at(i);
    const reach = 30 / camera.scale;
    const near = [];
    grid().within([x - reach, y - reach, x + reach, y + reach], (k) => (shown[k] && near.push(k), near.length > 100));
    return near;
  }

  function hideCard() {
    hover.hide();
    hovered = -1;
  }

  /** With keys alone, the middle of the map is the pointer. */
  function pointAtMiddle() {
    if (!cursor) return;
    point(camera.width / 2, camera.height / 2);
    if (hovered < 0) return (spoken.textContent = "no point here");
    const { name, label, value } = tellAbout(hovered);
    spoken.textContent = [name, label, value].filter(Boolean).join(", ");
  }

  // Drawing

  function schedule() {
    frame ||= requestAnimationFrame(draw);
  }

  function draw(now) {
    frame = 0;
    if (!painter) return;
    if (!inked) readInk();
    const moves = advance(now);
    if (fitCanvas()) paintAll(now, moves);
    el.dataset.frames = Number(el.dataset.frames) + 1;
    if (owed) model.send({ view, painted: owed });
    owed = 0;
    el.dataset.shown = newest;
    el.dataset.points = n;
    clearTimeout(warming);
    if (moves) schedule();
    else warming = setTimeout(() => n && (grid(), allNames()), WARM); // so that the first card comes as soon as the others
    if (!moves && cursor) pointAtMiddle();
  }

  function paintAll(now, moves) {
    if (camera.fitted) camera.fit(whole());
    else camera.know(whole());
    const { size, alpha } = dotsFor(visible, camera);
    painter.draw({ camera, share, size: size * devicePixelRatio, alpha, paper: ink.paper });
    if (!moves && now - arrangedAt > ARRANGE_EVERY) arrange(now);
    else later();
    drawOver();
  }

  /**
   * Make the canvases as large as they are seen. Hidden, as in a cell that is scrolled away, they have no size: they stay
   * as they are, or a single pixel would be stretched over the map when it is seen again; its new size has it drawn then.
   */
  function fitCanvas() {
    const [width, height] = [over.clientWidth, over.clientHeight];
    const ratio = devicePixelRatio;
    if (!width || !height) return false;
    for (const one of [canvas, over]) {
      if (one.width !== Math.round(width * ratio)) one.width = Math.round(width * ratio);
      if (one.height !== Math.round(height * ratio)) one.height = Math.round(height * ratio);
    }
    Object.assign(camera, { width, height });
    return true;
  }

  /** What was not arranged while it moved is once it rests; meanwhile the pictures move along. */
  function later() {
    clearTimeout(resting);
    resting = setTimeout(schedule, ARRANGE_EVERY + 20);
  }

  /** Decide which points become pictures, where few enough are in view. */
  function arrange(now) {
    arrangedAt = now;
    thumbs = { side: 0, some: [] };
    if (!model.get("pictured") || !n || n / camera.closer() ** 2 > 8 * CANDIDATES) return;
    thumbs = arranged(grid(), camera, shown, rank);
    if (thumbs.side) pictures.want(thumbs.some);
  }

  function drawOver() {
    const context = over.getContext("2d");
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, camera.width, camera.height);
    for (const i of thumbs.side ? [...thumbs.some].reverse() : []) drawThumb(context, i);
    for (const i of ringed) if (shown[i]) ring(context, i, 1.5);
    if (hovered >= 0) ring(context, hovered);
    if (cursor) cross(context);
    if (outline) drawLine(context);
  }

  function drawThumb(context, i) {
    const thumbnail = pictures.of(i);
    if (!thumbnail) return;
    const [x, y] = onScreen(i);
    const side = thumbs.side - 6;
    const strong = matched ?? (selected ? chosen : null);
    context.globalAlpha = strong && !strong[i] ? 0.3 : 1;
    context.fillStyle = colorAt(i);
    context.beginPath();
    context.roundRect(x - side / 2 - 2, y - side / 2 - 2, side + 4, side + 4, 4);
    context.fill();
    context.drawImage(thumbnail.bitmap, thumbnail.x, thumbnail.y, thumbnail.side, thumbnail.side, x - side / 2, y - side / 2, side, side);
    context.globalAlpha = 1;
  }

  const isPicture = (i) => Boolean(thumbs.side && pictures.of(i) && thumbs.some.includes(i));

  function ring(context, i, width = 2) {
    const [x, y] = onScreen(i);
    const radius = dotsFor(visible, camera).size / 2 + 3;
    context.beginPath();
    if (isPicture(i)) context.roundRect(x - thumbs.side / 2, y - thumbs.side / 2, thumbs.side, thumbs.side, 5);
    else context.arc(x, y, radius, 0, 2 * Math.PI);
    context.lineWidth = 4;
    context.strokeStyle = `rgb(${ink.paper.join(" ")})`;
    context.stroke();
    context.lineWidth = width;
    context.strokeStyle = ink.text;
    context.stroke();
  }

  function cross(context) {
    const [x, y] = [camera.width / 2, camera.height / 2];
    context.strokeStyle = ink.text;
    context.lineWidth = 1.5;
    context.beginPath();
    for (const [a, b] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(x + 9 * a, y + 9 * b);
      context.lineTo(x + 16 * a, y + 16 * b);
    }
    context.stroke();
  }

  function drawLine(context) {
    context.beginPath();
    outline.forEach(([x, y], k) => context[k ? "lineTo" : "moveTo"](x, y));
    context.closePath();
    context.fillStyle = `rgb(${ink.accent.join(" ")} / 12%)`;
    context.fill();
    context.lineWidth = 1.5;
    context.strokeStyle = `rgb(${ink.accent.join(" ")})`;
    context.stroke();
  }

  // The canvas, and what becomes of it

  function build() {
    painter = webglPainter(canvas) ?? canvasPainter(canvas);
    el.dataset.painter = painter.kind;
    notice.hidden = painter.kind === "webgl2";
    again.hidden = true;
    painter.move(from, to);
    canvas.addEventListener("webglcontextlost", onLost);
    recolor();
  }

  /** Browsers take the drawing of the oldest map away where a page has many. */
  function onLost(event) {
    event.preventDefault();
    painter = null;
    again.hidden = false;
  }

  function rebuild() {
    const fresh = element("canvas", "vizkit-map-points");
    canvas.replaceWith(fresh);
    canvas = fresh;
    build();
  }

  /** The page's colors, which are not known before the map is on it. */
  function readInk() {
    const style = getComputedStyle(over);
    ink = { paper: rgbOf(getComputedStyle(area).backgroundColor), text: style.color, accent: rgbOf(style.caretColor) };
    inked = over.isConnected;
    if (["", "selection"].includes(model.get("color"))) recolor();
  }

  function retheme() {
    readInk();
    schedule();
  }

  function setTool(word) {
    tool = word;
    markTool(word);
    over.dataset.tool = word;
  }

  function look(change) {
    change();
    hideCard();
    schedule();
  }

  const fit = () => look(() => (camera.fitted = true));
  const zoom = (factor, x, y) => look(() => camera.zoom(factor, x, y));
  const act = {
    tool: () => tool,
    pan: (dx, dy, byKey) => (byKey && (cursor = true), look(() => camera.pan(dx, dy))),
    zoom,
    fit,
    hover: point,
    leave: () => (hideCard(), drawOver()),
    press,
    outline: (line) => ((outline = line), drawOver()),
    enclose,
    clear: () => select(null),
    toggle: () => hovered >= 0 && select([hovered], chosen[hovered] ? "less" : "more"),
    hint: (text) => (hint.textContent = text),
  };

  // Messages

  function onMessage(message, buffers) {
    if (message.frame > newest) {
      newest = owed = message.frame;
      arrive(positionsOf(buffers[0], message.count, message.box));
    } else if (message.sheet !== undefined) pictures.take(message.sheet, buffers[0], buffers[1]);
    else if (message.sheets === "forget") pictures.forget();
  }

  function readKept() {
    if (model.get("xy")?.byteLength) arrive(positionsOf(model.get("xy"), model.get("count"), model.get("box")));
  }

  function relabel() {
    el.ariaLabel = over.ariaLabel = model.get("alt") || "map of points";
  }

  const listeners = {
    "msg:custom": onMessage,
    "change:xy": readKept,
    "change:maps": readLayers,
    "change:map_names": readLayers,
    "change:layer": onLayer,
    "change:measures": () => (measures.update(), measures.at(stageAt)),
    "change:labels": refill,
    "change:label_names": refill,
    "change:label_colors": refill,
    "change:values": refill,
    "change:value_names": refill,
    "change:value_words": refill,
    "change:value_colors": refill,
    "change:names": () => (names = null),
    "change:color": () => (key.recolored(), recolor()),
    "change:hidden": () => (key.update(), recolor()),
    "change:chosen": () => (readChosen(), recolor()),
    "change:ringed": () => (readRings(), schedule()),
    "change:alt": relabel,
    "change:pictured": schedule,
  };
  const leave = () => model.send({ view, gone: true });

  const zooms = [["−", "zoom out", () => zoom(1 / CLOSER)], ["+", "zoom in", () => zoom(CLOSER)], ["Fit", "show all points", fit]];
  const views = zooms.map(([text, name, does]) => {
    const made = button("vizkit-map-button", text, does);
    made.ariaLabel = made.title = name;
    return made;
  });
  const notice = element("p", "vizkit-map-notice", "This browser has no WebGL2, so the map is drawn more slowly and plainly.");
  const area = element("div", "vizkit-map-area", canvas, over, empty, hint, again, hover.box, spoken);
  const bar = element("div", "vizkit-map-bar-row", tools, element("div", "vizkit-map-zooms", ...views), search, found);
  const flowing = element("div", "vizkit-map-flow", playing, slider, layerName, stops);
  const foot = element("div", "vizkit-map-foot", status, clearing);
  el.classList.add("vizkit-map");
  el.dataset.frames = 0;
  el.role = "group";
  keepKeys(el);
  el.append(bar, element("div", "vizkit-map-middle", area, key.box), flowing, measures.box, foot, notice);
  flowing.hidden = true;
  spoken.ariaLive = "polite";
  status.role = "status";
  Object.assign(over, { tabIndex: 0, role: "application", ariaRoleDescription: "map: arrow keys move, plus and minus zoom" });
  Object.assign(search, { type: "search", placeholder: "Search labels and names", ariaLabel: "search labels and names" });
  Object.assign(slider, { type: "range", ariaLabel: "layer" });
  stops.id = `vizkit-${view}`;
  slider.setAttribute("list", stops.id);
  search.addEventListener("input", seek);
  search.addEventListener("keydown", onSearchKey);
  slider.addEventListener("input", slide);
  slider.addEventListener("keydown", onSliderKey);
  over.addEventListener("pointerdown", () => (over.focus({ preventScroll: true }), (cursor = false), act.hint("")));
  over.addEventListener("focus", () => over.matches(":focus-visible") && ((cursor = true), schedule()));
  over.addEventListener("blur", () => ((cursor = false), hideCard(), drawOver()));
  hands(over, act);
  setTool("Pan");
  const sizes = new ResizeObserver(schedule);
  sizes.observe(area);
  const themes = new MutationObserver(retheme);
  themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-name", "class"] });
  dark.addEventListener("change", retheme);
  window.addEventListener("pagehide", leave);
  const deafen = listen(model, listeners);

  relabel();
  readRings();
  key.fill();
  build();
  readKept();
  readLayers();
  pictures.read();
  model.send({ view, ready: true, sheets: model.get("sheets").length });

  return () => {
    deafen();
    cancelAnimationFrame(frame);
    clearTimeout(told.timer);
    clearTimeout(resting);
    clearTimeout(warming);
    sizes.disconnect();
    themes.disconnect();
    dark.removeEventListener("change", retheme);
    window.removeEventListener("pagehide", leave);
    canvas.removeEventListener("webglcontextlost", onLost);
    painter?.close();
    pictures.close();
    leave();
  };
}

export default { render };
