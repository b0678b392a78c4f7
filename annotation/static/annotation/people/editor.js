/* The form editor: a preview that follows, and names made from titles. Every button works
   without this; it only makes them quicker. */

import { format, gettext, ngettext } from "../js/words.js";
import "./changing.js";
import "./moving.js";
import { follower } from "./drawing.js";
import { hasUnsaved } from "./unsaved.js";

const WIDTHS = { desk: 1280, phone: 360 };
const frame = document.querySelector("[data-preview-frame]");
const box = frame.parentElement;
const status = document.querySelector("[data-preview-status]");
let turn = 0;
const tell = (what, detail) => frame.contentWindow.dispatchEvent(new CustomEvent(what, { detail }));

// --- the preview -------------------------------------------------------------------

const { soon } = follower(() => box, async (body, isCurrent) => {
  try {
    const response = await fetch(frame.dataset.previewFrame, { method: "POST", body });
    const html = await response.text();
    if (!isCurrent() || (!response.ok && response.status !== 422)) return;
    turn += 1;
    tell("polyphony:form", { html, turn, edited: edited() });
    status.textContent = response.ok ? leftOut(Number(response.headers.get("X-Left-Out"))) : gettext("The form needs mending before it can be shown.");
  } catch {
    status.textContent = gettext("The preview cannot be drawn while you are offline.");
  }
});

function leftOut(n) {
  return n ? format(ngettext("One question needs mending and is not shown yet.", "{n} questions need mending and are not shown yet.", n), { n }) : "";
}

/* The name of the question in hand; a criterion belongs to its question. */
function edited() {
  const card = document.activeElement.closest("#edit-cards > .edit-card");
  return card ? document.getElementById(`${card.id}.name`)?.value ?? "" : "";
}

document.addEventListener("focusin", ({ target }) => {
  if (target.closest(".edit-card")) tell("polyphony:look", { edited: edited() });
});

function fit() {
  const width = WIDTHS[document.querySelector("[name=preview-width]:checked").value];
  const scale = Math.min(1, box.clientWidth / width);
  box.style.setProperty("--frame-width", `${width}px`);
  box.style.setProperty("--frame-scale", scale);
}

for (const input of document.querySelectorAll("[name=preview-width]")) input.addEventListener("change", fit);
new ResizeObserver(fit).observe(box);
frame.addEventListener("load", () => { if (hasUnsaved()) soon(); });
document.addEventListener("polyphony:changed", soon);
fit();

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
  soon();
});
