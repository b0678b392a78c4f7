/* PURE: what a ranking asks for: all places or the best few, of all answers or of some.
   The same rules and sentences as annotation/rankings.py. */

import { format, gettext, ngettext } from "../js/words.js";
import { letter, list, open } from "./order.js";

export class Rules {
  constructor(question, n) {
    this.question = question;
    this.n = n;
  }

  get n_places() {
    return this.question.n_places;
  }

  hasPlace(number) {
    return !this.n_places || Number(number) <= this.n_places;
  }

  get words() {
    return format(ngettext("This ranking has {n} place.", "This ranking has {n} places.", this.n_places), { n: this.n_places });
  }

  /* What it means to have no place here. */
  get open() {
    if (this.question.allow_partial) return gettext("not judged");
    return this.n_places ? gettext("below the places") : gettext("no place yet");
  }

  read({ tiers, below, out }) {
    if (!tiers.length && !below.length && !out.length) return null;
    return { tiers, unacceptable: out, ...(below.length ? { below } : {}) };
  }

  problems(answer, order) {
    const words = answer ? this.unfinished(order) : this.question.is_required ? [gettext("No answer has a place yet."), this.first].join(" ") : "";
    return words ? [{ path: `answers.${this.question.name}`, message: words }] : [];
  }

  get first() {
    if (this.question.allow_partial) return gettext("Give at least two a place.");
    if (!this.n_places) return gettext("Give each one a place.");
    return format(ngettext("Give the best one a place.", "Give the best {n} a place.", this.n_places), { n: this.n_places });
  }

  unfinished(order) {
    const without = open(order, this.n);
    const { allow_partial: isPartial, is_required: isRequired } = this.question;
    if (!this.n_places && !isPartial) return without.length ? this.missing(without.map(letter)) : "";
    const below = isPartial ? order.below : without;
    const nFree = this.n_places - order.tiers.length;
    if (below.length && nFree > 0) {
      const left = ngettext("There is one place left. Give the best of {open} a place.", "There are {n} places left. Give the best of {open} a place.", nFree);
      return format(left, { n: nFree, open: list(below.map(letter)) });
    }
    const nSaid = this.n - (isPartial ? without.length : 0);
    if (isRequired && nSaid < Math.min(2, this.n) && !order.out.length) return gettext("Give at least two answers a place, so that they are compared.");
    return "";
  }

  missing(open) {
    const words = this.question.allow_unacceptable
      ? ngettext("{open} has no place yet. Give it one, or mark it as not acceptable.", "{open} have no place yet. Give each one, or mark them as not acceptable.", open.length)
      : ngettext("{open} has no place yet. Give it one.", "{open} have no place yet. Give each one.", open.length);
    return format(words, { open: list(open) });
  }
}
