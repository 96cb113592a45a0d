// A word and a category for what is shown. parts.mjs comes before it.
//
// From Python: the traits of `Naming`. After each message `answers` counts up: the form is free again. {step: by} asks
//              for the message of that name, with what stands in the form.
// To Python:   {view, ready: true}, {do: "save", unit, word, category}, {do: "step", by, unit, word, category}, and the
//              trait unnamed_only.

function labeled(text, part) {
  const label = element("label", "vizkit-naming-label", element("span", "", text), part);
  return label;
}

function render({ model, el }) {
  const view = crypto.getRandomValues(new Uint32Array(4)).join("-");
  const title = element("h3", "");
  const place = element("span", "vizkit-naming-place");
  const back = button("vizkit-naming-step", "‹", () => step(-1));
  const next = button("vizkit-naming-step", "›", () => step(1));
  const bar = element("progress", "vizkit-naming-bar");
  const count = element("span", "vizkit-naming-count");
  const word = element("input", "vizkit-naming-word");
  const words = model.get("categories");
  const { made: kinds, mark } = segments("category", words, pick);
  const only = element("input", "");
  const save = button("vizkit-naming-save", "Save and go on", () => send("save"));
  const status = element("p", "vizkit-naming-status");
  const problem = element("p", "vizkit-naming-problem");
  const keys = element("p", "vizkit-naming-keys");
  let category = "";
  let waiting = false; // for Python to answer

  Object.assign(back, { title: "The unit before (Page Up)", ariaLabel: "The unit before" });
  Object.assign(next, { title: "The next unit (Page Down)", ariaLabel: "The next unit" });
  Object.assign(word, { type: "text", maxLength: 200, autocomplete: "off", spellcheck: false, dir: "auto" });
  word.placeholder = "what do these show?";
  only.type = "checkbox";
  status.role = "status";
  problem.role = "alert";
  keys.textContent =
    `Enter saves and goes on. Outside of the field, 1 to ${words.length} choose a category. ` +
    "Page Up and Page Down look around.";
  [...kinds.children].forEach((one, i) => one.prepend(element("kbd", "", String(i + 1))));
  kinds.classList.add("vizkit-naming-kinds");

  function pick(kind) {
    category = kind;
    mark(kind);
    if (!kind) kinds.firstChild.tabIndex = 0; // or Tab would find none of them
  }

  function pickByKey(kind) {
    pick(kind);
    if (kinds.contains(document.activeElement)) kinds.children[words.indexOf(kind)].focus();
  }

  function load() {
    word.value = model.get("word");
    pick(model.get("category"));
  }

  function send(what, more = {}) {
    if (waiting) return;
    waiting = true;
    word.readOnly = true;
    model.send({ do: what, unit: model.get("unit"), word: word.value, category, ...more });
  }

  const step = (by) => send("step", { by });

  function onAnswer() {
    waiting = false;
    word.readOnly = false;
    if (model.get("problem")) return;
    load();
    if (el.contains(document.activeElement)) word.focus();
  }

  function update() {
    const [named, total] = [model.get("named"), model.get("total")];
    title.textContent = model.get("title");
    place.textContent = model.get("place");
    Object.assign(bar, { max: Math.max(total, 1), value: named, ariaLabel: "units named" });
    count.textContent = `${named} of ${total} named`;
    only.checked = model.get("unnamed_only");
    status.textContent = model.get("status");
    problem.textContent = model.get("problem");
    problem.hidden = !problem.textContent;
  }

  /** Keys anywhere in the widget that holds the form and the pictures; those of the pictures come here last. */
  function onKey(event) {
    const whole = el.closest(".vizkit-annotating") ?? el;
    if (!whole.contains(event.target) || event.altKey || event.ctrlKey || event.metaKey) return;
    const typing = event.target.matches("input[type=text], textarea");
    const kind = typing ? undefined : words[Number(event.key) - 1];
    const by = { PageUp: -1, PageDown: 1 }[event.key];
    if (kind) pickByKey(kind);
    else if (by && el.contains(event.target)) step(by);
    else if (event.key === "Enter" && el.contains(event.target) && !isButton(event.target)) send("save");
    else return;
    event.preventDefault();
  }

  /** A button that Enter presses; on a category it saves, as a category is chosen by arrows and numbers. */
  const isButton = (target) => target.matches("button") && !kinds.contains(target);

  const listeners = {
    "msg:custom": ({ step: by }) => by && step(by),
    "change:answers": onAnswer,
    "change:word": loadUnasked,
    "change:category": loadUnasked,
  };
  for (const name of ["unit", "title", "place", "named", "total", "unnamed_only", "status", "problem"]) {
    listeners[`change:${name}`] = update;
  }

  /** What Python set by itself. */
  function loadUnasked() {
    if (!waiting) load();
  }

  only.addEventListener("change", () => {
    model.set("unnamed_only", only.checked);
    model.save_changes();
  });
  document.addEventListener("keydown", onKey);
  const deafen = listen(model, listeners);
  el.classList.add("vizkit-naming");
  keepKeys(el);
  const filter = element("label", "vizkit-naming-only", only, "only units without a name");
  el.append(
    element("div", "vizkit-naming-head", back, element("div", "", title, place), next),
    element("div", "vizkit-naming-progress", bar, count),
    labeled("word", word),
    kinds,
    element("div", "vizkit-naming-foot", save, filter),
    problem,
    status,
    keys,
  );
  load();
  update();
  model.send({ view, ready: true });

  return () => {
    deafen();
    document.removeEventListener("keydown", onKey);
  };
}

export default { render };
