/* Forms whose page follows each change: the mapping of an import, an export's options.
   Without this script their button "Show … again" does the same. */

// A change that no request has carried yet: the form may just be being replaced.
let waiting = false;

function ask() {
  document.querySelector("form[data-mapping]").dispatchEvent(new Event("remap"));
}

/** Tell whether a control says something else than the server wrote into it. */
function isChanged(control) {
  if (control.matches("select")) {
    const written = [...control.options].findIndex((option) => option.defaultSelected);
    return control.selectedIndex !== Math.max(written, 0);
  }
  if (control.matches("[type=radio], [type=checkbox]")) return control.checked !== control.defaultChecked;
  return control.value !== control.defaultValue;
}

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-remap]")) return;
  waiting = true;
  ask();
});

document.body.addEventListener("htmx:beforeRequest", () => {
  waiting = false;
});

document.body.addEventListener("htmx:afterSettle", () => {
  if (waiting) ask();
});

/** With the page always fresh, the button is not needed. */
function hideButton() {
  for (const button of document.querySelectorAll("[data-preview]")) button.hidden = true;
}

document.body.addEventListener("htmx:afterSwap", hideButton);
hideButton();

// A browser that goes back restores what was chosen, and a hand may be faster than us.
addEventListener("DOMContentLoaded", () => {
  if ([...document.querySelectorAll("[data-remap]")].some(isChanged)) ask();
});
