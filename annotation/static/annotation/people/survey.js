/* The questions of a survey: sliders without a silent default, saying nothing on
   purpose, taking an answer back, and rules that show a question. Without this module
   every question is a plain field. The page for people and the preview both use it. */

import { format, gettext } from "../js/words.js";

/** Bring the questions inside `root` to life; `onChange(open)` hears what is open. */
export function bindSurvey(root, onChange = () => {}) {
  const questions = [...root.querySelectorAll("[data-question]")];
  const tell = () => {
    showByRules(questions);
    onChange(questions.filter((field) => isOpen(field)));
  };
  for (const field of questions) {
    makeApart(field);
    if (field.dataset.kind === "slider") makeSlider(field, tell);
    if (field.dataset.kind === "single") makeClearing(field, tell);
  }
  root.addEventListener("change", tell);
  root.addEventListener("input", tell);
  tell();
}

/** Return the words of a question, for a sentence. */
export function titleOf(field) {
  return field.querySelector("legend, label").firstChild.textContent.trim();
}

/** Return what a question would send. */
export function valuesOf(field) {
  return [...field.querySelectorAll("[name]")]
    .filter((input) => !input.disabled && (!input.matches("[type=checkbox], [type=radio]") || input.checked))
    .map((input) => input.value.trim())
    .filter(Boolean);
}

function isOpen(field) {
  return !field.hidden && field.dataset.optional === undefined && valuesOf(field).length === 0;
}

function quietButton(words, label) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-quiet btn-small take-back";
  button.textContent = words;
  button.setAttribute("aria-label", label);
  return button;
}

/** Put a line in the place of the number field, which keeps the value that is sent. */
function makeSlider(field, tell) {
  const number = field.querySelector(".slide-number");
  const out = field.querySelector("output");
  const apart = [...field.querySelectorAll("[data-apart]")];
  const label = field.querySelector(`label[for="${number.id}"]`);
  const clear = quietButton(gettext("Clear"), format(gettext("Clear the answer to “{title}”"), { title: titleOf(field) }));
  const slider = makeLine(number);
  const show = () => {
    const said = apart.find((box) => box.checked);
    const isUntouched = number.value === "";
    slider.toggleAttribute("data-untouched", isUntouched || Boolean(said));
    slider.disabled = Boolean(said);
    number.disabled = Boolean(said);
    clear.hidden = isUntouched || Boolean(said);
    if (said) out.textContent = said.value === "__prefer_not" ? gettext("You prefer not to say") : gettext("Does not apply to you");
    else out.textContent = isUntouched ? gettext("Not answered yet") : format(gettext("{n} of 100"), { n: number.value });
    if (said || isUntouched) slider.setAttribute("aria-valuetext", out.textContent);
    else slider.removeAttribute("aria-valuetext");
  };
  const take = () => {
    number.value = slider.value;
    show();
    tell();
  };
  slider.addEventListener("input", take);
  slider.addEventListener("pointerup", take);
  slider.addEventListener("keydown", (event) => {
    // Enter and space settle on the value under the hand, without a move.
    if (event.key === " " || (event.key === "Enter" && !event.ctrlKey && !event.metaKey)) {
      event.preventDefault();
      take();
    }
    if (event.key === "Delete" || event.key === "Backspace") clear.click();
  });
  clear.addEventListener("click", () => {
    number.value = "";
    slider.value = "50";
    show();
    tell();
    slider.focus();
  });
  for (const box of apart) box.addEventListener("change", show);
  number.hidden = true;
  number.before(slider);
  out.after(clear);
  label.htmlFor = slider.id;
  out.htmlFor = slider.id;
  show();
}

function makeLine(number) {
  const slider = document.createElement("input");
  slider.type = "range";
  slider.className = "slider";
  slider.min = number.min;
  slider.max = number.max;
  slider.value = number.value || "50";
  slider.id = `${number.id}-line`;
  if (number.hasAttribute("aria-describedby")) slider.setAttribute("aria-describedby", number.getAttribute("aria-describedby"));
  return slider;
}

/** What stands alone overrules the other choices, and a choice takes it back. */
function makeApart(field) {
  const boxes = [...field.querySelectorAll("input[type=checkbox]")];
  const text = field.querySelector("input.input:not([type=number]), textarea");
  const isAlone = (box) => box.matches("[data-alone], [data-apart]");
  field.addEventListener("change", (event) => {
    if (!event.target.checked || event.target.type !== "checkbox") return;
    for (const box of boxes) {
      if (box !== event.target && (isAlone(event.target) || isAlone(box))) box.checked = false;
    }
    if (text && isAlone(event.target)) {
      field.dataset.kept = text.value;
      text.value = "";
    }
  });
  field.addEventListener("change", (event) => {
    // Taking it back gives back the words it stood for.
    if (text && event.target.matches("[data-apart]") && !event.target.checked && text.value === "") text.value = field.dataset.kept ?? "";
  });
  text?.addEventListener("input", () => {
    if (text.value) for (const box of boxes) box.checked = false;
  });
}

/** A radio cannot be unticked by hand: a button takes the answer back. */
function makeClearing(field, tell) {
  const clear = quietButton(gettext("Clear"), format(gettext("Clear the answer to “{title}”"), { title: titleOf(field) }));
  const radios = [...field.querySelectorAll("input[type=radio]")];
  const show = () => {
    clear.hidden = !radios.some((radio) => radio.checked);
  };
  clear.addEventListener("click", () => {
    for (const radio of radios) radio.checked = false;
    radios[0].focus();
    show();
    tell();
  });
  field.addEventListener("change", show);
  field.querySelector(".tags").append(clear);
  show();
}

/** Show what the rules let be shown; a rule about a hidden question is never met. */
function showByRules(questions) {
  const byName = new Map(questions.map((field) => [field.dataset.question, field]));
  const isMet = (rule) => {
    const asked = byName.get(rule.question);
    if (!asked || asked.hidden) return false;
    return valuesOf(asked).some((value) => rule.values.includes(value)) === rule.isAnyOf;
  };
  for (const field of questions) {
    if (!field.dataset.rules) continue;
    const { needsAll, rules } = JSON.parse(field.dataset.rules);
    field.hidden = !(needsAll ? rules.every(isMet) : rules.some(isMet));
  }
  for (const group of new Set(questions.map((field) => field.closest(".slide-group")).filter(Boolean))) {
    group.hidden = [...group.querySelectorAll("[data-question]")].every((field) => field.hidden);
  }
}
