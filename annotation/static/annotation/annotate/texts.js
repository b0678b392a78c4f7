/* Reading: fold the prompt, rendered or raw, side by side or stacked, in step, and what
   differs. The choices are kept on this device and go with the answer. */

import { fragmentUrl } from "./urls.js";
import { json } from "./api.js";
import { all, one } from "./cells.js";
import { read, write } from "./store.js";

const KEY = "polyphony:reading";
const PHONE = matchMedia("(max-width: 40rem)");
const START = { isInStep: true, text: "rendered", layout: "side", hasDifferences: false };

export class Texts {
  constructor(root, { id, say }) {
    this.root = root;
    this.id = id;
    this.say = say;
    this.wish = { ...START, ...read(KEY, {}) };
    this.texts = all("[data-text]", root);
    this.bar = one("[data-view]", root);
    this.marked = null;
    this.plain = all("[data-raw]", root).map((raw) => raw.textContent);
    for (const input of all("input", this.bar)) input.addEventListener("change", () => this.choose(input));
    this.follow();
    this.foldOnPhone();
    this.apply();
  }

  /* What goes with the answer: the texts as they are shown now. */
  get shown() {
    const isAlone = this.texts.length < 2;
    const layout = isAlone ? "one" : PHONE.matches ? "swipe" : this.wish.layout;
    return { layout, view: this.hasMarks ? "differences" : this.wish.text };
  }

  get hasMarks() {
    return this.wish.hasDifferences && this.marked !== null;
  }

  choose(input) {
    if (input.matches("[data-step]")) this.wish.isInStep = input.checked;
    if (input.matches("[data-differences]")) this.wish.hasDifferences = input.checked;
    if (input.name === "text") {
      this.wish.text = input.value;
      // Differences are marked in the raw text only.
      if (input.value === "rendered") this.wish.hasDifferences = false;
    }
    if (input.name === "layout") this.wish.layout = input.value;
    write(KEY, this.wish);
    this.apply();
  }

  apply() {
    const { wish, bar, root } = this;
    const canDiffer = one("[data-differences]", bar);
    if (!canDiffer) wish.hasDifferences = false;
    const isRaw = wish.text === "raw" || this.hasMarks;
    const ticked = { "[data-step]": wish.isInStep, "[data-differences]": wish.hasDifferences, [`[name=text][value=${isRaw ? "raw" : "rendered"}]`]: true, [`[name=layout][value=${wish.layout}]`]: true };
    for (const [selector, isOn] of Object.entries(ticked)) {
      const input = one(selector, bar);
      if (input) input.checked = isOn;
    }
    one("[data-texts]", root).classList.toggle("is-stacked", wish.layout === "stacked");
    for (const rendered of all("[data-rendered]", root)) rendered.hidden = isRaw;
    all("[data-raw]", root).forEach((raw, place) => {
      raw.hidden = !isRaw;
      if (this.hasMarks) raw.replaceChildren(...this.marked[place].map(part));
      else raw.textContent = this.plain[place];
    });
    if (wish.hasDifferences && this.marked === null) this.compare();
    root.dispatchEvent(new Event("viewchange"));
  }

  async compare() {
    try {
      const { texts } = await json(fragmentUrl("differences", this.id));
      this.marked = texts;
    } catch {
      this.wish.hasDifferences = false;
      this.say("The differences cannot be marked now, because the server cannot be reached.");
    }
    this.apply();
  }

  /* Reading in step: the share read is the same in all texts; the text under the hand leads. */
  follow() {
    let leader = null;
    for (const text of this.texts) {
      for (const sign of ["wheel", "pointerdown", "keydown", "touchstart"]) text.addEventListener(sign, () => { leader = text; }, { passive: true });
      text.addEventListener("scroll", () => {
        if (!this.wish.isInStep || leader !== text) return;
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

function part([text, isMarked]) {
  if (!isMarked) return text;
  const mark = document.createElement("mark");
  mark.className = "diff-only";
  mark.textContent = text;
  return mark;
}
