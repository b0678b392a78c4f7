/* Which text the time goes to. Time in use counts for the text under the hand (pointer,
   focus, finger), or else for the texts on the screen, by their share of what is seen;
   the prompt is such a text too, but has no time of its own. */

import { all, one } from "./cells.js";

const FLUSH_MS = 400;

export class Reading {
  /* `root` has the texts, in the order presented; `kept` are their times so far; `count`
     lets the timer count until now. */
  constructor(root, kept, count) {
    this.count = count;
    this.areas = all(".completion[data-place]", root);
    const prompt = one("[data-prompt]", root);
    if (prompt) this.areas.push(prompt);
    const n = this.areas.filter((area) => area.dataset.place).length;
    this.times = Array.from({ length: n }, (_, place) => kept?.[place] ?? 0);
    this.pending = 0;
    this.hand = null;
    this.shares = this.seen();
    const end = { signal: (this.ending = new AbortController()).signal, passive: true };
    root.addEventListener("pointerover", (event) => this.take(event.target, event), end);
    root.addEventListener("pointerdown", (event) => this.take(event.target, event), end);
    root.addEventListener("focusin", (event) => this.take(event.target), end);
    root.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") this.let(); }, end);
    addEventListener("scroll", () => this.turn(), { ...end, capture: true });
    addEventListener("resize", () => this.turn(), end);
  }

  /* A finger that is lifted leaves the text under the eye, so only a mouse lets go. */
  take(target, event = null) {
    const area = target.closest?.(".completion[data-place], [data-prompt]") ?? null;
    if (!area && event?.type === "pointerover" && event.pointerType !== "mouse") return;
    if (area === this.hand) return;
    this.turn();
    this.hand = area;
  }

  let() {
    this.turn();
    this.hand = null;
  }

  /* Time in use, from the timer. */
  add(ms) {
    this.pending += ms;
    if (this.pending >= FLUSH_MS) this.flush();
  }

  /* Something changes now: the time until now still goes by what was so before. */
  turn() {
    this.count();
    this.flush();
  }

  flush() {
    const ms = this.pending;
    this.pending = 0;
    if (ms > 0) {
      const shares = this.hand && this.areas.includes(this.hand) ? new Map([[this.hand, 1]]) : this.shares;
      for (const [area, share] of shares) {
        const { place } = area.dataset;
        if (place !== undefined) this.times[place] += ms * share;
      }
    }
    this.shares = this.seen();
  }

  /* The texts on the screen, each with its share of what is seen of all of them. */
  seen() {
    const sizes = this.areas.map((area) => [area, visible(area)]);
    const total = sizes.reduce((sum, [, size]) => sum + size, 0);
    return new Map(total ? sizes.map(([area, size]) => [area, size / total]) : []);
  }

  read() {
    this.flush();
    return this.times.map(Math.round);
  }

  end() {
    this.ending.abort();
  }
}

/* The visible area of an element, in square pixels, its own scrolling parents included. */
function visible(area) {
  const box = area.getBoundingClientRect();
  const frame = area.parentElement?.getBoundingClientRect() ?? box;
  const width = Math.min(box.right, frame.right, innerWidth) - Math.max(box.left, frame.left, 0);
  const height = Math.min(box.bottom, frame.bottom, innerHeight) - Math.max(box.top, frame.top, 0);
  return Math.max(width, 0) * Math.max(height, 0);
}
