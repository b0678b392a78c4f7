/* A preview beside an editor: drawn a moment after the last change, the newest answer
   last. While it is behind the form it is [aria-busy]. */

const WAIT_MS = 350;
const MARGIN = 24;

/** Mark the question that is being edited, and bring it into sight where it scrolls.

    A page is never scrolled, unless it is a frame of its own. */
export function mark(root, element) {
  for (const old of root.querySelectorAll(".is-edited")) old.classList.remove("is-edited");
  if (!element) return;
  element.classList.add("is-edited");
  const box = scrollerOf(element);
  if (!box) return;
  const seen = box === document.scrollingElement ? { top: 0, bottom: innerHeight } : box.getBoundingClientRect();
  const { top, bottom } = element.getBoundingClientRect();
  if (top < seen.top || bottom > seen.bottom) box.scrollBy({ top: top - seen.top - MARGIN, behavior: "instant" });
}

function scrollerOf(element) {
  for (let box = element.parentElement; box && box !== document.body; box = box.parentElement) {
    if (/auto|scroll/.test(getComputedStyle(box).overflowY) && box.scrollHeight > box.clientHeight) return box;
  }
  return parent === window ? null : document.scrollingElement;
}

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
