/* The profile page: sliders without a silent default, declining, questions that depend
   on others, and what is still open. Without it every question is a plain field. */

const form = document.getElementById("start");
const questions = [...form.querySelectorAll("[data-question]")];

/** Put a line in the place of the number field, which keeps the value that is sent. */
function makeSlider(field) {
  const number = field.querySelector(".slide-number");
  const out = field.querySelector("output");
  const decline = field.querySelector("[data-decline]");
  const slider = document.createElement("input");
  slider.type = "range";
  slider.className = "slider";
  slider.min = number.min;
  slider.max = number.max;
  slider.value = number.value || "50";
  slider.id = `${number.id}-line`;
  if (number.hasAttribute("aria-describedby")) slider.setAttribute("aria-describedby", number.getAttribute("aria-describedby"));
  const show = () => {
    const isOpen = number.value === "";
    slider.toggleAttribute("data-untouched", isOpen);
    slider.disabled = decline.checked;
    number.disabled = decline.checked;
    out.textContent = decline.checked ? "You prefer not to say" : isOpen ? "Not answered yet" : `${number.value} of 100`;
    if (decline.checked || isOpen) slider.setAttribute("aria-valuetext", out.textContent);
    else slider.removeAttribute("aria-valuetext");
  };
  const take = () => {
    number.value = slider.value;
    show();
    tellWhatIsOpen();
  };
  slider.addEventListener("input", take);
  slider.addEventListener("pointerup", take);
  slider.addEventListener("keydown", (event) => {
    // Enter and space settle on the value under the hand, without a move.
    if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      take();
    }
  });
  decline.addEventListener("change", show);
  number.hidden = true;
  number.before(slider);
  const label = field.querySelector(`label[for="${number.id}"]`);
  label.htmlFor = slider.id;
  out.htmlFor = slider.id;
  show();
}

/** Declining overrules the other choices, and a choice takes the declining back. */
function makeDeclining(field) {
  const boxes = [...field.querySelectorAll("input[type=checkbox]")];
  const text = field.querySelector("input.input:not([type=number])");
  field.addEventListener("change", (event) => {
    if (!event.target.checked) return;
    for (const box of boxes) {
      if (box !== event.target && (event.target.matches("[data-decline]") || box.matches("[data-decline]"))) box.checked = false;
    }
    if (text && event.target.matches("[data-decline]")) text.value = "";
  });
  text?.addEventListener("input", () => {
    const decline = field.querySelector("[data-decline]");
    if (text.value) decline.checked = false;
  });
}

function valuesOf(field) {
  return [...field.querySelectorAll("[name]")]
    .filter((input) => !input.disabled && (!input.matches("[type=checkbox], [type=radio]") || input.checked))
    .map((input) => input.value.trim())
    .filter(Boolean);
}

/** Hide what a choice made before leaves without a sense. */
function showDependents() {
  for (const field of questions.filter((one) => one.dataset.depends)) {
    const asked = questions.find((one) => one.dataset.question === field.dataset.depends);
    const hidden = field.dataset.hiddenFor.split("|");
    field.hidden = asked !== undefined && valuesOf(asked).some((value) => hidden.includes(value));
  }
}

function tellWhatIsOpen() {
  const open = questions.filter((field) => !field.hidden && valuesOf(field).length === 0);
  const line = document.getElementById("still-open");
  if (open.length === 0) line.textContent = "";
  else if (open.length === 1) line.textContent = `One question is still open: ${titleOf(open[0])}`;
  else line.textContent = `${open.length} questions are still open.`;
}

function titleOf(field) {
  const title = field.querySelector("legend, label").firstChild.textContent.trim();
  return `“${title}”`;
}

for (const field of questions) {
  if (field.dataset.kind === "slider") makeSlider(field);
  makeDeclining(field);
}
form.addEventListener("change", () => {
  showDependents();
  tellWhatIsOpen();
});
form.addEventListener("input", tellWhatIsOpen);
showDependents();
tellWhatIsOpen();
document.querySelector("[data-focus]")?.focus();
