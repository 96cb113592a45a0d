// What is known of a unit beside its pictures: how often it answers how strongly, and which classes lead. A part of
// live_image.mjs's module.
//
// From Python: the trait profile; {} for none.

const WIDE = 120; // of the drawing's own coordinates; it is stretched to the space there is
const HIGH = 60;
const RUG = 9; // of its height, below the bars, for the marks

/** A number to three digits, as short as it can be written. */
function digits(number) {
  return String(Number(number.toPrecision(3)));
}

function percent(share) {
  return share > 0 && share < 0.01 ? "< 1 %" : `${Math.round(100 * share)} %`;
}

function profiled(model) {
  const drawing = drawn("svg", { viewBox: `0 0 ${WIDE} ${HIGH + RUG}`, preserveAspectRatio: "none", role: "img" });
  const low = element("span", "");
  const high = element("span", "");
  const told = element("p", "vizkit-profile-told");
  const axis = element("div", "vizkit-profile-axis", low, element("span", "", "answer"), high);
  const heading = element("h4", "", "How strongly it answers");
  const answers = element("div", "vizkit-profile-answers", heading, drawing, axis, told);
  const strongest = element("h4", "");
  const list = element("ul", "");
  const key = element("p", "vizkit-profile-key", "share of the class among all pictures");
  const classes = element("div", "vizkit-profile-classes", strongest, list, key);
  const part = element("div", "vizkit-profile", answers, classes);
  let marks = [];
  let drawnOf = null; // what the part shows

  drawing.classList.add("vizkit-profile-drawing");
  part.role = "group";

  /** Bars by the logarithm of their counts: the strongest answers are few, and they are what the pictures show. */
  function bars(counts) {
    const most = Math.log1p(Math.max(...counts));
    const wide = WIDE / counts.length;
    return counts.map((count, i) => {
      const height = count ? Math.max(1, (HIGH * Math.log1p(count)) / most) : 0;
      return drawn("rect", { x: i * wide, y: HIGH - height, width: wide * 0.92, height });
    });
  }

  function mark(value, [least, greatest]) {
    if (value === null) return null;
    const x = (WIDE * (value - least)) / (greatest - least || 1);
    return drawn("line", { x1: x, x2: x, y1: HIGH + 2, y2: HIGH + RUG });
  }

  function row([word, count, usual], first) {
    const name = element("span", "vizkit-profile-word", word);
    const number = element("span", "vizkit-profile-number", `${count}`);
    const made = element("li", "", name, element("span", "vizkit-profile-bar"), number);
    name.dir = "auto";
    made.style.setProperty("--share", count / first);
    made.style.setProperty("--usual", usual);
    made.title = `${word}: ${count} of the ${first} strongest; of all pictures ${percent(usual)}`;
    return made;
  }

  function update() {
    const found = model.get("profile");
    if (found === drawnOf) return;
    drawnOf = found;
    const { counts = [], ends = [], groups = [], first = 0 } = found;
    part.hidden = !counts.length && !groups.length;
    answers.hidden = !counts.length;
    classes.hidden = !groups.length;
    part.ariaLabel = found.name ?? "";
    marks = counts.length ? found.marks.map((value) => mark(value, ends)) : [];
    if (counts.length) {
      drawing.setAttribute("aria-label", found.alt);
      drawing.replaceChildren(...bars(counts), ...marks.filter(Boolean));
      [low.textContent, high.textContent] = ends.map(digits);
    }
    strongest.textContent = `Classes of the ${first} strongest`;
    list.replaceChildren(...groups.map((group) => row(group, first)));
    point(-1);
  }

  /** Let the mark of picture `i` stand out; of none with -1. */
  function point(i) {
    const { counts = [], ends = [], marks: values = [] } = model.get("profile");
    marks.forEach((line, j) => {
      line?.setAttribute("y1", j === i ? 0 : HIGH + 2);
      line?.classList.toggle("vizkit-profile-here", j === i);
    });
    if (marks[i]) told.textContent = sentence(values[i], counts, ends);
    else told.textContent = "Bars: all answers, log scale. Marks: the pictures shown.";
  }

  function sentence(value, counts, [least, greatest]) {
    const bin = Math.floor((counts.length * (value - least)) / (greatest - least || 1));
    const sum = (some) => some.reduce((all, count) => all + count, 0);
    const above = sum(counts.slice(bin + 1)) / sum(counts);
    return `This picture: ${digits(value)}; ${percent(above)} of all answers are stronger.`;
  }

  return { part, update, point };
}
