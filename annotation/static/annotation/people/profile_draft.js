/* What is filled in but not saved stays on this device, since the server keeps nothing
   before the consent. Ticks of the consent are given anew each time. */

import { drop, read, write } from "../annotate/store.js";
import { format, gettext, locale } from "../js/words.js";
import { PREFIX, areForgotten } from "./forget.js";
import { readValues, writeValues } from "./values.js";

const FIELDS = "[data-question] [name]";
const WAIT_MS = 400;

/** Restore the draft of `form`, unless the server sent back what was just given. */
export function keepProfile(form, say) {
  const key = PREFIX + form.dataset.draft;
  const isFresh = form.dataset.given === undefined;
  const kept = isFresh ? read(key) : null;
  if (kept) {
    writeValues(form, kept.values, FIELDS);
    say(gettext("Draft restored from this device"));
  }
  let timer = 0;
  let isLeaving = false;
  const save = () => {
    timer = 0;
    if (areForgotten()) return;
    const at = new Date();
    const isKept = write(key, { at: at.getTime(), values: readValues(form, FIELDS) });
    const time = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hour12: false }).format(at);
    say(isKept ? format(gettext("Draft saved on this device at {time}"), { time }) : "");
  };
  const soon = ({ target }) => {
    if (!target.closest("[data-question]")) return;
    clearTimeout(timer);
    timer = setTimeout(save, WAIT_MS);
  };
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  // A button that takes an answer back tells nobody.
  form.addEventListener("click", (event) => { if (event.target.closest(".take-back")) soon(event); });
  form.addEventListener("submit", (event) => {
    isLeaving = true;
    clearTimeout(timer);
    if (event.submitter?.value === "refuse") drop(key);
    else save();
  });
  addEventListener("pagehide", () => {
    if (timer && !isLeaving) save();
  });
}
