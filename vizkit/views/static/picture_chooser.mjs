// A picture, picked from a strip of small ones, uploaded, or named by its path. parts.mjs comes before it.
//
// From Python: the traits label, about, picture (JPEG of the one chosen), name, names and thumbs (the gallery, one
//              JPEG each), at (which of them is chosen, -1: none) and more (whether there are more).
// To Python:   {view, ready: true} once, {choose: index}, {more: true}, {path: text}, {upload: name} with the file.

const ROW = 5; // pictures of the gallery that show while it is folded
const LARGE = 4e6; // bytes of a file that is made smaller before it is sent
const SIDE = 1600; // pixels, of such a file
const KINDS = "image/png,image/jpeg,image/webp";

/** The bytes of a file; a large photograph as a smaller one, which a websocket takes. What is no picture stays. */
async function contents(file) {
  if (file.size <= LARGE) return file.arrayBuffer();
  const whole = await createImageBitmap(file).catch(() => null);
  if (!whole) return file.slice(0, LARGE).arrayBuffer();
  const share = Math.min(1, SIDE / Math.max(whole.width, whole.height));
  const canvas = new OffscreenCanvas(Math.round(share * whole.width), Math.round(share * whole.height));
  canvas.getContext("2d").drawImage(whole, 0, 0, canvas.width, canvas.height);
  return (await canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 })).arrayBuffer();
}

function render({ model, el }) {
  const view = crypto.getRandomValues(new Uint32Array(4)).join("-");
  const label = element("span", "vizkit-named-label");
  const chosen = element("img", "vizkit-picture-chosen");
  const name = element("span", "vizkit-picture-name");
  const gallery = element("div", "vizkit-picture-gallery");
  const unfold = button("vizkit-named-button", "", () => ((open = !open), update()));
  const upload = button("vizkit-named-button", "Upload …", () => file.click());
  const more = button("vizkit-named-button", "Next 20", () => model.send({ more: true }));
  const file = element("input", "");
  const path = element("input", "vizkit-picture-path");
  const tools = element("div", "vizkit-picture-tools", unfold, upload, file);
  const deep = element("div", "vizkit-picture-deep", more, path);
  const right = element("div", "vizkit-picture-right", element("div", "vizkit-picture-row", chosen, name), gallery, tools, deep);
  let open = false;
  let active = 0; // the picture that Tab reaches

  Object.assign(file, { type: "file", accept: KINDS, hidden: true });
  Object.assign(path, { type: "text", placeholder: "path of a picture or folder", spellcheck: false });
  gallery.role = "listbox";
  gallery.ariaLabel = "bundled pictures";
  name.dir = "auto";

  function send(what) {
    if (what) contents(what).then((bytes) => model.send({ upload: what.name }, undefined, [bytes]));
  }

  function choose(i) {
    activate(i);
    model.send({ choose: i });
  }

  function activate(i) {
    active = i;
    [...gallery.children].forEach((option, k) => (option.tabIndex = k === active ? 0 : -1));
  }

  function option(i) {
    const made = element("div", "vizkit-picture-option", element("img", ""));
    made.role = "option";
    made.addEventListener("click", () => choose(i));
    return made;
  }

  function onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const seen = [...gallery.children].filter((one) => !one.hidden);
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -ROW, ArrowDown: ROW };
    const to = { Home: 0, End: seen.length - 1 }[event.key] ?? active + steps[event.key];
    if (event.key === "Enter") choose(active);
    else if (seen[to]) {
      activate(to);
      seen[to].focus();
    } else if (!(event.key in steps)) return;
    event.preventDefault();
  }

  function fill() {
    const thumbs = model.get("thumbs");
    while (gallery.children.length > thumbs.length) {
      paint(gallery.lastChild.firstChild);
      gallery.lastChild.remove();
    }
    while (gallery.children.length < thumbs.length) gallery.append(option(gallery.children.length));
    thumbs.forEach((bytes, i) => paint(gallery.children[i].firstChild, bytes));
    activate(Math.max(0, model.get("at")));
    update();
  }

  function update() {
    const names = model.get("names");
    const current = model.get("name");
    label.textContent = model.get("label");
    right.ariaLabel = model.get("label");
    label.title = model.get("about");
    name.textContent = name.title = current;
    [...gallery.children].forEach((one, i) => {
      one.firstChild.alt = one.title = names[i] ?? "";
      one.ariaSelected = String(i === model.get("at"));
      one.hidden = !open && i >= ROW;
    });
    if (!open && active >= ROW) activate(0);
    gallery.hidden = !names.length;
    unfold.textContent = open ? "Fewer" : "More …";
    unfold.ariaExpanded = String(open);
    deep.hidden = !open;
    more.hidden = !model.get("more");
  }

  function show() {
    paint(chosen, model.get("picture"));
    chosen.alt = `the picture chosen: ${model.get("name")}`;
    update();
  }

  const listeners = {
    "change:picture": show,
    "change:name": show,
    "change:at": update,
    "change:label": update,
    "change:names": update,
    "change:thumbs": fill,
    "change:more": update,
  };

  el.classList.add("vizkit-named", "vizkit-picture");
  keepKeys(el);
  right.role = "group";
  el.append(label, right);
  gallery.addEventListener("keydown", onKey);
  file.addEventListener("change", () => (send(file.files[0]), (file.value = "")));
  path.addEventListener("change", () => path.value.trim() && model.send({ path: path.value.trim() }));
  el.addEventListener("dragover", (event) => event.preventDefault());
  el.addEventListener("drop", (event) => {
    event.preventDefault();
    event.stopPropagation();
    send(event.dataTransfer.files[0]);
  });
  const deafen = listen(model, listeners);
  path.ariaLabel = "path of a picture or a folder, or world/7";
  show();
  fill();
  model.send({ view, ready: true });
  return () => {
    deafen();
    for (const img of el.querySelectorAll("img")) paint(img);
  };
}

export default { render };
