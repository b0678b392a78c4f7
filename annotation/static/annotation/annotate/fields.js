/* The questions of the rail: words, choices, tags, and how sure one is. */

import { Choices, all, one } from "./cells.js";
import { nChars } from "./conditions.js";
import { letter } from "./order.js";

const MAX_TEXT = 100_000;

const missing = (question, words) => [{ path: `answers.${question.name}`, message: words }];

/* Words of one's own: a rationale, or a text that is none. */
export class Words {
  constructor(root, question) {
    this.question = question;
    this.element = one(`[data-question="${CSS.escape(question.name)}"]`, root);
    this.area = one("textarea, input", this.element);
    this.count = one("[data-count]", this.element);
    this.cells = [];
    this.area.addEventListener("input", () => this.show());
  }

  read() {
    return nChars(this.area.value) ? this.area.value : null;
  }

  write(answer) {
    this.area.value = answer ?? "";
    this.show();
  }

  problems(answer) {
    const { title, type, is_required: isRequired, min_chars: least, max_chars: most } = this.question;
    const n = nChars(answer ?? "");
    const what = type === "rationale" ? "Write your reasons." : "Write an answer.";
    if (!n) return isRequired ? missing(this.question, `“${title}” is empty. ${what}`) : [];
    if (n < least) return missing(this.question, `“${title}” is too short. Write ${characters(least - n, "more ")}.`);
    if (n > (most || MAX_TEXT)) return missing(this.question, `“${title}” is too long. Take ${characters(n - (most || MAX_TEXT))} away.`);
    return [];
  }

  show() {
    if (!this.count) return;
    const { min_chars: least, max_chars: most } = this.question;
    const n = nChars(this.area.value);
    if (n < least) this.count.textContent = `At least ${least} characters, ${least - n} to go`;
    else if (most) this.count.textContent = n > most ? `${n - most} too many` : `${most - n} of ${most} characters left`;
    else this.count.textContent = "Long enough";
  }

  locate() {
    return { field: this.element, focus: () => this.area.focus() };
  }
}

/* One of several options: for the item, or for each completion. */
export class Choice {
  constructor(root, question, { n }) {
    this.question = question;
    this.n = n;
    const name = CSS.escape(question.name);
    this.element = one(`[data-question="${name}"]`, root);
    this.cells = all(`[data-cell="${name}"]`, this.element).map((element) => new Choices(element));
  }

  read() {
    const values = this.cells.map((cell) => cell.value);
    if (values.every((value) => value === null)) return null;
    return this.question.per_completion ? values : values[0];
  }

  write(answer) {
    const values = [answer ?? []].flat();
    this.cells.forEach((cell, place) => { cell.value = values[place] ?? null; });
  }

  problems(answer) {
    const { name, title, is_required: isRequired, per_completion: isEach } = this.question;
    if (!isRequired) return [];
    if (!answer) return missing(this.question, `“${title}” has no answer yet. Choose one.`);
    if (!isEach) return [];
    return answer.flatMap((option, place) =>
      option === null ? [{ path: `answers.${name}[${place}]`, message: `“${title}” is not chosen for ${letter(place)}.`, short: `Not chosen for ${letter(place)}.` }] : [],
    );
  }

  locate(rest) {
    const [, place] = rest.match(/^\[(\d+)\]/) ?? [];
    const cell = this.cells[Number(place ?? 0)] ?? this.cells[0];
    return { field: cell.element.closest("[data-row]") ?? this.element, focus: () => cell.focus(), cell, mark: cell.element };
  }
}

function characters(n, more = "") {
  return `${n.toLocaleString("en")} ${more}character${n === 1 ? "" : "s"}`;
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
  constructor(root, question) {
    this.question = question;
    this.element = one(`[data-question="${CSS.escape(question.name)}"]`, root);
    this.levels = new Choices(one("[data-levels-cell]", this.element), { isQuiet: true });
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
