/* The survey builder: its preview is the real questions, brought to life again after each
   change, with what was tried in them kept. */

import "./changing.js";
import "./moving.js";
import "./unsaved.js";
import { follower, mark } from "./drawing.js";
import { bindSurvey } from "./survey.js";
import { readValues, writeValues } from "./values.js";

const preview = () => document.getElementById("preview");

function show(page) {
  const fresh = page.getElementById("preview");
  if (!fresh) return;
  const tried = readValues(preview());
  preview().replaceWith(fresh);
  writeValues(fresh, tried);
  bindSurvey(fresh);
  markEdited();
}

/* The question that is open; grouped sliders are one question. */
function markEdited() {
  const name = preview().dataset.edited;
  mark(preview(), name ? document.getElementById(`group-${name}`) ?? document.getElementById(`field-${name}`) : null);
}

const { soon, skip } = follower(preview, async (body, isCurrent) => {
  body.set("do", "look");
  try {
    const response = await fetch(location.pathname, { method: "POST", body });
    const html = await response.text();
    if (isCurrent()) show(new DOMParser().parseFromString(html, "text/html"));
  } catch {
    // Offline: the preview stays as it is, and marked as behind.
  }
});

document.addEventListener("input", ({ target }) => { if (target.closest("#edit-form")) soon(); });
document.addEventListener("polyphony:changed", ({ detail }) => {
  skip();
  show(detail.page);
});
bindSurvey(preview());
markEdited();
