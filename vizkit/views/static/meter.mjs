// How far to trust what is shown: a sentence, and a bar for each question.
//
// From Python: the traits state, pictures and summary ({verdict, caption, lines}), about, problem, selected (-1: all)
//              and can_judge.
// To Python:   {view, ready: true} once, {do: "judge"} for the button, and the trait selected.

const TRAITS = ["state", "pictures", "summary", "about", "problem", "selected", "can_judge"];
const SIGNS = { good: "✓", fair: "~", bad: "✗", note: "·", unknown: "?" };
const WORDS = {
  good: "speaks for it",
  fair: "speaks for it in part",
  bad: "speaks against it",
  note: "neither for nor against",
  unknown: "not known",
};
const ASKED = ["On the clean picture", "Moved, blurred, re-encoded", "Beside real pictures", "A second network"];
const HINT = { true: "Judged when the run ends, or at once with Judge.", false: "Judged when the run ends." };

const percent = (share) => `${Math.round(100 * share)} %`;

function bar(line) {
  const track = element("div", "vizkit-meter-track");
  if (line.value === null || line.value === undefined) {
    track.role = "img";
    track.ariaLabel = `${line.name}: ${line.says || WORDS.unknown}`;
    return track;
  }
  const fill = element("div", "vizkit-meter-fill");
  fill.style.width = `${100 * line.value}%`;
  track.append(fill);
  track.role = "meter";
  track.ariaLabel = line.name;
  track.ariaValueMin = "0";
  track.ariaValueMax = "100";
  track.ariaValueNow = String(Math.round(100 * line.value));
  track.ariaValueText = `${percent(line.value)}, ${WORDS[line.tone]}. ${line.says}`;
  if (typeof line.mark === "number") {
    const mark = element("div", "vizkit-meter-mark");
    mark.style.left = `${100 * line.mark}%`;
    mark.title = `real pictures: ${percent(line.mark)}`;
    track.append(mark);
  }
  return track;
}

/** A question that opens what its answer means. */
function question(line, open, toggle) {
  const made = button("vizkit-meter-name", "", toggle);
  const sign = element("span", "vizkit-meter-sign", SIGNS[line.tone] ?? "?");
  sign.role = "img";
  sign.ariaLabel = WORDS[line.tone] ?? WORDS.unknown;
  const words = element("span", "vizkit-meter-words", line.name);
  words.dir = "auto";
  made.append(sign, words);
  made.title = line.means;
  made.ariaExpanded = String(open);
  return made;
}

function row(line, open, toggle) {
  const says = element("div", "vizkit-meter-says", line.says);
  const means = element("p", "vizkit-meter-means", line.means);
  says.dir = means.dir = "auto";
  means.hidden = !open;
  const made = element("li", "vizkit-meter-line", question(line, open, toggle), bar(line), says, means);
  made.dataset.tone = line.tone in SIGNS ? line.tone : "unknown";
  return made;
}

function option(value, text) {
  const made = element("option", "", text);
  made.value = String(value);
  return made;
}

function render({ model, el }) {
  const view = crypto.getRandomValues(new Uint32Array(4)).join("-");
  const verdict = element("p", "vizkit-meter-verdict");
  const judge = button("vizkit-meter-judge", "Judge", () => model.send({ do: "judge" }));
  const which = element("select", "vizkit-meter-which");
  const list = element("ul", "vizkit-meter-lines");
  const about = element("p", "vizkit-meter-about");
  const opened = new Set(); // which questions are explained, by their place
  verdict.role = "status";
  verdict.dir = about.dir = "auto";
  which.ariaLabel = "picture";
  judge.title = "Measure the picture as it is now";
  el.classList.add("vizkit-meter");
  el.role = "group";
  el.ariaLabel = "How far to trust this picture";
  keepKeys(el);
  el.append(element("div", "vizkit-meter-head", verdict, which, judge), list, about);

  /** The lines that are shown: of the selected picture, of all, or none but their questions. */
  function page() {
    const pictures = model.get("pictures");
    const shown = pictures[model.get("selected")] ?? (pictures.length ? model.get("summary") : null);
    return shown ?? { verdict: "", lines: ASKED.map((name) => ({ name, says: "", tone: "unknown", means: "" })) };
  }

  function told(state, shown) {
    if (state === "waiting") return "Judging …";
    if (state === "failed") return model.get("problem");
    return shown.verdict || HINT[model.get("can_judge")];
  }

  function offer() {
    const pictures = model.get("pictures");
    const names = pictures.map((picture, i) => option(i, picture.caption || `picture ${i + 1}`));
    which.hidden = pictures.length < 2;
    which.replaceChildren(option(-1, `all ${pictures.length} pictures`), ...names);
    which.value = String(model.get("selected"));
  }

  function toggle(i) {
    const closes = opened.delete(i);
    if (!closes) opened.add(i);
    update();
    list.children[i].querySelector("button").focus();
  }

  function update() {
    const state = model.get("state");
    const shown = page();
    el.dataset.state = state;
    el.ariaBusy = String(state === "waiting");
    verdict.textContent = told(state, shown);
    judge.hidden = !model.get("can_judge");
    judge.ariaDisabled = String(state === "waiting"); // not `disabled`, which would drop the keyboard's focus
    list.replaceChildren(...shown.lines.map((line, i) => row(line, opened.has(i), () => toggle(i))));
    about.textContent = model.get("about");
    about.hidden = !about.textContent;
  }

  which.addEventListener("change", () => {
    model.set("selected", Number(which.value));
    model.save_changes();
  });
  const silence = listen(model, {
    ...Object.fromEntries(TRAITS.map((name) => [`change:${name}`, update])),
    "change:pictures": () => (offer(), update()),
    "change:selected": () => ((which.value = String(model.get("selected"))), update()),
  });
  offer();
  update();
  model.send({ view, ready: true });
  return silence;
}

export default { render };
