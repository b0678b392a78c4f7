/* The state of the world, said in the page's flow: one banner per matter. */

import { format, gettext, locale } from "../js/words.js";

const box = document.querySelector("[data-banners]");
const shown = new Map();

export function banner(matter, words, { tone = "caution", actions = [] } = {}) {
  if (shown.get(matter)?.words === words) return;
  clear(matter);
  const element = document.querySelector("[data-template=banner]").content.firstElementChild.cloneNode(true);
  element.classList.add(`banner-${tone}`);
  element.dataset.matter = matter;
  element.querySelector("p").textContent = words;
  for (const { label, run, href } of actions) {
    const button = document.createElement(href ? "a" : "button");
    button.className = "btn btn-small";
    button.textContent = label;
    if (href) Object.assign(button, { href, target: "_blank", rel: "noopener" });
    else {
      button.type = "button";
      button.addEventListener("click", () => run());
    }
    element.append(button);
  }
  box.append(element);
  shown.set(matter, { element, words });
}

export function clear(...matters) {
  for (const matter of matters) {
    shown.get(matter)?.element.remove();
    shown.delete(matter);
  }
}

const saved = document.querySelector("[data-saved]");

export function status(words) {
  saved.hidden = !words;
  saved.querySelector("[data-saved-text]").textContent = words;
}

export const clock = () => new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" }).format(new Date());

/* How far the person has come. `left` beyond BOUND is "very many", and has no bar. */
const BOUND = 10_000;
const progress = { done: 0, left: 0 };

export function setProgress(done, left) {
  Object.assign(progress, { done, left });
  const element = document.querySelector("[data-progress]");
  const bar = element.querySelector("[role=progressbar]");
  const total = done + left;
  const isKnown = left < BOUND;
  element.querySelector("[data-progress-text]").textContent = isKnown ? format(gettext("{done} of {total}"), { done, total }) : format(gettext("{done} done"), { done });
  bar.hidden = !isKnown;
  bar.setAttribute("aria-valuenow", done);
  bar.setAttribute("aria-valuemax", Math.max(total, 1));
  element.querySelector("[data-progress-bar]").style.setProperty("--part", total ? (100 * done) / total : 0);
}

/* One more (+1) or one fewer (-1) answered. */
export function moveProgress(by) {
  setProgress(Math.max(progress.done + by, 0), Math.max(progress.left - by, 0));
}
