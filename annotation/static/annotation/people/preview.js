/* The survey builder's preview: the real questions, brought to life again after each
   change, with what was tried in them kept; and a guard for what is not saved. */

import { bindSurvey } from "./survey.js";
import { readValues, writeValues } from "./values.js";

let tried = [];

function bind(preview) {
  writeValues(preview, tried);
  preview.dataset.bound = "yes";
  bindSurvey(preview);
}

function bindNew() {
  const preview = document.getElementById("preview");
  if (preview && !preview.dataset.bound) bind(preview);
}

document.addEventListener("htmx:beforeSwap", () => {
  const preview = document.getElementById("preview");
  if (preview) tried = readValues(preview);
});
document.addEventListener("htmx:afterSettle", bindNew);
document.addEventListener("htmx:oobAfterSwap", bindNew);
bindNew();

// --- what is not saved --------------------------------------------------------------

const form = () => document.getElementById("edit-form");
let isDirty = document.querySelector("[data-unsaved]") !== null;
let isLeaving = false;
document.addEventListener("input", ({ target }) => { isDirty ||= Boolean(target.closest("#edit-form")); });
document.addEventListener("htmx:afterSettle", () => { isDirty ||= form().querySelector("[data-unsaved]") !== null; });
document.addEventListener("submit", (event) => { isLeaving = event.target === form(); });
addEventListener("beforeunload", (event) => {
  if (isDirty && !isLeaving) event.preventDefault();
});
addEventListener("pageshow", () => { isLeaving = false; });
