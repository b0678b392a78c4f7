/* Marked words: stretches of an answer that speak for or against it, with a tag and a
   note. Drawn as highlights, which may overlap and leave the text as it is. */

import { toast } from "../js/base.js";
import { format, gettext } from "../js/words.js";
import { all, one } from "./cells.js";
import { letter } from "./order.js";
import { Positions } from "./positions.js";
import { Walk } from "./walk.js";

const SIGNS = { for: "+", against: "−" };
const MARKED = { for: gettext("Marked in {letter}, speaks for: “{words}”."), against: gettext("Marked in {letter}, speaks against: “{words}”.") };
const TURNED = { for: gettext("{letter}, speaks for."), against: gettext("{letter}, speaks against.") };
const TURN = { for: gettext("{letter}, speaks for. Turn round"), against: gettext("{letter}, speaks against. Turn round") };
const MAX_MARKS = 200;
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
    this.listen();
    this.draw();
  }

  text(card, alignments) {
    const place = Number(card.dataset.place);
    const [rendered, raw] = [one("[data-rendered]", card), one("[data-raw]", card)];
    const { rendered: triples, raw: rawTriples } = alignments[place] ?? { rendered: [], raw: [] };
    const last = rawTriples.at(-1);
    const nSource = last ? last[1] + last[2] : [...raw.textContent].length;
    const bar = this.isMain ? this.bar(card) : null;
    return { card, place, bar, region: one("[data-text]", card), views: [new Positions(rendered, triples, nSource), new Positions(raw, rawTriples, nSource)] };
  }

  bar(card) {
    const bar = one("[data-template=bar]", this.element).content.firstElementChild.cloneNode(true);
    // The selection stays while its button is pressed.
    bar.addEventListener("pointerdown", (event) => event.preventDefault());
    bar.addEventListener("click", (event) => {
      const polarity = event.target.closest("[data-polarity]")?.dataset.polarity;
      if (polarity) this.mark(polarity);
    });
    card.append(bar);
    return bar;
  }

  listen() {
    this.element.addEventListener("click", (event) => this.click(event));
    this.element.addEventListener("input", (event) => this.edit(event));
    this.root.addEventListener("viewchange", () => {
      this.walking?.leave();
      this.highlight();
    });
    const selected = () => {
      if (this.root.isConnected) this.showBar();
      else document.removeEventListener("selectionchange", selected);
    };
    document.addEventListener("selectionchange", selected);
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
    if (!polarity) return false;
    if (!this.mark(polarity)) this.say(gettext(gettext("Select words in one answer first, or press m to choose them by keyboard.")));
    return true;
  }

  /* The text that holds the selection, and where in its source it stands. */
  selected() {
    const selection = getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return null;
    const range = selection.getRangeAt(0);
    const text = this.texts.find(({ region }) => region.contains(range.startContainer) && region.contains(range.endContainer));
    const found = text?.views.find((view) => view.isShown)?.source(range);
    return found ? { completion: text.place, ...found } : null;
  }

  mark(polarity) {
    const found = this.selected();
    if (!found) return false;
    if (this.items.length >= MAX_MARKS) {
      this.say(format(gettext("There are {n} marks, which is the most. Remove one first."), { n: MAX_MARKS }));
      return true;
    }
    const same = this.items.find((item) => item.completion === found.completion && item.start === found.start && item.end === found.end);
    if (same) same.polarity = polarity;
    const item = same ?? { ...found, polarity };
    if (!same) this.items.push(item);
    this.items.sort((a, b) => a.completion - b.completion || a.start - b.start || a.end - b.end);
    this.inHand = item;
    if (!this.walking) getSelection().removeAllRanges();
    this.changed();
    this.say(format(MARKED[polarity], { letter: letter(item.completion), words: this.words(item) }));
    return true;
  }

  remove(item) {
    const at = this.items.indexOf(item);
    this.items.splice(at, 1);
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
    this.walking = new Walk(region, views.find((view) => view.isShown), { say: (words) => this.say(words), end: () => { this.walking = null; } });
    if (this.walking?.isEmpty) this.walking.end();
    else this.say(gettext(gettext("Arrows go from word to word, with Shift they choose more. Plus marks for, minus against.")));
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
      this.say(format(TURNED[item.polarity], { letter: letter(item.completion) }));
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

  words(item) {
    return (this.range(item)?.toString() ?? "").replace(/\s+/g, " ").trim();
  }

  range(item) {
    const view = this.texts[item.completion]?.views.find((other) => other.isShown);
    return view?.range(item.start, item.end) ?? null;
  }

  draw() {
    this.list.replaceChildren(...this.items.map((item, index) => this.row(item, index)));
    this.empty.hidden = this.items.length > 0;
    this.highlight();
  }

  row(item, index) {
    const row = one("[data-template=row]", this.element).content.firstElementChild.cloneNode(true);
    const name = letter(item.completion);
    row.dataset.mark = index;
    row.classList.add(`quote-${item.polarity}`);
    row.classList.toggle("is-here", item === this.inHand);
    one("[data-letter]", row).textContent = name;
    one("[data-sign]", row).textContent = SIGNS[item.polarity];
    one("[data-turn]", row).setAttribute("aria-label", format(TURN[item.polarity], { letter: name }));
    one("q", row).textContent = this.words(item);
    one("[data-find]", row).setAttribute("aria-expanded", String(item === this.inHand));
    one("[data-remove]", row).setAttribute("aria-label", format(gettext("Remove the mark in {letter}"), { letter: name }));
    for (const field of all("[data-field]", row)) field.value = item[field.dataset.field] ?? "";
    const more = one("[data-more]", row);
    more.hidden = item !== this.inHand;
    const said = one("[data-kept]", row);
    said.textContent = [item.tag, item.note].filter(Boolean).join(" · ");
    said.hidden = !said.textContent || item === this.inHand;
    return row;
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

  showBar() {
    const found = this.isMain ? this.selected() : null;
    for (const { bar, place } of this.texts) if (bar) bar.hidden = found?.completion !== place;
  }

  say(words) {
    this.told.textContent = words;
  }
}
