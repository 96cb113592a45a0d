// Some of a few words, in their order: boxes in a row, or a list that scrolls. parts.mjs comes before it.
//
// From Python: the traits label, about, options, told (what each is, in a few more words), none (what choosing
//              none means; empty: one at least is chosen), listed (below each other) and chosen.
// To Python:   the trait chosen.

function render({ model, el }) {
  const label = element("span", "vizkit-named-label");
  const sum = element("span", "vizkit-checklist-sum");
  const clear = button("vizkit-named-button", "", () => choose([]));
  const boxes = element("div", "vizkit-checklist-boxes");
  const right = element("div", "vizkit-checklist-right", element("div", "vizkit-checklist-head", sum, clear), boxes);
  let active = 0; // the box that Tab reaches

  function choose(wanted) {
    const options = model.get("options");
    const chosen = options.filter((option) => wanted.includes(option));
    if (!chosen.length && !model.get("none")) return;
    model.set("chosen", chosen);
    model.save_changes();
  }

  function toggle(i) {
    const [option, chosen] = [model.get("options")[i], model.get("chosen")];
    choose(chosen.includes(option) ? chosen.filter((one) => one !== option) : [...chosen, option]);
  }

  function activate(i) {
    active = Math.max(0, Math.min(i, boxes.children.length - 1));
    [...boxes.children].forEach((box, k) => (box.tabIndex = k === active ? 0 : -1));
  }

  function onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const steps = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 };
    const to = { Home: 0, End: boxes.children.length - 1 }[event.key] ?? active + steps[event.key];
    if (event.key === "Enter" || event.key === " ") toggle(active);
    else if (!Number.isNaN(to)) {
      activate(to);
      boxes.children[active].focus();
    } else return;
    event.preventDefault();
  }

  function newBox(option, i) {
    const box = element("div", "vizkit-checklist-box", element("span", "vizkit-checklist-mark"));
    box.append(element("span", "vizkit-checklist-name", option));
    box.append(element("span", "vizkit-checklist-told", model.get("told")[i] ?? ""));
    box.role = "checkbox";
    box.addEventListener("click", () => (activate(i), toggle(i)));
    return box;
  }

  function fill() {
    boxes.replaceChildren(...model.get("options").map(newBox));
    activate(0);
    update();
  }

  function update() {
    const chosen = model.get("chosen");
    const none = model.get("none");
    el.classList.toggle("vizkit-checklist-listed", model.get("listed"));
    label.textContent = boxes.ariaLabel = model.get("label");
    label.title = model.get("about");
    [...boxes.children].forEach((box, i) => (box.ariaChecked = String(chosen.includes(model.get("options")[i]))));
    right.firstChild.hidden = !none;
    sum.textContent = chosen.length ? `${chosen.length} of ${boxes.children.length}` : none;
    clear.textContent = `Back to ${none}`;
    clear.hidden = !chosen.length;
  }

  el.classList.add("vizkit-named", "vizkit-checklist");
  keepKeys(el);
  boxes.role = "group";
  boxes.addEventListener("keydown", onKey);
  el.append(label, right);
  const deafen = listen(model, { "change:options": fill, "change:chosen": update, "change:label": update });
  fill();
  return deafen;
}

export default { render };
