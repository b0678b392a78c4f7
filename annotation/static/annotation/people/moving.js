/* Moving a card in its list: Alt and an arrow from anywhere in it, or its grip. A card is
   [data-card]; its id ends with its place, such as `questions[2]`, and its own buttons to
   move it have the ids `questions[2].up` and `questions[2].down`. */

import { change } from "./changing.js";

const EDGE = 80;
const ARROWS = { ArrowUp: "up", ArrowDown: "down" };
const listOf = (card) => card.id.replace(/\[\d+\]$/, "");
const placeOf = (card) => Number(card.id.match(/\[(\d+)\]$/)[1]);

document.addEventListener("keydown", (event) => {
  const card = event.altKey && ARROWS[event.key] && event.target.closest?.("[data-card]");
  if (!card) return;
  event.preventDefault();
  const button = document.getElementById(`${card.id}.${ARROWS[event.key]}`);
  if (!button || button.getAttribute("aria-disabled") === "true") return;
  // The hand stays on the same control of the card, wherever the card goes.
  const { id } = event.target;
  change(button.value, (wanted) => {
    const moved = wanted?.closest("[data-card]");
    if (!moved || !id) return null;
    if (id.startsWith(card.id)) return document.getElementById(moved.id + id.slice(card.id.length));
    const same = document.getElementById(id);
    return moved.contains(same) ? same : null;
  });
});

// --- by drag --------------------------------------------------------------------------

let held = null;

document.addEventListener("pointerdown", (event) => {
  const grip = event.target.closest(".edit-grip");
  if (!grip || event.button !== 0) return;
  event.preventDefault();
  held = grip.closest("[data-card]");
  held.classList.add("is-dragged");
  grip.setPointerCapture(event.pointerId);
});

function target(y) {
  const cards = [...document.querySelectorAll("[data-card]")].filter((card) => listOf(card) === listOf(held));
  const after = cards.filter((card) => card !== held && card.getBoundingClientRect().top + card.offsetHeight / 2 < y);
  return { cards, to: after.length };
}

document.addEventListener("pointermove", (event) => {
  if (!held) return;
  // Near an edge the page goes along with the card.
  if (event.clientY < EDGE) scrollBy(0, -EDGE / 4);
  if (event.clientY > innerHeight - EDGE) scrollBy(0, EDGE / 4);
  const { cards, to } = target(event.clientY);
  const others = cards.filter((card) => card !== held);
  cards.forEach((card) => card.classList.remove("drop-before", "drop-after"));
  if (to < others.length) others[to].classList.add("drop-before");
  else others.at(-1)?.classList.add("drop-after");
});

function drop(event, isDone) {
  if (!held) return;
  const card = held;
  const { cards, to } = target(event.clientY);
  cards.forEach((one) => one.classList.remove("drop-before", "drop-after", "is-dragged"));
  held = null;
  if (isDone && to !== placeOf(card)) change(`move:${listOf(card)}:${placeOf(card)}-${to}`);
}

document.addEventListener("pointerup", (event) => drop(event, true));
document.addEventListener("pointercancel", (event) => drop(event, false));
