/* Which words differ, marked without a change of the text: in the raw view by <mark>, in
   the rendered one by ranges that the browser paints. */

const WORD = /[\p{L}\p{N}]+/gu;
// A word that the rendering left out is looked for no further than this.
const REACH = 400;

export const canPaint = "highlights" in CSS;

/* Show a raw text in its pieces, [words, is marked]. */
export function markRaw(element, pieces) {
  element.replaceChildren(...pieces.map(part));
}

function part([text, isMarked]) {
  if (!isMarked) return text;
  const mark = document.createElement("mark");
  mark.className = "diff-only";
  mark.textContent = text;
  return mark;
}

/* Paint the marked words of the pieces in each of the rendered texts. */
export function paint(elements, pieces) {
  const ranges = elements.flatMap((element, place) => rangesOf(element, pieces[place]));
  CSS.highlights.set("diff-only", new Highlight(...ranges));
}

export function unpaint() {
  if (canPaint) CSS.highlights.delete("diff-only");
}

/* Follow the words of the raw text through the rendered one, in order. */
function rangesOf(element, pieces) {
  const { text, nodes } = textOf(element);
  const ranges = [];
  let at = 0;
  for (const [words, isMarked] of pieces) {
    let first = -1;
    let end = -1;
    for (const [word] of words.matchAll(WORD)) {
      const found = text.indexOf(word, at);
      if (found < 0 || found - at > REACH) continue;
      if (first < 0) first = found;
      at = end = found + word.length;
    }
    if (isMarked && first >= 0) ranges.push(rangeOf(nodes, first, end));
  }
  return ranges;
}

function textOf(element) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const nodes = [];
  let text = "";
  while (walker.nextNode()) {
    nodes.push({ node: walker.currentNode, start: text.length });
    text += walker.currentNode.data;
  }
  return { text, nodes };
}

function rangeOf(nodes, start, end) {
  const range = new StaticRange({ ...place("start", nodes, start), ...place("end", nodes, end) });
  return range;
}

function place(side, nodes, at) {
  let low = 0;
  let high = nodes.length - 1;
  const isBefore = (index) => nodes[index].start < at || (side === "start" && nodes[index].start === at);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (isBefore(middle)) low = middle;
    else high = middle - 1;
  }
  return { [`${side}Container`]: nodes[low].node, [`${side}Offset`]: at - nodes[low].start };
}
