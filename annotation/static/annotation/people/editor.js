/* The form editor: a preview that follows, moving by drag and keys, and a guard for what
   is not saved. Every button works without this; it only makes them quicker. */

const WAIT_MS = 350;
const EDGE = 80;
const WIDTHS = { desk: 1280, phone: 360 };

const form = () => document.getElementById("edit-form");
const frame = document.querySelector("[data-preview-frame]");
const box = frame.parentElement;
const status = document.querySelector("[data-preview-status]");
let isDirty = document.querySelector("[data-unsaved]") !== null;
let isLeaving = false;
let timer = 0;
let turn = 0;

// --- the preview -------------------------------------------------------------------

async function draw() {
  turn += 1;
  const mine = turn;
  const body = new FormData(form());
  try {
    const response = await fetch(frame.dataset.previewFrame, { method: "POST", body, headers: { "X-Requested-With": "fetch" } });
    if (mine !== turn || (!response.ok && response.status !== 422)) return;
    const html = await response.text();
    if (mine !== turn) return;
    frame.contentWindow.dispatchEvent(new CustomEvent("polyphony:form", { detail: { html, turn } }));
    status.textContent = response.ok ? "" : "The form needs mending before it can be shown.";
  } catch {
    status.textContent = "The preview cannot be drawn while you are offline.";
  }
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(draw, WAIT_MS);
}

function fit() {
  const width = WIDTHS[document.querySelector("[name=preview-width]:checked").value];
  const scale = Math.min(1, box.clientWidth / width);
  box.style.setProperty("--frame-width", `${width}px`);
  box.style.setProperty("--frame-scale", scale);
}

for (const input of document.querySelectorAll("[name=preview-width]")) input.addEventListener("change", fit);
new ResizeObserver(fit).observe(box);
frame.addEventListener("load", () => { if (isDirty) draw(); });

// --- names made from titles ---------------------------------------------------------

const slug = (title) => title.normalize("NFKD").replace(/[^\w\s-]/g, "").trim().toLowerCase().replace(/[-\s]+/g, "_").slice(0, 40).replace(/^_+|_+$/g, "");

function follow(title) {
  const name = document.getElementById(title.id.replace(/\.title$/, ".name"));
  if (!name) return;
  name.dataset.made ??= String(name.value === "" || name.value === slug(title.defaultValue));
  const made = slug(title.value);
  if (name.dataset.made === "true") name.value = /^[A-Za-z_]/.test(made) ? made : "";
}

document.addEventListener("input", ({ target }) => {
  if (!target.closest("#edit-form")) return;
  if (target.id.endsWith(".title")) follow(target);
  if (target.id.endsWith(".name")) target.dataset.made = "false";
  isDirty = true;
  soon();
});

// --- moving -------------------------------------------------------------------------

function press(value) {
  const button = document.querySelector("[data-move]");
  button.value = value;
  button.click();
}

document.addEventListener("keydown", (event) => {
  const card = event.altKey && ["ArrowUp", "ArrowDown"].includes(event.key) && event.target.closest?.(".edit-card");
  if (!card) return;
  event.preventDefault();
  document.getElementById(`${card.id}.${event.key === "ArrowUp" ? "up" : "down"}`)?.click();
});

let held = null;
const listOf = (card) => card.id.replace(/\[\d+\]$/, "");
const placeOf = (card) => Number(card.id.match(/\[(\d+)\]$/)[1]);

document.addEventListener("pointerdown", (event) => {
  const grip = event.target.closest(".edit-grip");
  if (!grip || event.button !== 0) return;
  event.preventDefault();
  held = grip.closest(".edit-card");
  held.classList.add("is-dragged");
  grip.setPointerCapture(event.pointerId);
});

function target(y) {
  const cards = [...document.querySelectorAll(".edit-card")].filter((card) => listOf(card) === listOf(held));
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
  if (isDone && to !== placeOf(card)) press(`move:${listOf(card)}:${placeOf(card)}-${to}`);
}

document.addEventListener("pointerup", (event) => drop(event, true));
document.addEventListener("pointercancel", (event) => drop(event, false));

// --- what is not saved ----------------------------------------------------------------

document.addEventListener("htmx:afterSwap", () => {
  isDirty = true;
  soon();
});
document.addEventListener("submit", (event) => { isLeaving = event.target.id === "edit-form"; });
addEventListener("beforeunload", (event) => {
  if (isDirty && !isLeaving) event.preventDefault();
});
addEventListener("pageshow", () => { isLeaving = false; });
fit();
