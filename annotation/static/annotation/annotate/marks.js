/* Marked words: stretches of an answer that speak for or against it, with a tag and a
   note. Drawn as highlights, which may overlap and leave the text as it is. */

import { toast } from "../js/base.js";
import { all, one } from "./cells.js";
import { MarkBar } from "./markbar.js";
import { SPEAKS, rowOf } from "./markrow.js";
import { letter } from "./order.js";
import { Positions } from "./positions.js";
import { Walk } from "./walk.js";
import { format, gettext } from "../js/words.js";

const MARKED = { for: gettext("Marked in {letter}, speaks for: “{words}”."), against: gettext("Marked in {letter}, speaks against: “{words}”.") };
const KEPT = { for: gettext("Marked for {letter}."), against: gettext("Marked against {letter}.") };
const MAX_MARKS = 200;
// Only there the list is beside the texts; else going to it would lose one's place.
const DESK = matchMedia("(min-width: 60.01rem)");
const hasHighlights = typeof Highlight === "function" && Boolean(CSS.highlights);

export class Marks {
  constructor(root, question, { alignments }) {
    this.root = root;
    this.question = question;
    this.element = one(`[data-marks][data-question="${CSS.escape(question.name)}"]`, root);
    // Keys and buttons go to the first question of this type.
    this.isMain = one("[data-marks]", root) === this.element;
    this.list = one("[data-list]", this.element);
    this.empty = one("[data-empty]", this.element);
    this.told = one("[data-told]", this.element);
    this.cells = [];
    this.items = [];
    this.inHand = null;
    this.walking = null;
    this.texts = all(".completion[data-place]", root).map((card) => this.text(card, alignments));
    this.bar = this.isMain ? this.barOf() : null;
    this.listen();
    this.draw();
    // Somebody may have selected words before the page's scripts were there.
    this.bar?.follow();
  }

  barOf() {
    return new MarkBar(this.root, one("[data-template=bar]", this.element), {
      selected: () => this.selected(),
      mark: (polarity, selected) => this.mark(polarity, selected),
      open: ({ region }) => (this.inHand ? this.show(this.inHand, "[data-field]") : region.focus({ preventScroll: true })),
      back: (text, wasWalking) => this.back(text, wasWalking),
      isWalking: () => this.walking !== null,
    });
  }

  text(card, alignments) {
    const place = Number(card.dataset.place);
    const [rendered, raw] = [one("[data-rendered]", card), one("[data-raw]", card)];
    const { rendered: triples, raw: rawTriples } = alignments[place] ?? { rendered: [], raw: [] };
    const last = rawTriples.at(-1);
    const nSource = last ? last[1] + last[2] : [...raw.textContent].length;
    return { card, place, region: one("[data-text]", card), views: [new Positions(rendered, triples, nSource), new Positions(raw, rawTriples, nSource)] };
  }

  listen() {
    this.element.addEventListener("click", (event) => this.click(event));
    this.element.addEventListener("input", (event) => this.edit(event));
    this.element.addEventListener("keydown", (event) => this.typed(event));
    for (const text of this.texts) text.region.addEventListener("click", (event) => this.point(text, event));
    this.root.addEventListener("viewchange", () => {
      this.walking?.leave();
      this.highlight();
      this.bar?.follow();
    });
  }

  // --- the answer -------------------------------------------------------------------

  read() {
    if (!this.items.length) return null;
    return this.items.map(({ completion, start, end, polarity, tag, note }) => ({ completion, start, end, polarity, ...(tag ? { tag } : {}), ...(note?.trim() ? { note } : {}) }));
  }

  write(answer) {
    this.items = (answer ?? []).map((span) => ({ ...span }));
    this.inHand = null;
    this.draw();
  }

  problems(answer) {
    if (answer || !this.question.is_required) return [];
    return [{ path: `answers.${this.question.name}`, message: format(gettext("“{title}” has no mark yet. Mark words in an answer."), this.question) }];
  }

  locate() {
    return { field: this.element, focus: () => this.texts[0].region.focus() };
  }

  changed() {
    this.draw();
    this.element.dispatchEvent(new Event("change", { bubbles: true }));
  }

  // --- marking ----------------------------------------------------------------------

  /* Tell whether the key was ours. */
  key(key) {
    const polarity = { "+": "for", "-": "against", "−": "against" }[key];
    if (!polarity || this.element.hidden) return false;
    if (!this.mark(polarity)) this.say(gettext("Select words in one answer first, or press m to choose them by keyboard."));
    return true;
  }

  /* The text that holds the selection, the range, and where in the source it stands. */
  selected() {
    const selection = getSelection();
    if (this.element.hidden || !selection.rangeCount || selection.isCollapsed) return null;
    const range = selection.getRangeAt(0);
    const text = this.texts.find(({ region }) => region.contains(range.startContainer) && region.contains(range.endContainer));
    const found = text?.views.find((view) => view.isShown)?.source(range);
    return found ? { text, range: range.cloneRange(), found, id: [text.place, found.start, found.end].join() } : null;
  }

  mark(polarity, selected = this.selected()) {
    if (!selected) return false;
    const at = { completion: selected.text.place, ...selected.found };
    // What is marked already may still change its sign.
    if (this.items.length >= MAX_MARKS && !this.same(at)) {
      this.say(format(gettext("There are {n} marks, which is the most. Remove one first."), { n: MAX_MARKS }));
      // The bar that had the focus is gone.
      selected.text.region.focus({ preventScroll: true });
      return true;
    }
    const item = this.put(at, polarity);
    this.inHand = item;
    if (!this.walking) getSelection().removeAllRanges();
    this.changed();
    this.lead(item, selected.text);
    return true;
  }

  /* The mark of just these words, if there is one. */
  same(at) {
    return this.items.find((item) => item.completion === at.completion && item.start === at.start && item.end === at.end);
  }

  /* The mark at this place, which is new or had another sign. */
  put(at, polarity) {
    const same = this.same(at);
    if (same) return Object.assign(same, { polarity });
    const item = { ...at, polarity };
    this.items.push(item);
    this.items.sort((a, b) => a.completion - b.completion || a.start - b.start || a.end - b.end);
    return item;
  }

  /* Where a mark's tag and note are given: the row beside the texts takes the focus; a
     walk goes on, and below the texts a button leads there. */
  lead(item, { region }) {
    const said = [format(MARKED[item.polarity], { letter: letter(item.completion), words: this.words(item) })];
    if (this.walking) said.push(gettext("Enter leads to its tag and note."));
    this.say(said.join(" "));
    if (DESK.matches && !this.walking) this.show(item);
    else if (DESK.matches) this.row(item).scrollIntoView({ block: "nearest" });
    else if (this.walking) return;
    else {
      this.bar?.tell(format(KEPT[item.polarity], { letter: letter(item.completion) }));
      region.focus({ preventScroll: true });
    }
  }

  /* Bring a mark's row into sight, with the focus on it or on a part of it. */
  show(item, part = "[data-find]") {
    if (this.inHand !== item) {
      this.inHand = item;
      this.draw();
    }
    const row = this.row(item);
    (one(part, row) ?? one("[data-find]", row)).focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  row(item) {
    return one(`[data-mark="${this.items.indexOf(item)}"]`, this.list);
  }

  /* From the bar or a row back to the text, and on with the walk that led away from it. */
  back({ region, views }, wasWalking) {
    region.focus({ preventScroll: true });
    if (wasWalking) this.begin(region, views);
  }

  /* A click on marked words opens their mark. */
  point({ place }, event) {
    const at = document.caretPositionFromPoint?.(event.clientX, event.clientY);
    if (!at || !getSelection().isCollapsed || event.target.closest("a")) return;
    const item = this.items.find((other) => other.completion === place && this.range(other)?.isPointInRange(at.offsetNode, at.offset));
    if (!item) return;
    if (DESK.matches) this.show(item);
    else {
      this.inHand = item;
      this.draw();
      this.bar?.find(this.texts[place], this.range(item), format(SPEAKS[item.polarity], { letter: letter(place) }));
    }
  }

  remove(item) {
    const at = this.items.indexOf(item);
    this.items.splice(at, 1);
    if (this.inHand === item) this.inHand = null;
    this.changed();
    const button = one(`[data-mark="${Math.min(at, this.items.length - 1)}"] [data-remove]`, this.list);
    (button ?? this.texts[item.completion].region).focus();
    toast(gettext("The mark is removed."), { label: gettext("Undo"), run: () => {
      if (!this.root.isConnected) return;
      this.items.splice(at, 0, item);
      this.changed();
    } });
  }

  /* Choose words by keyboard: in the text with the focus, then in the next one. */
  walk() {
    const at = this.texts.findIndex(({ region }) => region.contains(document.activeElement));
    const next = this.walking ? (at + 1) % this.texts.length : Math.max(at, 0);
    this.walking?.leave();
    const { region, views } = this.texts[next];
    this.begin(region, views);
  }

  begin(region, views) {
    this.walking = new Walk(region, views.find((view) => view.isShown), {
      say: (words) => this.say(words),
      enter: () => { if (this.items.includes(this.inHand)) this.show(this.inHand, "[data-field]"); },
      end: () => { this.walking = null; },
    });
    if (this.walking?.isEmpty) this.walking.end();
    else this.say(gettext("Arrows go from word to word, with Shift they choose more. Plus marks for, minus against."));
  }

  // --- the list ---------------------------------------------------------------------

  click(event) {
    const row = event.target.closest("[data-mark]");
    if (!row) return;
    const item = this.items[Number(row.dataset.mark)];
    if (event.target.closest("[data-remove]")) this.remove(item);
    else if (event.target.closest("[data-turn]")) {
      item.polarity = item.polarity === "for" ? "against" : "for";
      this.changed();
      one(`[data-mark="${row.dataset.mark}"] [data-turn]`, this.list).focus();
      this.say(format(SPEAKS[item.polarity], { letter: letter(item.completion) }));
    } else if (event.target.closest("[data-find]")) this.find(item, row.dataset.mark);
  }

  find(item, at) {
    this.inHand = this.inHand === item ? null : item;
    this.draw();
    one(`[data-mark="${at}"] [data-find]`, this.list).focus();
    const range = this.range(item);
    const { region } = this.texts[item.completion];
    if (!range) return;
    const [rect, seen] = [range.getBoundingClientRect(), region.getBoundingClientRect()];
    if (rect.top < seen.top || rect.bottom > seen.bottom) region.scrollTop += rect.top - seen.top - seen.height / 3;
  }

  edit(event) {
    const row = event.target.closest("[data-mark]");
    const field = event.target.dataset.field;
    if (row && field) this.items[Number(row.dataset.mark)][field] = event.target.value;
  }

  /* Enter and Escape in a mark's row lead back to its words. */
  typed(event) {
    const row = event.target.closest("[data-mark]");
    const isDone = event.key === "Escape" || (event.key === "Enter" && event.target.matches("input"));
    if (!row || !isDone || event.isComposing || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.back(this.texts[this.items[Number(row.dataset.mark)].completion], false);
  }

  words(item) {
    return (this.range(item)?.toString() ?? "").replace(/\s+/g, " ").trim();
  }

  range(item) {
    const view = this.texts[item.completion]?.views.find((other) => other.isShown);
    return view?.range(item.start, item.end) ?? null;
  }

  draw() {
    const template = one("[data-template=row]", this.element);
    this.list.replaceChildren(...this.items.map((item, index) => rowOf(template, item, { index, isHere: item === this.inHand, words: this.words(item) })));
    this.empty.hidden = this.items.length > 0;
    this.highlight();
  }

  highlight() {
    if (!hasHighlights) return;
    for (const polarity of ["for", "against"]) {
      const ranges = this.items.filter((item) => item.polarity === polarity).map((item) => this.range(item)).filter(Boolean);
      CSS.highlights.set(`mark-${polarity}`, new Highlight(...ranges));
    }
    const range = this.inHand && this.range(this.inHand);
    CSS.highlights.set("mark-here", range ? new Highlight(range) : new Highlight());
  }

  say(words) {
    this.told.textContent = words;
  }
}
