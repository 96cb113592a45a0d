// Where pictures are from: named, and copied as text. A part of live_image.mjs's module.
//
// From Python: the trait sources, a text for each picture: a comment that names it, and the Python that makes it.

const COPY = "Copy source";
const NOTICE = 2000; // milliseconds that "Copied" stands there

/** `wanted()` gives the indices of the pictures that are to be copied. */
function copying(model, wanted) {
  const copier = button("vizkit-live-open vizkit-live-copy", COPY, copy);
  const told = element("span", "vizkit-live-source");
  const said = element("span", "vizkit-live-said");
  const field = element("textarea", "vizkit-live-field");
  let timer = null;

  told.dir = "auto";
  said.role = "status";
  Object.assign(field, { readOnly: true, hidden: true, ariaLabel: "where the chosen pictures are from" });
  field.addEventListener("keydown", (event) => event.key === "Escape" && (field.hidden = true));

  const texts = () => wanted().map((i) => model.get("sources")[i]).filter(Boolean);
  const name = (text) => text.split("\n", 1)[0].replace(/^# /, "");

  async function copy() {
    const text = texts().join("\n\n");
    if (!text) return;
    try {
      await navigator.clipboard.writeText(text);
      field.hidden = true;
      notice("Copied");
    } catch {
      show(text); // the browser refuses, or the page has no clipboard
      notice("Press Ctrl+C");
    }
  }

  function show(text) {
    field.value = text;
    field.rows = Math.min(text.split("\n").length + 1, 8);
    field.hidden = false;
    field.focus();
    field.select();
  }

  function notice(text) {
    clearTimeout(timer);
    copier.textContent = said.textContent = text;
    timer = setTimeout(() => ((copier.textContent = COPY), (said.textContent = "")), NOTICE);
  }

  function update() {
    const found = texts();
    const any = model.get("sources").some(Boolean);
    copier.hidden = told.hidden = said.hidden = !any;
    field.hidden ||= !any;
    copier.ariaDisabled = String(!found.length);
    copier.title = "Copy the names of the chosen pictures, and the Python that makes them";
    if (!found.length) told.textContent = "Choose pictures to see where they are from";
    else told.textContent = found.length > 1 ? `${found.length} pictures chosen` : name(found[0]);
    told.title = found.map(name).join("\n");
  }

  return { parts: [copier, said, told, field], copy, update, end: () => clearTimeout(timer) };
}
