// How something was made: its settings, the Python that makes it again, and who is to be thanked. parts.mjs before it.
//
// From Python: the traits settings ([[name, words]]), recipe, credit. Sends nothing back.

/** Into the clipboard, or where a page may not: selected, for the reader to copy. */
async function copy(pre, press) {
  try {
    await navigator.clipboard.writeText(pre.textContent);
    press.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(pre);
    press.textContent = "Selected: copy it now";
  }
  setTimeout(() => (press.textContent = "Copy"), 2000);
}

function folded(name, ...children) {
  return element("details", "", element("summary", "", name), ...children);
}

function render({ model, el }) {
  const settings = model.get("settings").map(([name, words]) => {
    const value = element("td", "", words);
    value.dir = "auto";
    const row = element("tr", "", element("th", "", name), value);
    row.firstChild.scope = "row";
    return row;
  });
  el.classList.add("vizkit-about");
  if (settings.length) el.append(folded("Settings", element("table", "", ...settings)));
  if (model.get("recipe")) {
    const pre = element("pre", "", model.get("recipe"));
    pre.tabIndex = 0; // it scrolls
    const press = button("", "Copy", () => copy(pre, press));
    el.append(folded("Make it again", element("div", "vizkit-about-code", pre, press)));
  }
  const credit = element("p", "vizkit-about-credit", model.get("credit"));
  credit.dir = "auto";
  if (credit.textContent) el.append(credit);
}

export default { render };
