/* PURE: an order of answers under the hand. `tiers` best first, `below` the places,
   `out` not acceptable; whoever is in none of them has no place yet. Each function
   returns a new order. */

import { format, gettext } from "../js/words.js";

export const empty = () => ({ tiers: [], below: [], out: [] });

export function tierOf(order, one) {
  return order.tiers.findIndex((tier) => tier.includes(one));
}

export function without(order, one) {
  return {
    tiers: order.tiers.map((tier) => tier.filter((other) => other !== one)).filter((tier) => tier.length),
    below: order.below.filter((other) => other !== one),
    out: order.out.filter((other) => other !== one),
  };
}

export const open = (order, n) =>
  [...Array(n).keys()].filter((one) => tierOf(order, one) < 0 && !order.below.includes(one) && !order.out.includes(one));

/* Give it a place of its own; `index` counts the tiers that remain without it. */
export function place(order, one, index) {
  const { tiers, ...sets } = without(order, one);
  const at = Math.max(0, Math.min(index, tiers.length));
  return { tiers: [...tiers.slice(0, at), [one], ...tiers.slice(at)], ...sets };
}

/* Let it share a tier; `index` counts the tiers that remain without it. */
export function join(order, one, index) {
  const { tiers, ...sets } = without(order, one);
  if (!tiers.length) return place(order, one, 0);
  const at = Math.max(0, Math.min(index, tiers.length - 1));
  const shared = [...tiers[at], one].sort((a, b) => a - b);
  return { tiers: [...tiers.slice(0, at), shared, ...tiers.slice(at + 1)], ...sets };
}

const sorted = (list) => [...list].sort((a, b) => a - b);

export function reject(order, one) {
  const rest = without(order, one);
  return { ...rest, out: sorted([...rest.out, one]) };
}

export function lower(order, one) {
  const rest = without(order, one);
  return { ...rest, below: sorted([...rest.below, one]) };
}

/* Keep the best `n` places. Who falls out is below where that is a set of its own,
   else has no place. */
export function cap(order, n, { hasBelow }) {
  if (!n || order.tiers.length <= n) return order;
  const fallen = order.tiers.slice(n).flat();
  return { ...order, tiers: order.tiers.slice(0, n), below: hasBelow ? sorted([...order.below, ...fallen]) : order.below };
}

/* Tell whether it repeats the order on the screen, from the first answer on. */
export const isUnchanged = ({ tiers, out }) =>
  !out.length && tiers.length > 1 && tiers.every((tier, at) => tier.length === 1 && tier[0] === at);

/* One step better. Out of a tie it goes before it; without a place it gets the next. */
export function up(order, one) {
  const at = tierOf(order, one);
  if (at < 0) return place(order, one, order.tiers.length);
  if (order.tiers[at].length > 1) return place(order, one, at);
  return at === 0 ? order : place(order, one, at - 1);
}

export function down(order, one) {
  const at = tierOf(order, one);
  if (at < 0) return order;
  if (order.tiers[at].length > 1 || at < order.tiers.length - 1) return place(order, one, at + 1);
  return order;
}

/* Share the place of the one above; null where nothing is above. */
export function tie(order, one) {
  const at = tierOf(order, one);
  if (at === 0) return null;
  if (at < 0) return order.tiers.length ? join(order, one, order.tiers.length - 1) : null;
  return join(order, one, at - 1);
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
export const letter = (one) => LETTERS[one] ?? `${one + 1}`;

/* Say where an answer stands: "place 2, tied with D". `open` names having no place. */
export function standing(order, one, open = gettext("no place yet")) {
  if (order.out.includes(one)) return gettext("not acceptable");
  if (order.below.includes(one)) return gettext("below the places");
  const at = tierOf(order, one);
  if (at < 0) return open;
  const others = order.tiers[at].filter((other) => other !== one).map(letter);
  const words = others.length ? gettext("place {number}, tied with {others}") : gettext("place {number}");
  return format(words, { number: at + 1, others: list(others) });
}

export function list(words) {
  return words.length < 2 ? words.join("") : format(gettext("{list} and {last}"), { list: words.slice(0, -1).join(", "), last: words.at(-1) });
}
