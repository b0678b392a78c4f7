/* Where a stretch of a text on the screen stands in its source, and back. Offsets of the
   source count characters (code points); the page counts UTF-16 units. */

const PAIR = /[\ud800-\udbff][\udc00-\udfff]/;

/* UTF-16 index to characters, and back. */
const points = (text, index) => (PAIR.test(text) ? [...text.slice(0, index)].length : index);
const units = (text, n) => (PAIR.test(text) ? [...text].slice(0, n).join("").length : n);

export class Positions {
  /* `triples`: [place shown, place in the source, length] in order; none = the same text. */
  constructor(element, triples, nSource) {
    this.element = element;
    this.blocks = triples.length ? triples : [[0, 0, nSource]];
    this.nSource = nSource;
  }

  get isShown() {
    return !this.element.hidden;
  }

  /* The source's [start, end) of a range on the screen, or null where nothing is selected. */
  source(range) {
    const text = this.element.textContent;
    let start = this.place(range.startContainer, range.startOffset, 0);
    let end = this.place(range.endContainer, range.endOffset, text.length);
    while (start < end && /\s/.test(text[start])) start += 1;
    while (start < end && /\s/.test(text[end - 1])) end -= 1;
    if (start >= end) return null;
    const from = this.sourceStart(points(text, start));
    const to = this.sourceEnd(points(text, end));
    return from < to ? { start: from, end: to } : null;
  }

  /* A place of the page as UTF-16 units of the text; outside of it the given bound. */
  place(node, offset, bound) {
    if (!this.element.contains(node)) return bound;
    const before = document.createRange();
    before.setStart(this.element, 0);
    before.setEnd(node, offset);
    return before.toString().length;
  }

  /* What the source lacks (a formula's signs) stands for all between its neighbours. */
  sourceStart(shown) {
    let last = 0;
    for (const [at, source, length] of this.blocks) {
      if (at > shown) break;
      if (shown < at + length) return source + shown - at;
      last = source + length;
    }
    return last;
  }

  sourceEnd(shown) {
    for (const [at, source, length] of this.blocks) {
      if (shown <= at) return source;
      if (shown <= at + length) return source + shown - at;
    }
    return this.nSource;
  }

  /* The range on the screen that shows the source's [start, end). */
  range(start, end) {
    const text = this.element.textContent;
    const found = this.blocks.filter(([, source, length]) => source < end && source + length > start);
    if (!found.length) return this.between(text, start, end);
    const [first, last] = [found[0], found.at(-1)];
    const from = first[0] + Math.max(0, start - first[1]);
    const to = last[0] + Math.min(last[2], end - last[1]);
    return this.stretch(units(text, from), units(text, to));
  }

  between(text, start, end) {
    const before = this.blocks.findLast(([, source, length]) => source + length <= start);
    const after = this.blocks.find(([, source]) => source >= end);
    const from = before ? units(text, before[0] + before[2]) : 0;
    const to = after ? units(text, after[0]) : text.length;
    return this.stretch(from, to);
  }

  stretch(from, to) {
    const range = document.createRange();
    const walker = document.createTreeWalker(this.element, NodeFilter.SHOW_TEXT);
    let passed = 0;
    let hasStart = false;
    while (walker.nextNode()) {
      const { length } = walker.currentNode.data;
      if (!hasStart && from < passed + length) {
        range.setStart(walker.currentNode, from - passed);
        hasStart = true;
      }
      if (hasStart && to <= passed + length) {
        range.setEnd(walker.currentNode, to - passed);
        return range;
      }
      passed += length;
    }
    return null;
  }
}
