// The units of a page that one picture excites, layer by layer. parts.mjs and points_data.mjs come before it.
//
// From Python: the traits of views/excites.py. To the page: position (of the deck), cell, chosen, picture.

const CHOOSE = "Click a real picture, or a point of the map: the units of this page that it excites will be listed here.";
const ABOUT = "Beside each unit its answer to this picture, and the share of all pictures that it answers less to.";
const NONE = 0xffff;
const SIDE = 112; // pixels of the picture
const ACROSS = 16; // squares in a row of a sheet

function render({ model, el }) {
  const [layers, units] = [model.get("layers"), model.get("units")];
  const [strengths, most, count] = [model.get("strengths"), model.get("most"), model.get("count")];
  const known = typed(Int32Array, model.get("known"));
  const [best, answers] = [typed(Uint16Array, model.get("best")), typed(Float32Array, model.get("answers"))];
  const above = typed(Uint8Array, model.get("above"));
  const hint = element("p", "vizkit-excites-hint");
  const picture = element("canvas", "vizkit-excites-picture");
  const name = element("p", "vizkit-excites-name");
  const lists = element("div", "vizkit-excites-lists");
  const shown = element("div", "vizkit-excites-shown", element("div", "vizkit-excites-who", picture, name), lists);
  const about = element("p", "vizkit-excites-hint", ABOUT);
  let names = null;

  const nameOf = (i) => {
    names ??= model.get("names")?.byteLength ? new TextDecoder().decode(model.get("names")).split("\n") : [];
    return names[i] || `picture ${i}`;
  };
  const placeOf = (position) => Math.floor(position / strengths); // layer and unit
  const rowOf = (i) => (known.length ? known.indexOf(i) : i < count ? i : -1);

  /** [unit, answer, percent] of what a picture excites in a layer. */
  function excited(row, layer) {
    const first = (row * layers.length + layer) * most;
    const some = Array.from({ length: most }, (_, k) => [best[first + k], answers[first + k], above[first + k]]);
    return some.filter(([unit]) => unit !== NONE);
  }

  /** The position of a unit of a layer, with the strength that is shown. */
  function go(layer, unit) {
    model.set("position", (layer * units.length + unit) * strengths + (model.get("position") % strengths));
  }

  function newUnit(layer, [unit, answer, share]) {
    const words = [["which", units[unit]], ["answer", shortly(answer)], ["above", `above ${share} %`]];
    const made = button("vizkit-excites-unit", "", () => go(layer, unit));
    made.append(...words.map(([part, text]) => element("span", `vizkit-excites-${part}`, text)));
    made.firstChild.dir = "auto";
    made.title = `Answers ${shortly(answer)} to this picture, more than to ${share} % of all. Click to go to this unit.`;
    made.lastChild.style.setProperty("--vizkit-share", `${share}%`);
    made.dataset.place = layer * units.length + unit;
    return made;
  }

  function newList(row, layer) {
    const rows = excited(row, layer).map((one) => newUnit(layer, one));
    const none = element("p", "vizkit-excites-hint", "None of this page's units more than usual.");
    const list = element("ul", "vizkit-excites-list", ...rows.map((one) => element("li", "", one)));
    const title = element("h3", "vizkit-excites-layer", layers[layer]);
    title.dir = "auto";
    list.ariaLabel = `units of ${layers[layer]}`;
    return element("div", "", title, rows.length ? list : none);
  }

  function mark() {
    const place = String(placeOf(model.get("position")));
    for (const one of lists.querySelectorAll("button")) one.ariaCurrent = one.dataset.place === place ? "true" : null;
  }

  async function paintPicture(i) {
    const context = picture.getContext("2d");
    picture.width = picture.height = SIDE * devicePixelRatio;
    picture.hidden = true;
    const drawn = model.get("drawn").map((numbers) => typed(Int32Array, numbers));
    const sheet = drawn.findIndex((numbers) => numbers.includes(i));
    if (sheet < 0) return;
    const bitmap = await createImageBitmap(new Blob([model.get("sheets")[sheet]], { type: "image/jpeg" })).catch(() => null);
    if (!bitmap || i !== model.get("picture")) return bitmap?.close();
    const [at, side] = [drawn[sheet].indexOf(i), bitmap.width / Math.min(drawn[sheet].length, ACROSS)];
    const [x, y] = [(at % ACROSS) * side, Math.floor(at / ACROSS) * side];
    context.drawImage(bitmap, x, y, side, side, 0, 0, picture.width, picture.height);
    bitmap.close();
    picture.hidden = false;
  }

  function tell() {
    const i = model.get("picture");
    const row = i < 0 ? -1 : rowOf(i);
    hint.textContent = i < 0 ? CHOOSE : row < 0 ? `This page does not know what ${nameOf(i)} excites.` : "";
    [hint.hidden, shown.hidden, about.hidden] = [row >= 0, row < 0, row < 0];
    el.dataset.picture = i;
    if (row < 0) return;
    name.textContent = picture.ariaLabel = nameOf(i);
    lists.replaceChildren(...layers.map((_, layer) => newList(row, layer)));
    mark();
    paintPicture(i);
  }

  /** A picture was clicked in one place: it is chosen in the other, too. */
  function choose(i) {
    model.set("picture", i);
    model.set("cell", crops().indexOf(i));
    const flags = new Uint8Array(count);
    if (i < count) flags[i] = 1;
    if (one(model.get("chosen")) !== i) model.set("chosen", packedBits(flags));
  }

  const crops = () => model.get("crops")[placeOf(model.get("position"))] ?? [];

  /** The number of the only point that is chosen, or -1. */
  function one(bits) {
    const flags = unpackedBits(bits, count);
    const first = flags.indexOf(1);
    return first >= 0 && flags.lastIndexOf(1) === first ? first : -1;
  }

  function onCell() {
    const i = crops()[model.get("cell")] ?? -1;
    if (i >= 0 && i !== model.get("picture")) choose(i);
  }

  function onChosen() {
    const i = one(model.get("chosen"));
    if (i >= 0 && i !== model.get("picture")) choose(i);
  }

  /** Another unit has other crops, of which one may be the same picture. */
  function onPosition() {
    model.set("cell", crops().indexOf(model.get("picture")));
    mark();
  }

  const deafen = listen(model, {
    "change:cell": onCell,
    "change:chosen": onChosen,
    "change:picture": tell,
    "change:position": onPosition,
  });
  el.classList.add("vizkit-excites");
  keepKeys(el);
  picture.role = "img";
  name.dir = "auto";
  hint.role = "status";
  el.append(hint, shown, about);
  tell();
  return deafen;
}

function shortly(value) {
  return String(Number(value.toPrecision(3)));
}

export default { render };
