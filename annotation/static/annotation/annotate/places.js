/* PURE: what a ranking asks for: all places or the best few, of all answers or of some.
   The same rules and sentences as annotation/rankings.py. */

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
    return `This ranking has ${this.n_places} place${this.n_places === 1 ? "" : "s"}.`;
  }

  /* What it means to have no place here. */
  get open() {
    if (this.question.allow_partial) return "not judged";
    return this.n_places ? "below the places" : "no place yet";
  }

  read({ tiers, below, out }) {
    if (!tiers.length && !below.length && !out.length) return null;
    return { tiers, unacceptable: out, ...(below.length ? { below } : {}) };
  }

  problems(answer, order) {
    const words = answer ? this.unfinished(order) : this.question.is_required ? `No answer has a place yet. ${this.first}` : "";
    return words ? [{ path: `answers.${this.question.name}`, message: words }] : [];
  }

  get first() {
    if (this.question.allow_partial) return "Give at least two a place.";
    if (!this.n_places) return "Give each one a place.";
    return this.n_places === 1 ? "Give the best one a place." : `Give the best ${this.n_places} a place.`;
  }

  unfinished(order) {
    const without = open(order, this.n);
    const { allow_partial: isPartial, is_required: isRequired } = this.question;
    if (!this.n_places && !isPartial) return without.length ? this.missing(without.map(letter)) : "";
    const below = isPartial ? order.below : without;
    const nFree = this.n_places - order.tiers.length;
    if (below.length && nFree > 0) return `There ${nFree === 1 ? "is one place" : `are ${nFree} places`} left. Give the best of ${list(below.map(letter))} a place.`;
    const nSaid = this.n - (isPartial ? without.length : 0);
    if (isRequired && nSaid < Math.min(2, this.n) && !order.out.length) return "Give at least two answers a place, so that they are compared.";
    return "";
  }

  missing(open) {
    const out = this.question.allow_unacceptable ? `, or mark ${open.length === 1 ? "it" : "them"} as not acceptable` : "";
    return `${list(open)} ${open.length === 1 ? "has" : "have"} no place yet. Give ${open.length === 1 ? "it" : "each"} one${out}.`;
  }
}
