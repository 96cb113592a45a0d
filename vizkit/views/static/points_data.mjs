// Positions of points: read from bytes, mixed, and found again by where they are. x, y, x, y, … in Float32Arrays.

/** A kernel's bytes as an array of its own; on their way they may have lost their alignment. */
function typed(Kind, bytes) {
  if (!bytes?.byteLength) return new Kind(0);
  const { buffer, byteOffset } = bytes instanceof ArrayBuffer ? { buffer: bytes, byteOffset: 0 } : bytes;
  const length = bytes.byteLength - (bytes.byteLength % Kind.BYTES_PER_ELEMENT);
  return new Kind(buffer.slice(byteOffset, byteOffset + length));
}

/** `count` positions: float32 pairs, or uint16 pairs over `box` [left, bottom, right, top]. */
function positionsOf(bytes, count, box) {
  if (!count || !bytes?.byteLength) return new Float32Array(0);
  if (box?.length !== 4) return typed(Float32Array, bytes).subarray(0, 2 * count);
  const shares = typed(Uint16Array, bytes);
  const [left, bottom, right, top] = box;
  const [across, up] = [(right - left) / 65535, (top - bottom) / 65535];
  const xy = new Float32Array(2 * count);
  for (let i = 0; i < xy.length; i += 2) {
    xy[i] = left + across * shares[i];
    xy[i + 1] = bottom + up * shares[i + 1];
  }
  return xy;
}

/** [left, bottom, right, top] of all points, or of those in `some`. */
function boundsOf(xy, some) {
  let [left, bottom, right, top] = [Infinity, Infinity, -Infinity, -Infinity];
  const n = some ? some.length : xy.length / 2;
  for (let k = 0; k < n; k++) {
    const i = 2 * (some ? some[k] : k);
    if (xy[i] < left) left = xy[i];
    if (xy[i] > right) right = xy[i];
    if (xy[i + 1] < bottom) bottom = xy[i + 1];
    if (xy[i + 1] > top) top = xy[i + 1];
  }
  return left <= right ? [left, bottom, right, top] : [-1, -1, 1, 1];
}

function mixedNumbers(from, to, share) {
  if (share >= 1 || from === to) return to;
  const out = new from.constructor(from.length);
  for (let i = 0; i < out.length; i++) out[i] = from[i] + share * (to[i] - from[i]);
  return out;
}

/** All numbers below n in an order that looks like none: stride and n have no common factor. */
function scattered(n) {
  const order = new Uint32Array(n);
  let stride = Math.max(1, Math.round(n * 0.6180339887));
  const common = (a, b) => (b ? common(b, a % b) : a);
  while (common(stride, n) > 1) stride++;
  for (let k = 0, i = 0; k < n; k++, i = (i + stride) % n) order[k] = i;
  return order;
}

/** Points sorted into square cells, to find those near a place without looking at all. */
function gridOf(xy) {
  const n = xy.length / 2;
  const bounds = boundsOf(xy);
  const [left, bottom, right, top] = bounds;
  const side = Math.max(1, Math.min(1024, Math.ceil(Math.sqrt(n / 2))));
  const width = Math.max(right - left, top - bottom, 1e-30) / side;
  const cell = (value, low) => Math.max(0, Math.min(side - 1, Math.floor((value - low) / width)));
  const start = new Uint32Array(side * side + 1);
  const cells = new Uint32Array(n);
  for (let i = 0; i < n; i++) {
    cells[i] = cell(xy[2 * i + 1], bottom) * side + cell(xy[2 * i], left);
    start[cells[i] + 1]++;
  }
  for (let c = 0; c < side * side; c++) start[c + 1] += start[c];
  const next = start.slice();
  const items = new Uint32Array(n);
  for (let i = 0; i < n; i++) items[next[cells[i]]++] = i;

  /** Calls `take(i)` for the points in a box, until it returns true. */
  function within([x0, y0, x1, y1], take) {
    for (let row = cell(y0, bottom); row <= cell(y1, bottom); row++) {
      const first = start[row * side + cell(x0, left)];
      const last = start[row * side + cell(x1, left) + 1];
      for (let k = first; k < last; k++) {
        const i = items[k];
        const [x, y] = [xy[2 * i], xy[2 * i + 1]];
        if (x >= x0 && x <= x1 && y >= y0 && y <= y1 && take(i)) return;
      }
    }
  }

  /** The nearest point to a place within a distance, of those that `shown` has, or -1. */
  function near(x, y, distance, shown) {
    let [best, least] = [-1, distance * distance];
    within([x - distance, y - distance, x + distance, y + distance], (i) => {
      const far = (xy[2 * i] - x) ** 2 + (xy[2 * i + 1] - y) ** 2;
      if (far <= least && shown[i]) [best, least] = [i, far];
    });
    return best;
  }

  return { within, near, xy };
}

/** The points inside a closed line of corners [[x, y], …], of those that `shown` has; even-odd. */
function inside(grid, corners, shown) {
  const flat = Float64Array.from(corners.flat());
  const box = boundsOf(flat);
  const slots = 512; // the line's edges by height, so that each point looks at few of them
  const tall = (box[3] - box[1]) / slots || 1;
  const edges = Array.from({ length: slots }, () => []); // of each: x, y, x, y, …
  const slot = (y) => Math.max(0, Math.min(slots - 1, Math.floor((y - box[1]) / tall)));
  corners.forEach(([x1, y1], k) => {
    const [x2, y2] = corners[(k + 1) % corners.length];
    for (let s = slot(Math.min(y1, y2)); s <= slot(Math.max(y1, y2)); s++) edges[s].push(x1, y1, x2, y2);
  });
  const found = new Uint32Array(shown.length);
  let count = 0;
  grid.within(box, (i) => {
    const [x, y] = [grid.xy[2 * i], grid.xy[2 * i + 1]];
    let odd = false;
    const near = edges[slot(y)];
    for (let k = 0; k < near.length; k += 4) {
      const [y1, y2] = [near[k + 1], near[k + 3]];
      if (y1 > y !== y2 > y && x < near[k] + ((y - y1) / (y2 - y1)) * (near[k + 2] - near[k])) odd = !odd;
    }
    if (odd && shown[i]) found[count++] = i;
  });
  return found.subarray(0, count);
}

/** Bytes with a bit for each point as an array with a byte for each, and back. */
function unpackedBits(bytes, count) {
  const bits = typed(Uint8Array, bytes);
  const flags = new Uint8Array(count);
  for (let i = 0; i < count && i >> 3 < bits.length; i++) flags[i] = (bits[i >> 3] >> (i & 7)) & 1;
  return flags;
}

function packedBits(flags) {
  const bits = new Uint8Array(Math.ceil(flags.length / 8));
  for (let i = 0; i < flags.length; i++) if (flags[i]) bits[i >> 3] |= 1 << (i & 7);
  return new DataView(bits.buffer);
}
