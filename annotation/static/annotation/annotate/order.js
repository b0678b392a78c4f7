/* PURE: an order of answers under the hand. `tiers` best first, `out` not acceptable;
   whoever is in neither has no place yet. Each function returns a new order. */

export const empty = () => ({ tiers: [], out: [] });

export function tierOf(order, one) {
  return order.tiers.findIndex((tier) => tier.includes(one));
}

export function without(order, one) {
  return {
    tiers: order.tiers.map((tier) => tier.filter((other) => other !== one)).filter((tier) => tier.length),
    out: order.out.filter((other) => other !== one),
  };
}

export const open = (order, n) =>
  [...Array(n).keys()].filter((one) => tierOf(order, one) < 0 && !order.out.includes(one));

/* Give it a place of its own; `index` counts the tiers that remain without it. */
export function place(order, one, index) {
  const { tiers, out } = without(order, one);
  const at = Math.max(0, Math.min(index, tiers.length));
  return { tiers: [...tiers.slice(0, at), [one], ...tiers.slice(at)], out };
}

/* Let it share a tier; `index` counts the tiers that remain without it. */
export function join(order, one, index) {
  const { tiers, out } = without(order, one);
  if (!tiers.length) return place(order, one, 0);
  const at = Math.max(0, Math.min(index, tiers.length - 1));
  const shared = [...tiers[at], one].sort((a, b) => a - b);
  return { tiers: [...tiers.slice(0, at), shared, ...tiers.slice(at + 1)], out };
}

export function reject(order, one) {
  const { tiers, out } = without(order, one);
  return { tiers, out: [...out, one].sort((a, b) => a - b) };
}

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

/* Say where an answer stands: "place 2, tied with D". */
export function standing(order, one) {
  if (order.out.includes(one)) return "not acceptable";
  const at = tierOf(order, one);
  if (at < 0) return "no place yet";
  const others = order.tiers[at].filter((other) => other !== one).map(letter);
  return `place ${at + 1}${others.length ? `, tied with ${list(others)}` : ""}`;
}

export function list(words) {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
