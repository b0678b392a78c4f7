/* The sheets: keys, guidelines, skip, flag, message. */

import { read, write } from "./store.js";
import { participant } from "./urls.js";

const sheet = (name) => document.querySelector(`[data-dialog=${name}]`);

export function open(name) {
  sheet(name).showModal();
}

export const isOpen = () => document.querySelector("dialog[open]") !== null;

// What was filled in and not sent is there when the sheet opens again for its item, also
// after a reload. The last item with such words is enough.
const KEY = `polyphony:sheets:${participant}`;

function unsent(about) {
  const kept = read(KEY);
  return kept?.about === about ? kept.values : {};
}

function keep(name, about, form) {
  write(KEY, { about, values: { ...unsent(about), [name]: Object.fromEntries(new FormData(form)) } });
}

/* What was filled in has arrived. */
export function sent(name, about) {
  const { [name]: _, ...values } = unsent(about);
  write(KEY, { about, values });
}

/* Ask by a form in a sheet `about` an item. Return its values, or null where it was closed. */
export function ask(name, required, words, about) {
  const dialog = sheet(name);
  const form = dialog.querySelector("form");
  const missing = dialog.querySelector("[data-missing]");
  form.reset();
  for (const [key, value] of Object.entries(unsent(about)[name] ?? {})) form.elements[key].value = value;
  missing.hidden = true;
  return new Promise((resolve) => {
    const done = (values) => {
      form.removeEventListener("submit", submit);
      dialog.removeEventListener("close", closed);
      keep(name, about, form);
      if (dialog.open) dialog.close();
      resolve(values);
    };
    const closed = () => done(null);
    const submit = (event) => {
      event.preventDefault();
      if (event.submitter?.value !== "go" && event.submitter) return done(null);
      const values = Object.fromEntries(new FormData(form));
      if (values[required]) return done(values);
      missing.hidden = false;
      missing.querySelector("span").textContent = words;
      form.querySelector(`[name=${required}]`).focus();
      return undefined;
    };
    form.addEventListener("submit", submit);
    dialog.addEventListener("close", closed);
    form.oninput = () => keep(name, about, form);
    form.onkeydown = (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      form.requestSubmit(form.querySelector("[value=go]"));
    };
    dialog.showModal();
    form.querySelector(`[name=${required}]`).focus();
  });
}

/* A click beside a sheet closes it, and so does its cross. That is no submit button:
   Enter in a field presses the first of those. */
for (const dialog of document.querySelectorAll("[data-dialog]")) {
  dialog.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]")) dialog.close();
    if (event.target !== dialog) return;
    const box = dialog.getBoundingClientRect();
    const isInside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!isInside) dialog.close();
  });
}
