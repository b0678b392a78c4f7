/* Reading one item: fold the prompt, rendered or raw, in step, and what differs. */

import { format, gettext } from "../js/words.js";
import { fragmentUrl } from "./urls.js";
import { json } from "./api.js";
import { all, one } from "./cells.js";
import * as differences from "./differences.js";
import * as display from "./display.js";

const PHONE = matchMedia("(max-width: 40rem)");
const SAID = {
  text: { rendered: gettext("Rendered text."), raw: gettext("Raw text.") },
  layout: { side: gettext("Side by side."), stacked: gettext("Stacked.") },
  line: { short: gettext("Short lines."), normal: gettext("Lines of normal length."), full: gettext("Lines as wide as their box.") },
  density: { roomy: gettext("Roomy."), compact: gettext("Compact.") },
  grid: { auto: gettext("One criterion at a time."), all: gettext("All criteria.") },
};

export class Texts {
  constructor(root, { id, say }) {
    this.root = root;
    this.id = id;
    this.say = say;
    this.texts = all("[data-text]", root);
    this.bar = one("[data-view]", root);
    this.marked = null;
    this.rendered = all("[data-rendered]", root);
    this.raws = all("[data-raw]", root);
    this.plain = this.raws.map((raw) => raw.textContent);
    for (const input of all("input", this.bar)) input.addEventListener("change", () => this.choose(input));
    for (const button of all("[data-resize]", this.bar)) button.addEventListener("click", () => this.resize(Number(button.dataset.resize)));
    this.follow();
    this.foldOnPhone();
    this.apply();
  }

  /* What goes with the answer: the texts as they are shown now. */
  get shown() {
    const { wish } = display;
    const isAlone = this.texts.length < 2;
    const layout = isAlone ? "one" : PHONE.matches ? "swipe" : wish.layout;
    const view = this.hasMarks ? (this.isRaw ? "differences" : "rendered-differences") : wish.text;
    return { layout, view, display: display.shown() };
  }

  get hasMarks() {
    return this.wantsMarks && this.marked !== null;
  }

  get wantsMarks() {
    return display.wish.hasDifferences && one("[data-differences]", this.bar) !== null;
  }

  /* Where the browser cannot paint ranges, marks are shown in the raw text. */
  get isRaw() {
    return display.wish.text === "raw" || (this.wantsMarks && !differences.canPaint);
  }

  choose(input) {
    if (input.matches("[data-step]")) display.keep({ isInStep: input.checked });
    else if (input.matches("[data-differences]")) display.keep({ hasDifferences: input.checked });
    else display.keep({ [input.name]: input.value });
    if (input.value === "rendered" && !differences.canPaint) display.keep({ hasDifferences: false });
    this.apply();
  }

  resize(by) {
    if (!display.resize(by)) this.say(by > 0 ? gettext("This is the largest text.") : gettext("This is the smallest text."));
    this.apply();
  }

  /* A key turns a setting to its next value, and says which. */
  turn(name) {
    this.say(SAID[name][display.turn(name)]);
    this.apply();
  }

  toggle(selector) {
    const input = one(selector, this.bar);
    if (!input) return;
    input.checked = !input.checked;
    this.choose(input);
    this.say(format(input.checked ? gettext("{setting}: on.") : gettext("{setting}: off."), { setting: input.parentElement.textContent.trim() }));
  }

  apply() {
    const { wish } = display;
    display.show();
    if (this.isRaw) document.documentElement.dataset.shownAs = "raw";
    for (const rendered of this.rendered) rendered.hidden = this.isRaw;
    for (const raw of this.raws) raw.hidden = !this.isRaw;
    const values = { text: this.isRaw ? "raw" : "rendered", layout: wish.layout, line: wish.line, density: display.density(), grid: wish.grid };
    for (const [name, value] of Object.entries(values)) {
      const input = one(`[name=${name}][value=${value}]`, this.bar);
      if (input) input.checked = true;
    }
    const ticks = { "[data-step]": wish.isInStep, "[data-differences]": wish.hasDifferences };
    for (const [selector, isOn] of Object.entries(ticks)) {
      const input = one(selector, this.bar);
      if (input) input.checked = isOn;
    }
    one("[data-size-said]", this.bar).textContent = display.size();
    this.mark();
    if (this.wantsMarks && this.marked === null) this.compare();
    this.root.dispatchEvent(new Event("viewchange"));
  }

  mark() {
    differences.unpaint();
    this.raws.forEach((raw, place) => {
      if (this.hasMarks) differences.markRaw(raw, this.marked[place]);
      else raw.textContent = this.plain[place];
    });
    if (this.hasMarks && differences.canPaint && !this.isRaw) differences.paint(this.rendered, this.marked);
  }

  async compare() {
    try {
      const { texts } = await json(fragmentUrl("differences", this.id));
      this.marked = texts;
    } catch {
      display.keep({ hasDifferences: false });
      this.say(gettext("The differences cannot be marked now, because the server cannot be reached."));
    }
    // Another item may be on the desk by now.
    if (this.root.isConnected) this.apply();
  }

  /* Reading in step: the share read is the same in all texts; the text under the hand
     leads. Keys scroll the text that has the focus, or that holds it. */
  follow() {
    let leader = null;
    for (const text of this.texts) {
      for (const sign of ["wheel", "pointerdown", "keydown", "touchstart", "focusin"]) text.addEventListener(sign, () => { leader = text; }, { passive: true });
      text.addEventListener("scroll", () => {
        if (!display.wish.isInStep || leader !== text) return;
        const share = text.scrollTop / Math.max(1, text.scrollHeight - text.clientHeight);
        for (const other of this.texts) if (other !== text) other.scrollTop = share * (other.scrollHeight - other.clientHeight);
      }, { passive: true });
    }
  }

  foldOnPhone() {
    const prompt = one("[data-prompt]", this.root);
    if (PHONE.matches) prompt.open = false;
    const long = one(".prompt-long", prompt);
    if (long) requestAnimationFrame(() => { long.scrollTop = long.scrollHeight; });
  }

  fold() {
    const prompt = one("[data-prompt]", this.root);
    prompt.open = !prompt.open;
  }
}
