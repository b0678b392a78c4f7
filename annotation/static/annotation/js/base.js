/* What every page can do: theme, toasts, copying, menus, figures as CSS properties.
   The content policy forbids style="", so figures stand in data attributes. */

import { forgetLeftovers, forgetProfiles } from "../people/forget.js";
import { gettext, locale } from "./words.js";

const FIGURES = ["part", "at", "from", "to", "row", "zero", "step", "top", "span", "plotHeight"];
const TOAST_MS = 10_000;

/** Turn data-part, data-at … of `root` and all below it into CSS custom properties. */
export function applyFigures(root = document) {
  for (const name of FIGURES) {
    const attribute = `data-${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;
    const property = `--${attribute.slice(5)}`;
    const found = [...root.querySelectorAll(`[${attribute}]`)];
    if (root.matches?.(`[${attribute}]`)) found.push(root);
    for (const element of found) element.style.setProperty(property, element.getAttribute(attribute));
  }
}

/** Show each time in the reader's own zone: <time datetime="…" data-local="time|date|datetime">. */
export function localiseTimes(root = document) {
  const styles = {
    time: { hour: "2-digit", minute: "2-digit" },
    date: { day: "numeric", month: "long", year: "numeric" },
    datetime: { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" },
  };
  for (const time of root.querySelectorAll("time[data-local]")) {
    const moment = new Date(time.dateTime);
    if (!Number.isNaN(moment.valueOf())) {
      time.textContent = new Intl.DateTimeFormat(locale, { ...styles[time.dataset.local], hour12: false }).format(moment);
    }
  }
}

/** Confirm what the hand just did. `action`: {label, key?, run} puts a button into it. */
export function toast(text, action = null) {
  const box = document.createElement("div");
  box.className = "toast";
  box.dataset.toast = "";
  const words = document.createElement("span");
  words.textContent = text;
  box.append(words);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-small";
  button.textContent = action?.label ?? gettext("Close");
  if (action?.key) {
    const key = document.createElement("kbd");
    key.className = "key";
    key.textContent = action.key;
    button.append(" ", key);
  }
  button.addEventListener("click", () => {
    box.remove();
    action?.run();
  });
  box.append(button);
  document.getElementById("toasts").append(box);
  fade(box);
  return box;
}

/** Take a toast away after a while, but not under the pointer or the focus. */
function fade(box) {
  const leave = () => {
    if (box.matches(":hover, :focus-within")) setTimeout(leave, 2_000);
    else box.remove();
  };
  setTimeout(leave, TOAST_MS);
}

function switchTheme() {
  const root = document.documentElement;
  const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = isDark ? "light" : "dark";
  try {
    localStorage.setItem("theme", root.dataset.theme);
  } catch {
    // Storage may be forbidden; the theme then holds for this page.
  }
}

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  const text = source.value ?? source.textContent;
  try {
    await navigator.clipboard.writeText(text.trim());
    toast(gettext("Copied."));
  } catch {
    // Browsers give the clipboard to secure pages only; the keys still work.
    if (source.select) source.select();
    else getSelection().selectAllChildren(source);
    toast(gettext("The text is selected. Press Ctrl+C to copy it."));
  }
}

const ACTIONS = {
  theme: switchTheme,
  dismiss: (button) => button.closest("[data-toast], .banner").remove(),
  copy,
  dialog: (button) => document.getElementById(button.dataset.dialog).showModal(),
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button && button.dataset.do in ACTIONS) ACTIONS[button.dataset.do](button);
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details[data-menu][open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && !event.defaultPrevented) {
    const form = event.target.closest?.("form") ?? document.querySelector("form[data-quick]");
    if (form?.matches("[data-quick]")) {
      event.preventDefault();
      form.requestSubmit(form.querySelector("[data-submit]"));
    }
  }
});

/** A form with [data-once] is sent once, however often its button is pressed. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[data-leave]")) forgetProfiles();
  if (!form.matches("[data-once]")) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("[data-once][data-sent]")) delete form.dataset.sent;
});

function prepare(root) {
  applyFigures(root);
  localiseTimes(root);
}

document.addEventListener("htmx:load", (event) => prepare(event.detail.elt));
prepare(document);
// A form that came back: what is wrong may lie far below, so it has the focus.
const wrong = document.querySelector("main [aria-invalid=true]:not([type=hidden])") ?? document.querySelector("main form .banner-stop[role=alert]");
if (wrong && !document.querySelector("[autofocus]")) {
  if (wrong.matches(".banner")) wrong.tabIndex = -1;
  wrong.focus();
}
forgetLeftovers(document.body.dataset.person);
for (const box of document.querySelectorAll("[data-toast]")) fade(box);
// On a phone the tabs scroll; the present one has to be seen.
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
if (/Mac|iPhone|iPad/.test(navigator.platform)) {
  for (const key of document.querySelectorAll("[data-mod]")) key.textContent = "⌘";
}
