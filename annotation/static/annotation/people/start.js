/* The page before the first item: the survey, and what is still open. */

import { format, gettext, ngettext } from "../js/words.js";
import { keepProfile } from "./profile_draft.js";
import { bindSurvey, titleOf } from "./survey.js";

const form = document.getElementById("start");
const line = document.getElementById("still-open");
const kept = document.querySelector("[data-kept]");

// Before the questions come to life: sliders begin with what stands in their fields.
keepProfile(form, (words) => {
  kept.hidden = !words;
  kept.querySelector("[data-words]").textContent = words;
});

bindSurvey(form, (open) => {
  const n = open.length;
  const words = ngettext("One question is still open: “{title}”", "{n} questions are still open.", n);
  line.textContent = n ? format(words, { n, title: titleOf(open[0]) }) : "";
});
document.querySelector("[data-focus]")?.focus();
