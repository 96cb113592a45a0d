// A list to choose one from, with a bar in its last column. parts.mjs comes before it.
//
// From Python: the traits label, hint (shown where there are no rows), columns, rows, bars and selected (-1: none).
// To Python:   the trait selected; {ready: view}.

function render({ model, el }) {
  const head = element("div", "vizkit-roster-head");
  const body = element("div", "vizkit-roster-body");
  const hint = element("p", "vizkit-roster-hint");

  function choose(i) {
    model.set("selected", i);
    model.save_changes();
  }

  /** `features.3.squeeze` with all before the last dot paler. */
  function name(text) {
    const at = text.lastIndexOf(".") + 1;
    const group = element("span", "vizkit-roster-group", element("bdi", "", text.slice(0, at)));
    const made = element("span", "vizkit-roster-name", group, element("span", "vizkit-roster-last", text.slice(at)));
    made.title = text;
    return made;
  }

  function newRow(texts, i) {
    const row = element("div", "vizkit-roster-row", name(texts[0] ?? ""));
    row.append(...texts.slice(1).map((text) => element("span", "vizkit-roster-cell", text)));
    const share = model.get("bars")[i];
    if (typeof share === "number") {
      row.classList.add("vizkit-roster-barred");
      row.lastChild.style.setProperty("--vizkit-share", `${100 * Math.min(1, Math.max(0, share))}%`);
    }
    row.role = "option";
    row.addEventListener("click", () => choose(i));
    return row;
  }

  /** Of a column, the same in the head and in the body: room for its longest text, and for a bar in the last. */
  function width(i) {
    const longest = Math.max(...[model.get("columns"), ...model.get("rows")].map((texts) => (texts[i] ?? "").length));
    const barred = i === model.get("columns").length - 1 && model.get("bars").length > 0;
    return `max(${longest + 1}ch, ${barred ? 3.4 : 2.6}em)`;
  }

  function fill() {
    const rows = model.get("rows");
    const columns = model.get("columns");
    head.replaceChildren(...columns.map((text) => element("span", "", text)));
    body.replaceChildren(...rows.map(newRow));
    const longest = Math.max(0, ...[columns, ...rows].map((texts) => (texts[0] ?? "").length));
    const first = `minmax(min(${longest + 1}ch, 6em), 1fr)`; // a number is never cut
    el.style.setProperty("--vizkit-columns", [first, ...columns.slice(1).map((_, i) => width(i + 1))].join(" "));
    head.hidden = !rows.length;
    body.hidden = !rows.length;
    hint.hidden = Boolean(rows.length);
    mark();
  }

  function mark() {
    const selected = model.get("selected");
    body.ariaLabel = model.get("label");
    hint.textContent = model.get("hint");
    [...body.children].forEach((row, i) => {
      row.ariaSelected = String(i === selected);
      row.tabIndex = i === Math.max(selected, 0) ? 0 : -1;
    });
    keepInView(body.children[selected]);
  }

  /** Scroll the list, and nothing else of the page. */
  function keepInView(row) {
    if (!row) return;
    const [top, bottom] = [row.offsetTop, row.offsetTop + row.offsetHeight];
    if (top < body.scrollTop) body.scrollTop = top;
    else if (bottom > body.scrollTop + body.clientHeight) body.scrollTop = bottom - body.clientHeight;
  }

  function onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const at = [...body.children].indexOf(event.target);
    const steps = { ArrowUp: -1, ArrowDown: 1, PageUp: -10, PageDown: 10 };
    const last = body.children.length - 1;
    const to = { Home: 0, End: last }[event.key] ?? Math.max(0, Math.min(last, at + steps[event.key]));
    if (event.key === "Enter" || event.key === " ") choose(at);
    else if (!Number.isNaN(to)) {
      body.children[to].focus({ preventScroll: true });
      choose(to);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  el.classList.add("vizkit-roster");
  keepKeys(el);
  body.role = "listbox";
  body.addEventListener("keydown", onKey);
  el.append(head, body, hint);
  const deafen = listen(model, {
    "change:rows": fill,
    "change:bars": fill,
    "change:columns": fill,
    "change:selected": mark,
    "change:hint": mark,
    "change:label": mark,
  });
  fill();
  model.send({ ready: crypto.randomUUID?.() ?? String(Math.random()) });
  return deafen;
}

export default { render };
