// Thumbnails of points: sheets from the kernel, kept within bounds; drawn in place of points where there is room.

const ACROSS = 16; // squares in a row of a sheet
const MOST = 16384; // thumbnails kept; the oldest of those asked for go first
const SMALLEST = 30; // pixels; smaller, a picture says less than a dot
const LARGEST = 72;
const CANDIDATES = 1500; // points in view, beyond which there are no thumbnails
const WAIT = 120; // milliseconds of rest before missing ones are asked for

/** Sheets, and where each point's thumbnail lies; `ask(numbers)` sends for others, `changed(count)` follows new ones. */
function thumbnails(model, ask, changed) {
  const places = new Map(); // point: { bitmap, x, y, side }
  let extra = []; // of sheets that were asked for: { numbers, bitmap }, oldest first
  let known = new Set(); // numbers of sheets of the first round
  let asked = new Map(); // point: when it was asked for
  let timer = null;
  let generation = 0; // of pictures; what was under way for others is dropped

  async function take(number, numbers, jpeg) {
    if (number >= 0 && known.has(number)) return;
    known.add(number);
    const mine = generation;
    const bitmap = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" })).catch(() => null);
    if (!bitmap || mine !== generation) return bitmap?.close();
    const some = typed(Int32Array, numbers);
    const side = bitmap.width / Math.min(some.length, ACROSS);
    some.forEach((i, k) => places.set(i, { bitmap, x: (k % ACROSS) * side, y: Math.floor(k / ACROSS) * side, side }));
    if (number < 0) extra.push({ some, bitmap });
    drop();
    changed(places.size);
  }

  /** Let go of the oldest sheets that were asked for, where there are too many. */
  function drop() {
    while (places.size > MOST && extra.length > 1) {
      const { some, bitmap } = extra.shift();
      for (const i of some) if (places.get(i)?.bitmap === bitmap) places.delete(i), asked.delete(i);
      bitmap.close();
    }
  }

  function forget() {
    generation++;
    for (const bitmap of new Set([...places.values()].map((place) => place.bitmap))) bitmap.close();
    places.clear();
    [extra, known, asked] = [[], new Set(), new Map()];
  }

  function read() {
    const drawn = model.get("drawn");
    model.get("sheets").forEach((jpeg, k) => take(k, drawn[k], jpeg));
  }

  /** Send for those that are missing, once nothing moves; again after a while where no answer came. */
  function want(numbers) {
    clearTimeout(timer);
    if (!model.get("pictured")) return;
    timer = setTimeout(() => {
      const now = performance.now();
      const missing = numbers.filter((i) => !places.has(i) && !(now - asked.get(i) < 10000)).slice(0, 512);
      for (const i of missing) asked.set(i, now);
      if (missing.length) ask(missing);
    }, WAIT);
  }

  return { take, forget, read, want, of: (i) => places.get(i), close: () => (clearTimeout(timer), forget()) };
}

/** Of `some`, on screen at `places`, those that can stand `side` pixels wide without covering one before them. */
function apart(some, places, side) {
  const taken = new Map(); // by cell, of which each holds one at most
  const key = (column, row) => column * 65536 + row;
  return some.filter((_, k) => {
    const [x, y] = places[k];
    const [column, row] = [Math.floor(x / side) + 32768, Math.floor(y / side) + 32768];
    for (let c = column - 1; c <= column + 1; c++)
      for (let r = row - 1; r <= row + 1; r++) {
        const other = taken.get(key(c, r));
        if (other && Math.abs(other[0] - x) < side && Math.abs(other[1] - y) < side) return false;
      }
    taken.set(key(column, row), places[k]);
    return true;
  });
}

/** Which points of those in view become pictures, and how large: none over another; the same ones stay when it moves. */
function arranged(grid, camera, shown, rank) {
  const some = [];
  grid.within(camera.seen(LARGEST / 2), (i) => (shown[i] && some.push(i), some.length > CANDIDATES));
  if (!some.length || some.length > CANDIDATES) return { side: 0, some: [] };
  some.sort((a, b) => rank[a] - rank[b]);
  const places = some.map((i) => camera.toScreen(grid.xy[2 * i], grid.xy[2 * i + 1]));
  const room = Math.sqrt((camera.width * camera.height) / some.length);
  for (let side = Math.min(LARGEST, 4 * Math.floor(room / 4)); side >= SMALLEST; side -= 8) {
    const placed = apart(some, places, side);
    if (placed.length >= (side < SMALLEST + 8 ? 0.3 : 0.45) * some.length) return { side, some: placed };
  }
  return { side: 0, some: [] };
}
