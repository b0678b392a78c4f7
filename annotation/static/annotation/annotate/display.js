/* How a person reads: size and length of lines, density, layout, rendered or raw, marks,
   and whether single keys are heard.
   Kept on this device, shown by attributes of <html> (see early.js), sent with an answer. */

import { read, write } from "./store.js";

const KEY = "polyphony:reading";
const LOW = matchMedia("(max-height: 60rem)");
const SIZES = [12, 13, 14, 15, 16, 18, 20, 23];
const START = { isInStep: true, text: "rendered", layout: "side", hasDifferences: false, size: 0, line: "normal", density: "auto", grid: "auto", keys: "on" };
const NEXT = {
  text: ["rendered", "raw"],
  layout: ["side", "stacked"],
  line: ["short", "normal", "full"],
  density: ["roomy", "compact"],
  grid: ["auto", "all"],
};

export const wish = { ...START, ...read(KEY, {}) };

const root = document.documentElement;

export function show() {
  for (const name of ["layout", "line", "grid", "keys"]) root.dataset[name] = wish[name];
  root.dataset.shownAs = wish.text;
  root.dataset.density = density();
  if (wish.size) root.dataset.size = wish.size;
  else delete root.dataset.size;
}

export function keep(changes) {
  Object.assign(wish, changes);
  write(KEY, wish);
  show();
}

export const density = () => (wish.density === "auto" ? (LOW.matches ? "compact" : "roomy") : wish.density);

/* The size in pixels: the person's own, else what the density brings. */
export function size() {
  return wish.size || Math.round(parseFloat(getComputedStyle(root).getPropertyValue("--desk-text")) * 16);
}

/* One step larger (+1) or smaller (-1). Tell whether there was one. */
export function resize(by) {
  const now = SIZES.findIndex((one) => one >= size());
  const next = SIZES[now + by];
  if (!next) return false;
  keep({ size: next });
  return true;
}

/* The value after the present one, for the keys. */
export function turn(name) {
  const values = NEXT[name];
  const now = name === "density" ? density() : wish[name];
  keep({ [name]: values[(values.indexOf(now) + 1) % values.length] });
  return wish[name];
}

/* What of it may change an answer, beside layout and view. */
export const shown = () => ({ size_px: size(), line: wish.line, density: density(), theme: theme() });

function theme() {
  return root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}

LOW.addEventListener("change", show);
