// Which part of the plane is seen: `x`, `y` in the middle, `scale` pixels a unit, on `width` by `height` CSS pixels.

const MARGIN = 24; // pixels around a map that fits
const NEAREST = 4000; // times closer than the map as a whole

function newCamera() {
  const camera = { x: 0, y: 0, scale: 1, width: 1, height: 1, fitted: true };
  let whole = 1; // the scale at which everything is seen

  function scaleFor([left, bottom, right, top]) {
    const room = Math.min(MARGIN, camera.width / 8, camera.height / 8);
    const across = (camera.width - 2 * room) / Math.max(right - left, 1e-30);
    const up = (camera.height - 2 * room) / Math.max(top - bottom, 1e-30);
    return Math.min(across, up, 1e29);
  }

  /** Look at a box; `margin` times as much around it. */
  camera.look = (box, margin = 1) => {
    camera.x = (box[0] + box[2]) / 2;
    camera.y = (box[1] + box[3]) / 2;
    camera.scale = Math.min(scaleFor(box) / margin, NEAREST * whole);
  };
  camera.fit = (box) => {
    whole = scaleFor(box);
    camera.look(box);
  };
  camera.know = (box) => (whole = scaleFor(box));
  camera.closer = () => camera.scale / whole;
  camera.toScreen = (x, y) => [
    (x - camera.x) * camera.scale + camera.width / 2,
    (camera.y - y) * camera.scale + camera.height / 2,
  ];
  camera.toPlane = (px, py) => [
    camera.x + (px - camera.width / 2) / camera.scale,
    camera.y - (py - camera.height / 2) / camera.scale,
  ];
  camera.pan = (dx, dy) => {
    camera.x -= dx / camera.scale;
    camera.y += dy / camera.scale;
    camera.fitted = false;
  };
  /** `factor` times closer; what is at a pixel stays there. */
  camera.zoom = (factor, px = camera.width / 2, py = camera.height / 2) => {
    const [x, y] = camera.toPlane(px, py);
    camera.scale = Math.max(whole / 4, Math.min(camera.scale * factor, NEAREST * whole));
    const [there, above] = camera.toPlane(px, py);
    camera.x += x - there;
    camera.y += y - above;
    camera.fitted = false;
  };
  camera.seen = (margin = 0) => {
    const [left, top] = camera.toPlane(-margin, -margin);
    const [right, bottom] = camera.toPlane(camera.width + margin, camera.height + margin);
    return [left, bottom, right, top];
  };
  return camera;
}

/** How large and how opaque `n` dots are: as much ink as fits the space, more where one looks closer. CSS pixels. */
function dotsFor(n, camera) {
  const room = Math.sqrt((camera.width * camera.height) / Math.max(n, 1)); // pixels a side that each point has
  const closer = Math.max(1, camera.closer());
  const size = Math.min(9, Math.max(1.6, 0.42 * room)) * Math.min(closer ** 0.35, 4);
  const crowd = 0.9 * Math.min(1, (room * closer ** 0.5) / 6);
  return { size: Math.min(size, 13), alpha: Math.max(0.18, crowd) };
}
