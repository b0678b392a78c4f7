/* The mapping of an import: a change shows its preview at once.
   Without this script the button "Show the preview again" does the same. */

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-remap]")) event.target.form.dispatchEvent(new Event("remap"));
});

/** With the preview always fresh, its button is not needed. */
function hideButton() {
  for (const button of document.querySelectorAll("[data-preview]")) button.hidden = true;
}

document.body.addEventListener("htmx:afterSwap", hideButton);
hideButton();
