/* The page before the first item: the survey, and what is still open. */

import { forgetProfiles, keepProfile } from "./profile_draft.js";
import { bindSurvey, titleOf } from "./survey.js";

const form = document.getElementById("start");
const line = document.getElementById("still-open");
const kept = document.querySelector("[data-kept]");
const LONGEST_MS = 14 * 24 * 3600 * 1000;

forgetProfiles(LONGEST_MS);
// Before the questions come to life: sliders begin with what stands in their fields.
keepProfile(form, (words) => {
  kept.hidden = !words;
  kept.querySelector("[data-words]").textContent = words;
});

bindSurvey(form, (open) => {
  if (open.length === 0) line.textContent = "";
  else if (open.length === 1) line.textContent = `One question is still open: “${titleOf(open[0])}”`;
  else line.textContent = `${open.length} questions are still open.`;
});
document.querySelector("[data-focus]")?.focus();
