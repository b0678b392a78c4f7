/* Going through a list by keyboard: j and k move along its links, or turn the page.
   They rest where their person has switched single keys off at the desk. */

import { read } from "../annotate/store.js";

const TYPING = "textarea, select, input:not([type=radio]):not([type=checkbox])";
const STEPS = { j: 1, k: -1 };

function step(by) {
  const links = [...document.querySelectorAll("[data-walk]")];
  const at = links.indexOf(document.activeElement);
  const next = links[at < 0 && by < 0 ? -1 : at + by];
  if (links.length && next) {
    next.focus();
    next.scrollIntoView({ block: "nearest" });
    return;
  }
  document.querySelector(by > 0 ? "a[rel=next]" : "a[rel=prev]")?.click();
}

addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!(event.key in STEPS) || read("polyphony:reading")?.keys === "off" || event.target.matches?.(TYPING)) return;
  event.preventDefault();
  step(STEPS[event.key]);
});
