/* A ranking: pick up by letter, give places by digit, arrow, button or drag. */

import { format, gettext } from "../js/words.js";
import { all, one } from "./cells.js";
import { Drag } from "./drag.js";
import * as orders from "./order.js";
import { Rules } from "./places.js";

export class Ranking {
  constructor(root, question, { n }) {
    this.root = root;
    this.question = question;
    this.n = n;
    this.element = one(`[data-ranking][data-question="${CSS.escape(question.name)}"]`, root);
    this.list = one("[data-list]", this.element);
    this.tiers = one("[data-tiers]", this.element);
    this.rules = new Rules(question, n);
    this.trays = Object.fromEntries(["open", "below", "out"].map((name) => [name, one(`[data-tray=${name}] .tier-items`, this.element)]));
    this.told = one("[data-told]", this.element);
    this.grips = all("[data-grip]", this.element);
    this.cells = [];
    this.order = orders.empty();
    this.held = null;
    this.element.addEventListener("click", (event) => this.click(event));
    this.drag = new Drag(this);
    this.draw();
  }

  read() {
    return this.rules.read(this.order);
  }

  write(answer) {
    this.order = { tiers: answer?.tiers ?? [], below: (this.trays.below && answer?.below) || [], out: answer?.unacceptable ?? [] };
    this.held = null;
    this.draw();
  }

  problems(answer) {
    return this.rules.problems(answer, this.order);
  }

  get isUnchanged() {
    return this.question.warn_unchanged && orders.isUnchanged(this.order);
  }

  locate() {
    const open = orders.open(this.order, this.n)[0] ?? 0;
    return { field: this.element, focus: () => one("[data-pick]", this.grips[open]).focus() };
  }

  hasLetter(key) {
    return /^[a-z]$/.test(key) && key.charCodeAt(0) - 97 < this.n;
  }

  /* Tell whether the key was ours. */
  key(key) {
    if (this.hasLetter(key)) return this.hold(key.charCodeAt(0) - 97, { withFocus: true });
    if (key === "Escape" && this.held !== null) return this.release();
    if (this.held === null) return this.untold(key);
    const { held } = this;
    if (/^[1-9]$/.test(key) && !this.rules.hasPlace(key)) return this.say(this.rules.words);
    if (key === "0" && this.trays.below) return this.change(orders.lower(this.order, held), held);
    if (/^[1-9]$/.test(key)) return this.change(orders.place(this.order, held, Number(key) - 1), held);
    if (key === "ArrowUp") return this.change(orders.up(this.order, held), held);
    if (key === "ArrowDown") return this.change(orders.down(this.order, held), held);
    if (key === "=") return this.tie(held);
    if (key === "x") return this.out(held);
    if (key === "Backspace" || key === "Delete") return this.change(orders.without(this.order, held), held);
    return false;
  }

  untold(key) {
    if (!/^[1-9=x]$/.test(key) && !(key === "0" && this.trays.below)) return false;
    this.say(gettext("Pick up an answer first: press its letter."));
    return true;
  }

  click(event) {
    const grip = event.target.closest("[data-grip]");
    const button = event.target.closest("button");
    if (!grip || !button) return;
    const which = Number(grip.dataset.grip);
    if (button.matches("[data-pick]")) {
      if (this.held === which) this.release();
      else this.hold(which);
      return;
    }
    this.held = which;
    const { move } = button.dataset;
    if (move === "up") this.change(orders.up(this.order, which), which, button);
    if (move === "down") this.change(orders.down(this.order, which), which, button);
    if (move === "tie") this.tie(which, button);
    if (move === "below") this.change(orders.lower(this.order, which), which, button);
    if (move === "out") this.out(which, button);
  }

  hold(which, { withFocus = false } = {}) {
    this.held = which;
    this.draw();
    if (withFocus) one("[data-pick]", this.grips[which]).focus({ preventScroll: false });
    this.say(this.sentence(which, gettext("{letter} is picked up: {standing}.")));
    return true;
  }

  release() {
    this.held = null;
    this.draw();
    this.say(gettext("Nothing is picked up."));
    return true;
  }

  tie(which, button = null) {
    if (!this.question.allow_tie) return this.say(gettext("This ranking does not allow ties."));
    const tied = orders.tie(this.order, which);
    if (tied === null) return this.say(format(gettext("There is nothing above {letter} to tie with."), { letter: orders.letter(which) }));
    return this.change(tied, which, button);
  }

  out(which, button = null) {
    if (!this.question.allow_unacceptable) return this.say(gettext("Nothing can be marked as not acceptable here."));
    const isOut = this.order.out.includes(which);
    return this.change(isOut ? orders.without(this.order, which) : orders.reject(this.order, which), which, button);
  }

  change(wanted, which, button = null) {
    const order = orders.cap(wanted, this.question.n_places, { hasBelow: Boolean(this.trays.below) });
    const isSame = JSON.stringify(order) === JSON.stringify(this.order);
    this.order = order;
    this.draw();
    const grip = this.grips[which];
    const again = button && !button.hidden ? button : one("[data-pick]", grip);
    again.focus({ preventScroll: true });
    grip.scrollIntoView?.({ block: "nearest" });
    const fallen = wanted.tiers.slice(order.tiers.length).flat().filter((other) => other !== which);
    const stands = gettext("{letter}: {standing}.");
    const moved = isSame ? gettext("{letter} stays: {standing}.") : stands;
    this.say([this.sentence(which, moved), ...fallen.map((other) => this.sentence(other, stands))].join(" "));
    if (!isSame) this.element.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
  }

  standing(which) {
    return orders.standing(this.order, which, this.rules.open);
  }

  sentence(which, words) {
    return format(words, { letter: orders.letter(which), standing: this.standing(which) });
  }

  sentence(which, words) {
    return format(words, { letter: orders.letter(which), standing: this.standing(which) });
  }

  say(words) {
    this.told.textContent = words;
    return true;
  }

  /* Lay the grips where the order says; they are moved, never made anew. */
  draw() {
    const { tiers, below, out } = this.order;
    const rows = tiers.map((tier, at) => this.row(tier, at));
    const open = orders.open(this.order, this.n);
    this.tiers.replaceChildren(...rows, ...(open.length + below.length && this.rules.hasPlace(tiers.length + 1) ? [this.next(tiers.length)] : []));
    this.fill(this.trays.open, open);
    this.trays.open.closest(".tier").hidden = !open.length;
    if (this.trays.below) this.fill(this.trays.below, below);
    if (this.trays.out) this.fill(this.trays.out, out);
    for (const [which, grip] of this.grips.entries()) this.mark(grip, which);
  }

  row(tier, at) {
    const row = this.template("tier");
    row.dataset.tier = at;
    one("[data-number]", row).textContent = at + 1;
    one(".tier-items", row).append(...tier.map((which) => this.grips[which]));
    return row;
  }

  /* Where the next one goes, for the hand that drags. */
  next(at) {
    const row = this.template("next");
    one("[data-number]", row).textContent = at + 1;
    one(".drop", row).textContent = at ? format(gettext("Place {number}"), { number: at + 1 }) : gettext("The best one");
    return row;
  }

  template(name) {
    return one(`[data-template=${name}]`, this.element).content.firstElementChild.cloneNode(true);
  }

  fill(tray, which) {
    for (const grip of all("[data-grip]", tray)) grip.remove();
    const drop = one(".drop", tray);
    if (drop) drop.hidden = which.length > 0;
    tray.append(...which.map((index) => this.grips[index]));
  }

  mark(grip, which) {
    const at = orders.tierOf(this.order, which);
    const isOut = this.order.out.includes(which);
    const isHeld = this.held === which;
    grip.classList.toggle("is-held", isHeld);
    one("[data-pick]", grip).setAttribute("aria-pressed", String(isHeld));
    const shows = {
      up: at !== 0 || this.order.tiers[0].length > 1,
      down: at >= 0 && (this.order.tiers[at].length > 1 || at < this.order.tiers.length - 1),
      tie: at !== 0 && this.order.tiers.length > 0 && !isOut,
      below: !this.order.below.includes(which),
      out: true,
    };
    for (const button of all("[data-move]", grip)) {
      button.hidden = !shows[button.dataset.move];
      const up = at < 0 ? gettext("Give {letter} the next place") : gettext("Move {letter} up");
      if (button.dataset.move === "up") button.setAttribute("aria-label", format(up, { letter: orders.letter(which) }));
      if (button.dataset.move === "out") button.setAttribute("aria-pressed", String(isOut));
    }
    const text = one(`.completion[data-place="${which}"]`, this.root);
    if (!text) return;
    text.classList.toggle("is-chosen", isHeld);
    one("[data-standing]", text).textContent = this.standing(which);
  }
}
