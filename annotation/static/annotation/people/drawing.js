/* A preview beside an editor: drawn a moment after the last change, the newest answer
   last. While it is behind the form it is [aria-busy]. */

const WAIT_MS = 350;

/** Return what keeps `preview()` up to date; `draw(body, isCurrent)` draws a form.

    `soon()` draws after a pause; `skip()` takes back what is under way. */
export function follower(preview, draw) {
  let timer = 0;
  let turn = 0;
  const begin = async (mine) => {
    const body = new URLSearchParams(new FormData(document.getElementById("edit-form")));
    await draw(body, () => mine === turn);
    if (mine === turn) preview().removeAttribute("aria-busy");
  };
  const skip = () => {
    turn += 1;
    clearTimeout(timer);
    preview().removeAttribute("aria-busy");
  };
  const soon = () => {
    skip();
    preview().setAttribute("aria-busy", "true");
    timer = setTimeout(begin, WAIT_MS, turn);
  };
  return { soon, skip };
}
