/* The page before the first item: the survey, and what is still open. */

import { bindSurvey, titleOf } from "./survey.js";

const form = document.getElementById("start");
const line = document.getElementById("still-open");

bindSurvey(form, (open) => {
  if (open.length === 0) line.textContent = "";
  else if (open.length === 1) line.textContent = `One question is still open: “${titleOf(open[0])}”`;
  else line.textContent = `${open.length} questions are still open.`;
});
document.querySelector("[data-focus]")?.focus();
