// Run and Stop, a bar, and two lines of text.
//
// From Python: the traits state, progress, status, problem.
// To Python:   {view, ready} once, {do: "run"} and {do: "stop"} for the buttons, {view, gone} at the end.

const TRAITS = ["state", "status", "progress", "problem"];

function element(tag, name, ...children) {
  const made = document.createElement(tag);
  made.className = name;
  made.append(...children);
  return made;
}

function button(name, text, act) {
  const made = element("button", `vizkit-button vizkit-${name}`, text);
  made.type = "button";
  made.addEventListener("click", () => made.ariaDisabled !== "true" && act());
  return made;
}

/** Handles of ipywidgets' sliders carry no name of their own: give them their label's. */
function nameSliders(root) {
  for (const handle of root.querySelectorAll(".noUi-handle:not([aria-label])")) {
    const label = handle.closest(".jupyter-widgets")?.querySelector(".widget-label")?.textContent;
    if (label) handle.ariaLabel = label;
  }
}

function watchSliders(el) {
  const around = () => el.closest(".vizkit-panel, .vizkit-explorer");
  const watch = new MutationObserver(() => nameSliders(around()));
  requestAnimationFrame(() => {
    const panel = around();
    if (!panel) return; // shown on its own
    nameSliders(panel);
    watch.observe(panel, { childList: true, subtree: true });
  });
  return () => watch.disconnect();
}

/** A panel that its reader has just opened below another one comes into view; one that was there before stays. */
function bringIntoView(el) {
  const smooth = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  const show = () => el.closest(".vizkit-below")?.scrollIntoView({ block: "nearest", behavior: smooth ? "smooth" : "auto" });
  if (navigator.userActivation?.isActive) requestAnimationFrame(show);
}

function render({ model, el }) {
  const view = crypto.getRandomValues(new Uint32Array(4)).join("-");
  const run = button("run", "Run", () => model.send({ do: "run" }));
  const stop = button("stop", "Stop", () => model.send({ do: "stop" }));
  const status = element("span", "vizkit-status");
  const problem = element("p", "vizkit-problem");
  const bar = element("progress", "vizkit-bar");
  bar.max = 1;
  bar.ariaLabel = "progress";
  status.role = "status";
  problem.role = "alert";
  el.classList.add("vizkit-transport");
  el.append(element("div", "vizkit-buttons", run, stop, status), bar, problem);

  function update() {
    const state = model.get("state");
    el.dataset.state = state;
    run.title = state === "running" ? "Start again" : "Start from the beginning";
    stop.ariaDisabled = String(state !== "running"); // not `disabled`, which would drop the keyboard's focus
    status.ariaLive = state === "running" ? "off" : "polite"; // ten steps a second are no news
    status.textContent = model.get("status");
    bar.value = model.get("progress");
    problem.textContent = model.get("problem");
    problem.hidden = !problem.textContent;
  }

  const unwatch = watchSliders(el);
  for (const name of TRAITS) model.on(`change:${name}`, update);
  update();
  bringIntoView(el);
  model.send({ view, ready: true });
  return () => {
    unwatch();
    for (const name of TRAITS) model.off(`change:${name}`, update);
    model.send({ view, gone: true });
  };
}

export default { render };
