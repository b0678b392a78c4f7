/* Changing the list in an editor: every button but “save” sends the whole form and gets
   it back changed. What is typed while a change is on its way is never lost: the answer
   to an older form is thrown away, and the same change is asked of the form as it is now.
   Without this module the same buttons load the page anew. */

import { applyFigures, toast } from "../js/base.js";
import { gettext } from "../js/words.js";

const SILENT = gettext("The server does not answer, so nothing is changed. What you wrote still stands here; try again.");
const STRANGE = gettext("The server answers with another page, so nothing is changed. You may be logged out: log in in another tab, then try again here.");

const form = () => document.getElementById("edit-form");
const contentOf = () => new URLSearchParams(new FormData(form())).toString();
let isBusy = false;
let isSaveWaiting = false;
let typed = "";
let nChanges = 0;

/** Ask for a change by the value of its button; `place` finds what gets the focus. */
export async function change(value, place = null) {
  if (isBusy) return;
  isBusy = true;
  typed = "";
  const asker = document.activeElement;
  form().setAttribute("aria-busy", "true");
  try {
    show(await answerTo(value), place, asker);
  } catch (error) {
    // Saved without its change, or to no server, the form would be lost.
    isSaveWaiting = false;
    toast(error instanceof TypeError ? SILENT : error.message);
  }
  isBusy = false;
  form().removeAttribute("aria-busy");
  if (isSaveWaiting) {
    isSaveWaiting = false;
    form().requestSubmit(form().querySelector("[name=do][value=save]"));
  }
}

/** Return the page that answers the form as it stands when the answer is there. */
async function answerTo(value) {
  let sent;
  let html;
  do {
    sent = contentOf();
    const body = new URLSearchParams(sent);
    body.set("do", value);
    const response = await fetch(location.pathname, { method: "POST", body });
    html = await response.text();
  } while (contentOf() !== sent);
  const page = new DOMParser().parseFromString(html, "text/html");
  if (!page.getElementById("edit-form")) throw new Error(STRANGE);
  return page;
}

function show(page, place, asker) {
  const before = document.activeElement;
  const isElsewhere = before !== asker && before.matches("#edit-form :is(input, select, textarea)");
  const hand = { id: before.id, start: before.selectionStart, end: before.selectionEnd };
  const fresh = page.getElementById("edit-form");
  nChanges += 1;
  fresh.dataset.changes = nChanges;
  // The browser would give the focus once more, later.
  const wanted = fresh.querySelector("[autofocus]");
  wanted?.removeAttribute("autofocus");
  form().replaceWith(fresh);
  window.htmx.process(fresh);
  applyFigures(fresh);
  const held = document.getElementById(hand.id);
  // Whoever has gone on to another field stays there, unless its place is now another's.
  const isKept = isElsewhere && held?.value?.trim() === before.value.trim();
  // The server strips the space after the last word, before the next one.
  if (isKept) held.value = before.value;
  const next = isKept ? held : place?.(wanted) ?? wanted ?? held;
  next?.focus();
  document.dispatchEvent(new CustomEvent("polyphony:changed", { detail: { page } }));
  if (next && next === wanted && !isKept) typeAhead(next);
  else if (next?.type === before.type && typeof hand.start === "number") next.setSelectionRange(hand.start, hand.end);
}

/** What was typed before the new field was there goes into it. */
function typeAhead(field) {
  if (!typed || typeof field.selectionStart !== "number") return;
  field.setRangeText(typed, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

document.addEventListener("keydown", (event) => {
  const isNowhere = event.target === document.body || event.target.matches("#edit-form button");
  if (!isBusy || !isNowhere || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Backspace") typed = typed.slice(0, -1);
  else if (event.key.length === 1) typed += event.key;
  else return;
  event.preventDefault();
});

document.addEventListener("submit", (event) => {
  const value = event.submitter?.value;
  if (event.target !== form() || (value === "save" && !isBusy)) return;
  // What puts another text in its place loads the page anew, and is asked about.
  if (event.submitter?.matches("[data-anew]")) return;
  event.preventDefault();
  if (value === "save") isSaveWaiting = true;
  else change(value);
});

/* A field on which others depend asks for the form anew by itself. */
document.addEventListener("change", ({ target }) => {
  if (target.closest("#edit-form") && target.matches("[data-refresh]")) change("refresh");
});
form().dataset.changes = nChanges;
