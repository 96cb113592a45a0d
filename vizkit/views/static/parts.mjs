// What components are made of. It comes first in their modules.

function element(tag, className, ...children) {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...children);
  return made;
}

function button(className, text, act) {
  const made = element("button", className, text);
  made.type = "button";
  made.addEventListener("click", () => made.ariaDisabled !== "true" && act());
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

function drawn(tag, attributes, text = "") {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}

/** A few words of which one holds; Tab stops once, and arrow keys go from one to the next. */
function segments(name, words, pick) {
  const made = element("div", "vizkit-segments", ...words.map((word) => button("", word, () => pick(word))));
  made.role = "radiogroup";
  made.ariaLabel = name;
  for (const one of made.children) one.role = "radio";
  made.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };
    const at = [...made.children].indexOf(event.target);
    const to = { Home: 0, End: words.length - 1 }[event.key] ?? (at + steps[event.key] + words.length) % words.length;
    if (Number.isNaN(to) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    made.children[to].focus();
    pick(words[to]);
  });
  const mark = (held) => {
    [...made.children].forEach((one, i) => {
      one.ariaChecked = String(words[i] === held);
      one.tabIndex = words[i] === held ? 0 : -1;
    });
  };
  return { made, mark };
}

/** Give `img` a picture of a kernel's bytes, and let go of the one before. */
function paint(img, bytes) {
  if (img.src) URL.revokeObjectURL(img.src);
  if (bytes?.byteLength) img.src = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
  else img.removeAttribute("src");
}

/** Listen to a model; returns what ends that. */
function listen(model, listeners) {
  for (const [event, listener] of Object.entries(listeners)) model.on(event, listener);
  return () => {
    for (const [event, listener] of Object.entries(listeners)) model.off(event, listener);
  };
}

/** Keys that JupyterLab would take for its own, such as the arrow keys, stay here. */
function keepKeys(el) {
  el.dataset.lmSuppressShortcuts = "true";
}
