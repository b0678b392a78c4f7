/* Choosing words by keyboard: arrows go from word to word, with Shift they choose more. */

const WORDS = typeof Intl.Segmenter === "function" ? new Intl.Segmenter(undefined, { granularity: "word" }) : null;

function wordsOf(text) {
  if (!WORDS) return [...text.matchAll(/\S+/g)].map((word) => [word.index, word.index + word[0].length]);
  return [...WORDS.segment(text)].filter((part) => /[^\s]/.test(part.segment)).map((part) => [part.index, part.index + part.segment.length]);
}

export class Walk {
  /* `position` is of the view on the screen; `on.say` hears what is chosen,
     `on.enter` of Enter. */
  constructor(region, position, on) {
    this.region = region;
    this.position = position;
    this.on = on;
    this.words = wordsOf(position.element.textContent);
    [this.anchor, this.head] = this.chosen() ?? [this.firstSeen(), this.firstSeen()];
    this.listen = (event) => this.keydown(event);
    this.stop = () => this.end();
    region.addEventListener("keydown", this.listen);
    region.addEventListener("blur", this.stop);
    region.focus();
    this.show();
  }

  get isEmpty() {
    return !this.words.length;
  }

  end() {
    this.region.removeEventListener("keydown", this.listen);
    this.region.removeEventListener("blur", this.stop);
    this.region.classList.remove("is-walked");
    this.on.end();
  }

  rect(index) {
    return this.position.stretch(...this.words[index]).getBoundingClientRect();
  }

  /* The first and the last word of what is selected here already. */
  chosen() {
    const selection = getSelection();
    const range = selection.rangeCount && !selection.isCollapsed ? selection.getRangeAt(0) : null;
    if (!range || !this.position.element.contains(range.commonAncestorContainer)) return null;
    const from = this.position.place(range.startContainer, range.startOffset, 0);
    const to = this.position.place(range.endContainer, range.endOffset, 0);
    const first = this.words.findIndex(([, end]) => end > from);
    const last = this.words.findLastIndex(([start]) => start < to);
    return first >= 0 && last >= first ? [first, last] : null;
  }

  firstSeen() {
    const top = this.region.getBoundingClientRect().top;
    const found = this.words.findIndex((_, index) => this.rect(index).top >= top);
    return Math.max(found, 0);
  }

  keydown(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || this.isEmpty) return;
    const go = { ArrowRight: () => this.head + 1, ArrowLeft: () => this.head - 1, ArrowDown: () => this.line(1), ArrowUp: () => this.line(-1), Home: () => 0, End: () => this.words.length - 1 }[event.key];
    if (go) this.move(go(), event.shiftKey);
    else if (event.key === "Escape") this.leave();
    else if (event.key === "Enter") this.on.enter();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  move(to, isMore) {
    this.head = Math.min(Math.max(to, 0), this.words.length - 1);
    if (!isMore) this.anchor = this.head;
    this.show();
  }

  leave() {
    getSelection().removeAllRanges();
    this.end();
  }

  /* The word of the next line that stands nearest below or above. */
  line(by) {
    const here = this.rect(this.head);
    const middle = (rect) => (rect.left + rect.right) / 2;
    let best = this.head;
    let top = null;
    for (let index = this.head + by; this.words[index]; index += by) {
      const rect = this.rect(index);
      const isOther = by > 0 ? rect.top >= here.bottom - 2 : rect.bottom <= here.top + 2;
      if (!isOther) continue;
      if (top !== null && Math.abs(rect.top - top) > here.height / 2) break;
      if (top === null || Math.abs(middle(rect) - middle(here)) < Math.abs(middle(this.rect(best)) - middle(here))) best = index;
      top ??= rect.top;
    }
    return best;
  }

  show() {
    if (this.isEmpty) return;
    const [from, to] = [Math.min(this.anchor, this.head), Math.max(this.anchor, this.head)];
    const range = this.position.stretch(this.words[from][0], this.words[to][1]);
    const selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    this.region.classList.add("is-walked");
    const seen = this.region.getBoundingClientRect();
    const rect = this.rect(this.head);
    if (rect.bottom > seen.bottom - 48) this.region.scrollTop += rect.bottom - seen.bottom + 48;
    if (rect.top < seen.top) this.region.scrollTop -= seen.top - rect.top;
    this.on.say(range.toString());
  }
}
