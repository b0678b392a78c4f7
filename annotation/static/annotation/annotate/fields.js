/* The questions of the rail: reasons in words, tags, and how sure one is. */

import { Choices, all, one } from "./cells.js";

const missing = (question, words) => [{ path: `answers.${question.name}`, message: words }];

export class Rationale {
  constructor(root, question) {
    this.question = question;
    this.element = one(`[data-question="${CSS.escape(question.name)}"]`, root);
    this.area = one("textarea", this.element);
    this.count = one("[data-count]", this.element);
    this.cells = [];
    this.area.addEventListener("input", () => this.show());
  }

  read() {
    return this.area.value.trim() ? this.area.value : null;
  }

  write(answer) {
    this.area.value = answer ?? "";
    this.show();
  }

  problems(answer) {
    const { title, is_required: isRequired, min_chars: least } = this.question;
    const n = (answer ?? "").trim().length;
    if (!n) return isRequired ? missing(this.question, `“${title}” is empty. Write your reasons.`) : [];
    const more = least - n;
    return more > 0 ? missing(this.question, `“${title}” is too short. Write ${more} more character${more === 1 ? "" : "s"}.`) : [];
  }

  show() {
    if (!this.count) return;
    const more = this.question.min_chars - this.area.value.trim().length;
    this.count.textContent = more > 0 ? `At least ${this.question.min_chars} characters, ${more} to go` : "Long enough";
  }

  locate() {
    return { field: this.element, focus: () => this.area.focus() };
  }
}

export class Tags {
  constructor(root, question) {
    this.question = question;
    this.element = one(`[data-question="${CSS.escape(question.name)}"]`, root);
    this.inputs = all("input", this.element);
    this.cells = [];
  }

  read() {
    const chosen = this.inputs.filter((input) => input.checked).map((input) => input.value);
    return chosen.length ? chosen : null;
  }

  write(answer) {
    for (const input of this.inputs) input.checked = (answer ?? []).includes(input.value);
  }

  problems(answer) {
    if (answer || !this.question.is_required) return [];
    return missing(this.question, `“${this.question.title}” has no answer yet. Choose at least one.`);
  }

  locate() {
    return { field: this.element, focus: () => this.inputs[0].focus() };
  }
}

export class Confidence {
  constructor(root, question, { isQuiet }) {
    this.question = question;
    this.element = one(`[data-question="${CSS.escape(question.name)}"]`, root);
    this.levels = new Choices(one("[data-levels-cell]", this.element), { isQuiet });
    this.cells = [this.levels];
  }

  read() {
    return this.levels.value;
  }

  write(answer) {
    this.levels.value = answer ?? null;
  }

  problems(answer) {
    if (answer || !this.question.is_required) return [];
    return missing(this.question, `“${this.question.title}” has no answer yet. Choose one.`);
  }

  locate() {
    return { field: this.element, focus: () => this.levels.focus(), cell: this.levels };
  }
}
