/* The budget that is looked at: a slider beside its field. Figures and the line in the
   chart follow the hand at once; the server then answers with every word. */

import { format, gettext, locale } from "../annotation/js/words.js";

const MINUS = "\u2212";
const out = (name) => document.querySelector(`#what-if [data-out="${name}"]`);

/** What the server told of the pool and its curves; read anew, as a fit brings others. */
function told() {
  const data = document.getElementById("what-if-data");
  return data ? JSON.parse(data.textContent) : null;
}

function say(name, text) {
  const place = out(name);
  if (place) place.textContent = text;
}

/** One place of a percentage; what lies between two goes to the even one, as the server has it. */
function tenths(share) {
  const value = 100 * share;
  return (Math.abs(value % 1) === 0.25 ? Math.trunc(10 * value) / 10 : value).toFixed(1);
}

const percent = (share) => `${tenths(share)}%`;
const plain = (share) => tenths(share).replace("-", MINUS);

/** A difference in points, with its sign; what rounds to nothing has none. */
function points(value) {
  const text = tenths(value);
  if (Number(text) === 0) return text.replace("-", "");
  return (value > 0 ? `+${text}` : text).replace("-", MINUS);
}

const ends = (low, high, write) => format(gettext("{low} to {high}"), { low: write(low), high: write(high) });

/** Between two points of a curve lies a straight line. */
function between(curve, share) {
  const after = curve.findIndex((point) => point[0] >= share - 1e-9);
  if (after <= 0) return curve[after === 0 ? 0 : curve.length - 1];
  const [a, b] = [curve[after - 1], curve[after]];
  if (b[0] - share < 1e-9) return b;
  const part = (share - a[0]) / (b[0] - a[0]);
  return a.map((value, place) => value + part * (b[place] - value));
}

function amount(text) {
  const bare = text.replace(/[$,\s]/g, "");
  return bare === "" || !(Number(bare) >= 0) ? null : Number(bare);
}

/** How many items the field asks for; null where it says no number. */
function asked(field, pool) {
  const given = amount(field.value);
  if (given === null) return null;
  if (pool.usd <= 0) return Math.min(Math.floor(given), pool.items);
  const paid = pool.costs.length ? across(pool.costs.map(([n, usd]) => [usd, n]), given) : given / pool.usd;
  return Math.min(Math.floor(paid + 1e-3), pool.items);
}

function written(items, pool) {
  if (pool.usd <= 0) return String(items);
  const usd = pool.costs.length ? across(pool.costs, items) : items * pool.usd;
  return String(Number(usd.toFixed(6)));
}

/** The second of a pair at a first, on straight lines between the pairs. */
function across(pairs, at) {
  if (at >= pairs.at(-1)[0]) return pairs.at(-1)[1];
  return between(pairs, at)[1];
}

/** What a screen reader says of the slider. */
function spoken(items, pool) {
  const share = pool.items ? percent(items / pool.items) : percent(0);
  return format(gettext("{items} of {all} items, {share}"), { items: items.toLocaleString(locale), all: pool.items.toLocaleString(locale), share });
}

function show(items, pool) {
  const slider = document.getElementById("budget-slider");
  slider.value = items;
  slider.setAttribute("aria-valuetext", spoken(items, pool));
  if (!pool.chosen || !pool.items) return;
  const share = items / pool.items;
  const chosen = between(pool.chosen, share);
  const random = between(pool.random, share);
  say("chosen", percent(chosen[1]));
  say("chosen-ends", ends(chosen[2], chosen[3], plain));
  say("random", percent(random[1]));
  say("random-ends", ends(random[2], random[3], plain));
  say("gain", points(chosen[4]));
  say("gain-ends", ends(chosen[5], chosen[6], points));
  const [low, high] = pool.axis;
  const marker = out("marker");
  marker.style.setProperty("--at", 100 * share);
  marker.style.setProperty("--top", (100 * (high - 100 * chosen[1])) / (high - low));
}

function follow(event) {
  const pool = told();
  const field = document.getElementById("budget-size");
  if (!pool || !field) return;
  if (event.target.id === "budget-slider") {
    const items = Number(event.target.value);
    field.value = written(items, pool);
    show(items, pool);
  } else if (event.target === field) {
    const items = asked(field, pool);
    if (items !== null) show(items, pool);
  }
}

/** With a script the slider is there, and the button has nothing to do. */
function begin() {
  const slider = document.getElementById("budget-slider");
  if (!slider?.hidden) return;
  slider.hidden = false;
  for (const button of document.querySelectorAll("#what-if [data-without-script]")) button.hidden = true;
  slider.setAttribute("aria-valuetext", spoken(Number(slider.value), told()));
}

document.body.addEventListener("input", follow);
document.body.addEventListener("htmx:load", begin);
begin();
