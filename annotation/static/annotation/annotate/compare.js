/* A comparison: its scale, and the reasons and confidence that belong to it. */

import { format, gettext } from "../js/words.js";
import { Choices, all, one } from "./cells.js";

export class Comparison {
  constructor(root, question, { isAlone }) {
    const name = CSS.escape(question.name);
    this.root = root;
    this.question = question;
    this.isAlone = isAlone;
    this.element = one(`[data-judge] [data-question="${name}"], [data-judge][data-question="${name}"]`, root);
    this.scale = new Choices(one(`[data-judge] [data-cell="${name}"]`, root), { panel: question.name });
    this.reasons = one(`[data-reasons="${name}"]`, root);
    const levels = one(`[data-levels="${name}"] [data-levels-cell]`, root);
    this.levels = levels && new Choices(levels, { panel: question.name, isQuiet: true });
    this.said = one("[data-said]", this.element);
    this.cells = [this.scale, ...(this.levels ? [this.levels] : [])];
    this.element.addEventListener("change", () => this.show());
    this.hint = this.said.textContent;
  }

  read() {
    const { value } = this.scale;
    const reasons = this.reasons ? all("input:checked", this.reasons).map((input) => input.value) : [];
    const answer = {};
    if (value !== null) answer.value = value === "both_bad" ? 0 : Number(value);
    if (value === "both_bad") answer.both_bad = true;
    if (reasons.length) answer.reasons = reasons;
    if (this.levels?.value) answer.confidence = this.levels.value;
    return Object.keys(answer).length ? answer : null;
  }

  write(answer) {
    const isGraded = typeof answer?.value === "number";
    this.scale.value = answer?.both_bad ? "both_bad" : isGraded ? answer.value : null;
    const reasons = answer?.reasons ?? [];
    if (this.reasons) for (const input of all("input", this.reasons)) input.checked = reasons.includes(input.value);
    if (this.levels) this.levels.value = answer?.confidence ?? null;
    this.show();
  }

  problems(answer) {
    const path = `answers.${this.question.name}`;
    const { title, is_required: isRequired } = this.question;
    if (typeof answer?.value === "number" || (!answer && !isRequired)) return [];
    return [{ path, message: format(gettext("“{title}” has no answer yet. Choose one."), { title }), short: gettext("No answer yet. Choose one.") }];
  }

  /* Say the choice in words, and show it on the answer that was chosen. */
  show() {
    const { chosen } = this.scale;
    this.said.textContent = chosen?.dataset.words ?? this.hint;
    const side = chosen?.dataset.side ?? "";
    if (!this.isAlone) return;
    for (const text of all(".completion", this.root)) text.classList.toggle("is-chosen", side !== "" && text.dataset.place === (side === "a" ? "0" : "1"));
  }

  /* What is not asked together with this question. */
  get elements() {
    return this.isAlone ? [this.element, this.reasons, this.levels?.element.closest("fieldset")].filter(Boolean) : [this.element];
  }

  locate() {
    return { field: this.element, focus: () => this.scale.focus(), cell: this.scale };
  }
}
