// What a site's pages do beyond being read: sort and filter a layer, go on with the arrow keys, search, copy.
// Everything that comes from the site's data is set as text.

(() => {
  "use strict";

  const one = (query, from = document) => from.querySelector(query);
  const all = (query, from = document) => [...from.querySelectorAll(query)];

  function element(name, text = "") {
    const made = document.createElement(name);
    made.textContent = text;
    return made;
  }

  const typing = (target) => target instanceof HTMLElement && target.closest("input, select, textarea") !== null;
  const plain = (event) => !(event.altKey || event.ctrlKey || event.metaKey || event.shiftKey);

  // -- a layer: which pictures, in which order, of which label; kept in the address -----------------------------------

  function layer(sheet) {
    const toolbar = one("[data-toolbar]");
    const order = one("[data-order]");
    const label = one("[data-label]");
    const units = all("a", sheet);
    const number = (unit, name, absent) => (unit.dataset[name] ? Number(unit.dataset[name]) : absent);
    const orders = {
      number: (a, b) => number(a, "unit") - number(b, "unit"),
      share: (a, b) => number(b, "share", -1) - number(a, "share", -1),
      sparse: (a, b) => number(a, "sparse", 2) - number(b, "sparse", 2),
      best: (a, b) => number(b, "best", -Infinity) - number(a, "best", -Infinity),
    };
    const state = { show: "made", order: "number", label: "" };

    for (const unit of units) {
      const image = one("img", unit);
      image.dataset.made = image.getAttribute("src");
    }

    function show(image, kind) {
      const source = image.dataset[kind];
      if (image.getAttribute("src") !== source) image.src = source;
    }

    function draw() {
      for (const button of all("[data-show]", toolbar)) {
        button.setAttribute("aria-pressed", String(button.dataset.show === state.show));
      }
      order.value = state.order;
      if (label) label.value = state.label;
      const sorted = [...units].sort((a, b) => orders[state.order](a, b) || orders.number(a, b));
      const shown = sorted.filter((unit) => !state.label || unit.dataset.word === state.label);
      const there = new Set(shown);
      for (const unit of sorted) unit.hidden = !there.has(unit);
      sheet.append(...sorted);
      for (const unit of units) show(one("img", unit), state.show);
      one("[data-count]").textContent = `${shown.length.toLocaleString("en")} unit${shown.length === 1 ? "" : "s"}`;
      one("[data-none]").hidden = shown.length > 0;
    }

    function restore() {
      const told = new URLSearchParams(location.hash.slice(1));
      const known = label ? [...label.options].map((option) => option.value) : [];
      state.show = told.get("show") === "real" ? "real" : "made";
      state.order = Object.hasOwn(orders, told.get("order") ?? "") ? told.get("order") : "number";
      state.label = known.includes(told.get("label")) ? told.get("label") : "";
      draw();
    }

    function change(name, value) {
      state[name] = value;
      const told = new URLSearchParams();
      if (state.show !== "made") told.set("show", state.show);
      if (state.order !== "number") told.set("order", state.order);
      if (state.label) told.set("label", state.label);
      history.replaceState(null, "", `#${told}`);
      draw();
    }

    for (const button of all("[data-show]", toolbar)) {
      button.addEventListener("click", () => change("show", button.dataset.show));
    }
    order.addEventListener("change", () => change("order", order.value));
    label?.addEventListener("change", () => change("label", label.value));
    addEventListener("hashchange", restore);

    // the other kind of picture while the mouse rests on a unit
    for (const unit of units) {
      const image = one("img", unit);
      unit.addEventListener("pointerenter", (event) => {
        if (event.pointerType === "mouse") show(image, state.show === "made" ? "real" : "made");
      });
      unit.addEventListener("pointerleave", () => show(image, state.show));
    }

    toolbar.hidden = false;
    restore();
    return () => all("a:not([hidden])", sheet);
  }

  // -- arrow keys: through the units of a sheet, or from unit to unit ---------------------------------------------------

  function columns(units) {
    const first = units[0].offsetTop;
    const below = units.findIndex((unit) => unit.offsetTop > first);
    return below < 0 ? units.length : below;
  }

  function walk(units, key) {
    const here = units.indexOf(document.activeElement);
    if (here < 0) return key.startsWith("Arrow") ? units[0] : undefined;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns(units), ArrowDown: columns(units) };
    if (key === "Home") return units[0];
    if (key === "End") return units.at(-1);
    return units[here + steps[key]] ?? units[here];
  }

  function keys(shown) {
    addEventListener("keydown", (event) => {
      if (!plain(event) || typing(event.target)) return;
      if (!["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) return;
      if (shown) {
        const units = shown();
        const next = units.length ? walk(units, event.key) : undefined;
        if (!next) return;
        event.preventDefault();
        next.focus();
        next.scrollIntoView({ block: "nearest" });
        return;
      }
      if (event.target instanceof HTMLElement && event.target.closest("pre")) return; // it scrolls
      const rel = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
      const link = rel && one(`a[rel="${rel}"][href]`);
      if (link) {
        event.preventDefault();
        location.href = link.href;
      }
    });
  }

  // -- search -----------------------------------------------------------------------------------------------------------

  const MOST = 30; // of what is found

  function search(box) {
    const input = one("input", box);
    const list = one("ul", box);
    const root = box.dataset.root;
    let asked = false;

    function load() {
      if (asked) return;
      asked = true;
      const script = element("script");
      script.src = box.dataset.search;
      script.addEventListener("load", answer);
      document.head.append(script);
    }

    function link(text, beside, address) {
      const item = element("li");
      const made = element("a");
      const words = element("span", text);
      words.dir = "auto";
      made.href = root + address;
      made.append(words, element("span", beside));
      item.append(made);
      return item;
    }

    function* found(data, wanted) {
      const has = (text) => text.toLowerCase().includes(wanted);
      for (const [name, place, kind, units] of data.layers) {
        if (has(name) || has(kind)) yield link(name, `${kind} · ${units}`, `${place}/index.html`);
      }
      const words = new Set(data.words.flatMap((word, number) => (has(word) ? [number] : [])));
      const names = new Set(data.names.flatMap((name, number) => (has(name) ? [number] : [])));
      const labelled = data.units.filter((unit) => words.has(unit[2])).sort((a, b) => b[3] - a[3]);
      for (const [layer, unit, word, percent] of labelled) {
        const [name, place] = data.layers[layer];
        const share = percent > 0 ? ` · ${percent} %` : "";
        yield link(`${data.words[word]}${share}`, `${name} · ${unit}`, `${place}/${unit}.html`);
      }
      for (const rank of [0, 1, 2]) {
        for (const [layer, unit, , , shown] of data.units) {
          if (!names.has(shown[rank])) continue;
          const [name, place] = data.layers[layer];
          yield link(data.names[shown[rank]], `${name} · ${unit}`, `${place}/${unit}.html`);
        }
      }
    }

    function answer() {
      const wanted = input.value.trim().toLowerCase();
      const data = window.vizkitSearch;
      list.hidden = !wanted || !data;
      if (list.hidden) return;
      const items = [];
      let more = false;
      for (const item of found(data, wanted)) {
        more = items.length === MOST;
        if (more) break;
        items.push(item);
      }
      const note = element("li");
      note.append(element("p", more ? "And more: type on." : "Nothing found."));
      list.replaceChildren(...items, ...(more || !items.length ? [note] : []));
    }

    input.addEventListener("focus", load);
    input.addEventListener("input", () => {
      load();
      answer();
    });
    box.addEventListener("keydown", (event) => {
      const links = all("a", list);
      const here = links.indexOf(document.activeElement);
      if (event.key === "Escape") {
        list.hidden = true;
        input.focus();
      } else if (event.key === "ArrowDown" && !list.hidden) {
        event.preventDefault();
        event.stopPropagation();
        links[Math.min(here + 1, links.length - 1)]?.focus();
      } else if (event.key === "ArrowUp" && !list.hidden) {
        event.preventDefault();
        event.stopPropagation();
        (links[here - 1] ?? input).focus();
      } else if (event.key === "Enter" && event.target === input) {
        links[0]?.click();
      }
    });
    document.addEventListener("pointerdown", (event) => {
      if (!box.contains(event.target)) list.hidden = true;
    });
    box.hidden = false;
  }

  // -- a recipe to take along ---------------------------------------------------------------------------------------------

  function copying(button) {
    const text = one("pre", button.parentElement);
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(text);
        button.textContent = "Selected";
      }
      setTimeout(() => (button.textContent = "Copy"), 1500);
    });
    button.hidden = false;
  }

  const sheet = one("[data-sheet]");
  keys(sheet ? layer(sheet) : undefined);
  all("[data-search]").forEach(search);
  all("[data-copy]").forEach(copying);
})();
