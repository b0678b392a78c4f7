/* The keyboard of the page. Single keys are silent inside a text field, and where their
   person has switched them off: speech and unsteady hands press them unmeant. */

import { isOpen } from "./dialogs.js";
import * as display from "./display.js";

const TYPING = "textarea, select, input:not([type=radio]):not([type=checkbox]):not([type=range])";
const SCROLLS = ".completion-text, .prompt-text, .rail-body, pre, math";
const COMMANDS = {
  r: "write", m: "mark", u: "sure", p: "fold", g: "guidelines", "?": "keys", s: "skip", f: "flag", c: "comment", z: "takeBack",
  v: "turnText", l: "turnLayout", w: "turnLine", d: "turnDensity", o: "turnGrid", i: "toggleDifferences", t: "toggleStep", ",": "smaller", ".": "larger",
};

/* `page` has desk() and a method per command. */
export function listen(page) {
  // The preview of a form has no sheet of keys.
  const isOn = document.querySelector("[data-single-keys]");
  if (isOn) isOn.checked = display.wish.keys !== "off";
  isOn?.addEventListener("change", () => display.keep({ keys: isOn.checked ? "on" : "off" }));
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
      if (isOpen()) return;
      event.preventDefault();
      if (!event.repeat) page.submit();
      return;
    }
    if (isOpen() || event.ctrlKey || event.metaKey || event.altKey) return;
    // The field of a sheet just closed keeps the focus until the next frame.
    if (event.target.matches?.(TYPING) && !event.target.closest("dialog:not([open])")) {
      typing(event, page);
      return;
    }
    if (display.wish.keys === "off" && event.key.length === 1) return;
    if (event.repeat && !event.key.startsWith("Arrow")) return;
    if (dispatch(event, page)) event.preventDefault();
  });
}

function typing(event, page) {
  if (event.key === "Escape") event.target.blur();
  if (event.key === "Enter" && event.target.matches("[type=number]")) {
    event.preventDefault();
    page.desk()?.goOn();
  }
}

function dispatch(event, page) {
  const desk = page.desk();
  const isCommand = event.shiftKey && /^[A-Z]$/.test(event.key);
  const key = isCommand ? event.key.toLowerCase() : event.key;
  if (desk && !isCommand) {
    const arrow = { ArrowLeft: -1, ArrowRight: 1 }[key];
    const scrolls = event.target.matches?.(SCROLLS) && event.target.scrollWidth > event.target.clientWidth;
    if (arrow && !scrolls && !event.target.matches("[type=range]")) return desk.grade(arrow);
    const row = { ArrowUp: -1, ArrowDown: 1 }[key];
    if (row) return desk.turn(row, event.target);
    if (key === "Enter" && event.target.matches("input")) return desk.goOn();
    if (desk.key(key)) return true;
  }
  if (!desk && page.reveal?.key(key, event.target)) return true;
  const command = COMMANDS[key];
  if (!command) return false;
  page[command]();
  return true;
}
