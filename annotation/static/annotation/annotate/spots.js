/* Where the bar beside selected words stands. All rectangles are of the window. */

const GAP = 6;
const EDGE = 8;

/* What is in sight of a range inside `area`: its upper and lower edge, and its end. */
export function union(range, area) {
  const seen = [...range.getClientRects()].filter((rect) => rect.width > 0 && rect.bottom > area.top + 1 && rect.top < area.bottom - 1 && rect.right > area.left && rect.left < area.right);
  if (!seen.length) return null;
  const last = seen.at(-1);
  const { endContainer } = range;
  const isRtl = getComputedStyle(endContainer.parentElement ?? endContainer).direction === "rtl";
  return {
    top: Math.max(area.top, Math.min(...seen.map((rect) => rect.top))),
    bottom: Math.min(area.bottom, Math.max(...seen.map((rect) => rect.bottom))),
    end: isRtl ? last.left : last.right,
  };
}

const within = (value, low, high) => Math.max(low, Math.min(value, Math.max(low, high)));

/* Under the words or over them (`isAbove` first): inside the text where it fits, else
   beside it; never over the words themselves. */
export function spot({ words, area, size, view, isAbove }) {
  const [under, over] = [words.bottom + GAP, words.top - GAP - size.height];
  const order = isAbove ? [over, under] : [under, over];
  const fits = (low, high) => order.find((top) => top >= low && top + size.height <= high);
  const top = fits(area.top, area.bottom) ?? fits(EDGE, view.height - EDGE) ?? EDGE;
  const [low, high] = size.width + 2 * EDGE <= area.width ? [area.left, area.right] : [0, view.width];
  return { left: within(words.end - size.width / 2, low + EDGE, high - EDGE - size.width), top };
}

/* On a phone: over the controls at the lower edge, or at the upper one where the words
   lie there. */
export function docked({ words, size, ceiling, floor }) {
  const low = floor - EDGE - size.height;
  const isFree = !words || words.bottom <= low || words.top >= floor;
  const high = ceiling + EDGE;
  const isFreeAbove = words && words.top >= high + size.height;
  return { left: EDGE, top: isFree || !isFreeAbove ? low : high };
}
