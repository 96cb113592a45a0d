// A picture larger than its cell, floating beside it while the pointer or the keyboard is there. A part of
// live_image.mjs's module. It takes no room and no clicks, and tells nothing that the cell does not.

const LINGER = 180; // milliseconds before the first one shows
const CROSSING = 90; // milliseconds that the pointer may take from one cell to the next
const LARGE = 340; // pixels of its longer side
const WORTH = 1.3; // times the cell's, or it is not worth it
const APART = 10; // pixels from the cell, and from the window's edge

/** Left and top for a box of `size` next to `rect`: to its right, its left, below or above, inside the window. */
function besideOf(rect, size) {
  const inside = (at, length, room) => Math.max(APART, Math.min(at, room - length - APART));
  const middle = inside(rect.top + (rect.height - size.height) / 2, size.height, innerHeight);
  if (rect.right + APART + size.width + APART <= innerWidth) return [rect.right + APART, middle];
  if (rect.left - APART - size.width >= APART) return [rect.left - APART - size.width, middle];
  const center = inside(rect.left + (rect.width - size.width) / 2, size.width, innerWidth);
  const below = rect.bottom + APART + size.height + APART <= innerHeight;
  return [center, below ? rect.bottom + APART : Math.max(APART, rect.top - APART - size.height)];
}

/** `wanted()` says whether cells may be enlarged now; `words(cell)` what stands below. */
function lens(el, wanted, words) {
  const part = element("div", "vizkit-lens", element("img", ""), element("div", "vizkit-lens-words"));
  const [picture, caption] = part.children;
  let cell = null; // the one that is shown
  let timer = null;

  part.popover = "manual"; // above everything, whatever scrolls or clips around the cell
  part.ariaHidden = "true";
  picture.alt = "";

  function worth(source) {
    const rect = source.getBoundingClientRect();
    return source.naturalWidth > 0 && LARGE / Math.max(rect.width, rect.height) >= WORTH;
  }

  function show(next) {
    const source = next.querySelector("img");
    if (!next.isConnected || !wanted() || !worth(source) || !part.showPopover) return close();
    cell = next;
    el.append(part);
    fill();
    part.showPopover();
    placeIt();
  }

  function fill() {
    const source = cell.querySelector("img");
    const room = Math.min(LARGE, innerWidth - 4 * APART, innerHeight - 8 * APART);
    const times = room / Math.max(source.naturalWidth, source.naturalHeight);
    picture.style.width = `${Math.round(source.naturalWidth * times)}px`;
    picture.style.height = `${Math.round(source.naturalHeight * times)}px`;
    if (picture.src !== source.src) picture.src = source.src;
    caption.textContent = words(cell);
  }

  function placeIt() {
    if (!cell?.isConnected) return close();
    const size = { width: part.offsetWidth, height: part.offsetHeight }; // once it has grown to it
    const [left, top] = besideOf(cell.querySelector("img").getBoundingClientRect(), size);
    Object.assign(part.style, { left: `${left}px`, top: `${top}px` });
  }

  function open(next, atOnce = false) {
    clearTimeout(timer);
    if (cell || atOnce) show(next);
    else timer = setTimeout(show, LINGER, next);
  }

  function close() {
    clearTimeout(timer);
    cell = null;
    if (!part.isConnected) return;
    part.remove();
    picture.removeAttribute("src");
  }

  /** Close unless another cell opens it soon. */
  function leave() {
    clearTimeout(timer);
    timer = setTimeout(close, CROSSING);
  }

  /** Show what the cell holds now; it may have got another picture, or be gone. */
  function refresh() {
    if (!cell) return;
    if (!cell.isConnected || !wanted()) return close();
    fill();
    placeIt();
  }

  window.addEventListener("scroll", placeIt, { capture: true, passive: true });
  window.addEventListener("resize", refresh);
  const end = () => {
    close();
    window.removeEventListener("scroll", placeIt, { capture: true });
    window.removeEventListener("resize", refresh);
  };
  return { open, close, leave, refresh, end, isOpen: () => cell !== null };
}
