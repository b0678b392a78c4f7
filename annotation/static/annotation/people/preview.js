/* The survey builder's preview: the real questions, brought to life again after each
   change, with what was tried in them kept. */

import { bindSurvey } from "./survey.js";

let tried = new Map();

function keyOf(input) {
  return `${input.name}=${input.matches("[type=checkbox], [type=radio]") ? input.value : ""}`;
}

function keep(preview) {
  tried = new Map(
    [...preview.querySelectorAll("[name]")].map((input) => [
      keyOf(input),
      input.matches("[type=checkbox], [type=radio]") ? input.checked : input.value,
    ]),
  );
}

function bind(preview) {
  for (const input of preview.querySelectorAll("[name]")) {
    const value = tried.get(keyOf(input));
    if (typeof value === "boolean") input.checked = value;
    else if (value !== undefined) input.value = value;
  }
  preview.dataset.bound = "yes";
  bindSurvey(preview);
}

function bindNew() {
  const preview = document.getElementById("preview");
  if (preview && !preview.dataset.bound) bind(preview);
}

document.addEventListener("htmx:beforeSwap", () => {
  const preview = document.getElementById("preview");
  if (preview) keep(preview);
});
document.addEventListener("htmx:afterSettle", bindNew);
document.addEventListener("htmx:oobAfterSwap", bindNew);
bindNew();
