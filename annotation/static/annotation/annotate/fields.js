/* The questions of the rail: words, choices, tags, and how sure one is. */

import { format, gettext, locale, ngettext } from "../js/words.js";
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
    const empty = type === "rationale" ? gettext("“{title}” is empty. Write your reasons.") : gettext("“{title}” is empty. Write an answer.");
    if (!n) return isRequired ? missing(this.question, format(empty, { title })) : [];
    if (n < least) return missing(this.question, counted(ngettext("“{title}” is too short. Write {n} more character.", "“{title}” is too short. Write {n} more characters.", least - n), title, least - n));
    const over = n - (most || MAX_TEXT);
    if (over > 0) return missing(this.question, counted(ngettext("“{title}” is too long. Take {n} character away.", "“{title}” is too long. Take {n} characters away.", over), title, over));
    return [];
  }

  show() {
    if (!this.count) return;
    const { min_chars: least, max_chars: most } = this.question;
    const n = nChars(this.area.value);
    if (n < least) this.count.textContent = format(gettext("At least {least} characters, {n} to go"), { least, n: least - n });
    else if (most) this.count.textContent = n > most ? format(gettext("{n} too many"), { n: n - most }) : format(gettext("{n} of {most} characters left"), { n: most - n, most });
    else this.count.textContent = gettext("Long enough");
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
    if (!answer) return missing(this.question, format(gettext("“{title}” has no answer yet. Choose one."), { title }));
    if (!isEach) return [];
    return answer.flatMap((option, place) =>
      option === null ? [{ path: `answers.${name}[${place}]`, message: format(gettext("“{title}” is not chosen for {place}."), { title, place: letter(place) }), short: format(gettext("Not chosen for {place}."), { place: letter(place) }) }] : [],
    );
  }

  locate(rest) {
    const [, place] = rest.match(/^\[(\d+)\]/) ?? [];
    const cell = this.cells[Number(place ?? 0)] ?? this.cells[0];
    return { field: cell.element.closest("[data-row]") ?? this.element, focus: () => cell.focus(), cell, mark: cell.element };
  }
}

/* A sentence about the question with its number as people write it. */
function counted(sentence, title, n) {
  return format(sentence, { title, n: n.toLocaleString(locale) });
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
    return missing(this.question, format(gettext("“{title}” has no answer yet. Choose at least one."), this.question));
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
    return missing(this.question, format(gettext("“{title}” has no answer yet. Choose one."), this.question));
  }

  locate() {
    return { field: this.element, focus: () => this.levels.focus(), cell: this.levels };
  }
}
