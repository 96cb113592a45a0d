// What a point stands for: its picture, name, label and value, beside the pointer. All of it set as text.

const PICTURE = 112; // pixels

function card() {
  const picture = element("canvas", "vizkit-map-picture");
  const name = element("div", "vizkit-map-name");
  const label = element("div", "vizkit-map-kind", element("span", "vizkit-map-swatch"), element("span", ""));
  const value = element("div", "vizkit-map-value");
  const box = element("div", "vizkit-map-card", picture, element("div", "vizkit-map-told", name, label, value));
  name.dir = label.dir = "auto";
  box.hidden = true;

  function draw(thumbnail) {
    picture.hidden = !thumbnail;
    if (!thumbnail) return;
    const side = Math.round(PICTURE * devicePixelRatio);
    if (picture.width !== side) picture.width = picture.height = side;
    const { bitmap, x, y, side: from } = thumbnail;
    picture.getContext("2d").drawImage(bitmap, x, y, from, from, 0, 0, side, side);
  }

  /** Beside what is `radius` pixels around a place in an area, on the side that has room. */
  function put([x, y], radius, area) {
    const gap = radius + 10;
    const left = x + gap + box.offsetWidth > area.width ? x - gap - box.offsetWidth : x + gap;
    const top = Math.max(4, Math.min(y - box.offsetHeight / 2, area.height - box.offsetHeight - 4));
    box.style.transform = `translate(${Math.max(4, left)}px, ${top}px)`;
  }

  function show(told, place, radius, area) {
    name.textContent = told.name;
    label.lastChild.textContent = told.label;
    label.hidden = !told.label;
    label.firstChild.style.setProperty("--color", told.color);
    value.textContent = told.value;
    value.hidden = !told.value;
    draw(told.thumbnail);
    box.hidden = false;
    put(place, radius, area);
  }

  return { box, show, hide: () => (box.hidden = true) };
}
