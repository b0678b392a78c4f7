/* Leaving a form with changes that are not saved is asked about. The form is the one with
   [data-guarded], and its buttons with [data-anew] put other words in place of those in
   hand, so they ask too. A page that the server already shows changed has [data-unsaved]. */

const form = () => document.querySelector("form[data-guarded]");
const showsUnsaved = () => document.querySelector("[data-unsaved]") !== null;
let isDirty = showsUnsaved();
let isLeaving = false;

/** Tell whether something here is not saved. */
export const hasUnsaved = () => isDirty;

document.addEventListener("input", ({ target }) => { isDirty ||= Boolean(target.closest("form[data-guarded]")); });
document.addEventListener("polyphony:changed", () => { isDirty ||= showsUnsaved(); });
document.addEventListener("submit", (event) => {
  const isAnew = event.submitter?.matches("[data-anew]");
  isLeaving = event.target === form() && !isAnew && !event.defaultPrevented;
});
addEventListener("beforeunload", (event) => {
  if (isDirty && !isLeaving) event.preventDefault();
});
addEventListener("pageshow", () => { isLeaving = false; });
