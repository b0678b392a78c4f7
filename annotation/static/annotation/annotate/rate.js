/* A rating: criteria by answers. Steps are radios, long scales a slider with a number. */

import { format, gettext, ngettext } from "../js/words.js";
import { Choices, all, one } from "./cells.js";
import { letter, list } from "./order.js";

const NUMBERS = [gettext("No"), gettext("One"), gettext("Two"), gettext("Three"), gettext("Four"), gettext("Five"), gettext("Six"), gettext("Seven"), gettext("Eight"), gettext("Nine")];
const MAX_NAMED = 4;

/* A slider without a thumb until it is touched, the same value as a number, and n/a. */
class SlideCell {
  constructor(element, { panel }) {
    this.element = element;
    this.panel = panel;
    this.slider = one("input[type=range]", element);
    this.number = one("input[type=number]", element);
    this.na = one("input[type=checkbox]", element);
    const { min, max } = this.slider;
    this.slider.addEventListener("input", () => this.set(this.slider.value));
    this.slider.addEventListener("pointerup", () => this.set(this.slider.value));
    this.number.addEventListener("input", () => {
      const text = this.number.value;
      const isInside = /^-?\d+$/.test(text) && Number(text) >= Number(min) && Number(text) <= Number(max);
      this.set(isInside ? text : null, { keepsText: true });
    });
    this.na?.addEventListener("change", () => {
      if (this.na.checked) this.set(null);
    });
  }

  set(value, { keepsText = false } = {}) {
    const isSet = value !== null && value !== "";
    if (isSet) {
      this.slider.value = value;
      delete this.slider.dataset.untouched;
      this.slider.removeAttribute("aria-valuetext");
      if (this.na) this.na.checked = false;
    } else {
      this.slider.dataset.untouched = "";
      this.slider.setAttribute("aria-valuetext", gettext("not rated yet"));
    }
    if (!keepsText) this.number.value = isSet ? value : "";
  }

  get value() {
    if (this.na?.checked) return "na";
    return "untouched" in this.slider.dataset ? null : this.slider.value;
  }

  set value(value) {
    if (this.na) this.na.checked = value === "na";
    this.set(value === null || value === "na" ? null : String(value));
  }

  get isAnswered() {
    return this.value !== null;
  }

  get isWaiting() {
    return false;
  }

  focus() {
    this.number.focus();
  }

  /* A digit begins a number; Enter goes on from there. */
  key(key) {
    if (key === "n" && this.na) {
      this.na.checked = true;
      this.na.dispatchEvent(new Event("change", { bubbles: true }));
      return "go on";
    }
    if (!/^[0-9]$/.test(key)) return "";
    this.number.focus();
    this.number.value = key;
    this.number.dispatchEvent(new Event("input", { bubbles: true }));
    return "stay";
  }

  step(by) {
    const start = this.slider.value;
    this.set(String(Number(start) + by));
    this.slider.dispatchEvent(new Event("input", { bubbles: true }));
    return true;
  }

  clear() {
    this.value = null;
    this.element.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

export class Rating {
  constructor(root, question, { n }) {
    this.question = question;
    this.n = n;
    const name = CSS.escape(question.name);
    this.element = one(`table[data-question="${name}"]`, root);
    this.grid = new Map();
    for (const { name: criterion } of question.criteria) {
      const elements = all(`[data-cell][data-criterion="${CSS.escape(criterion)}"]`, this.element);
      const panel = `${question.name}.${criterion}`;
      this.grid.set(criterion, elements.map((element) => (one("input[type=range]", element) ? new SlideCell(element, { panel }) : new Choices(element, { panel }))));
    }
    this.cells = [...this.grid.values()].flat();
    this.anchors = new Map(question.criteria.map((criterion) => [criterion.name, anchorsOf(root, `${question.name}.${criterion.name}`)]));
    this.element.addEventListener("change", () => this.show());
    this.element.addEventListener("input", () => this.show());
  }

  read() {
    if (!this.cells.some((cell) => cell.isAnswered)) return null;
    return Object.fromEntries([...this.grid].map(([name, cells]) => [name, cells.map((cell) => mark(cell.value))]));
  }

  write(answer) {
    for (const [name, cells] of this.grid) cells.forEach((cell, place) => { cell.value = answer?.[name]?.[place] ?? null; });
    this.show();
  }

  problems(answer) {
    const path = `answers.${this.question.name}`;
    if (!this.question.is_required) return [];
    return this.question.criteria.flatMap(({ name, title }) =>
      this.grid.get(name).flatMap((cell, place) =>
        cell.isAnswered ? [] : [{ path: `${path}.${name}[${place}]`, message: format(gettext("{title} is not rated for {place}."), { title, place: letter(place) }), title, place }],
      ),
    );
  }

  /* Say what a chosen mark means, in the words of its anchor. */
  show() {
    for (const [name, cells] of this.grid) {
      const said = cells.flatMap((cell, place) => {
        const words = this.anchors.get(name).get(String(cell.value));
        return words && cell.value !== "na" ? [`${this.n > 1 ? `${letter(place)} ` : ""}${cell.value}: ${words}`] : [];
      });
      one(`[data-criterion="${CSS.escape(name)}"] [data-said]`, this.element).textContent = this.n <= 2 ? said.join(" · ") : "";
    }
  }

  locate(rest) {
    const [, name, place] = rest.match(/^\.([^[]+)(?:\[(\d+)\])?/) ?? [];
    const cell = this.grid.get(name)?.[Number(place ?? 0)] ?? this.cells[0];
    return { field: cell.element.closest("[data-row]"), focus: () => cell.focus(), cell, mark: cell.element };
  }
}

function mark(value) {
  return value === null || value === "na" ? value : Number(value);
}

function anchorsOf(root, panel) {
  const found = new Map();
  const element = one(`[data-panel="${CSS.escape(panel)}"]`, root);
  if (element) for (const step of all("dt", element)) found.set(step.textContent, step.nextElementSibling?.textContent ?? "");
  return found;
}

/* "Three ratings are still open: Clear for B, and Complete for both." */
export function openRatings(problems, n) {
  const places = new Map();
  for (const { title, place } of problems) places.set(title, [...(places.get(title) ?? []), place]);
  const count = NUMBERS[problems.length] ?? String(problems.length);
  if (places.size > MAX_NAMED) return format(ngettext("{count} rating is still open.", "{count} ratings are still open.", problems.length), { count });
  const named = [...places].map(([title, at]) => {
    if (n === 1) return title;
    if (at.length === n) return format(n === 2 ? gettext("{title} for both") : gettext("{title} for all"), { title });
    return format(gettext("{title} for {places}"), { title, places: list(at.map(letter)) });
  });
  const which = named.length === 2 ? format(gettext("{first}, and {second}"), { first: named[0], second: named[1] }) : list(named);
  return format(ngettext("{count} rating is still open: {which}.", "{count} ratings are still open: {which}.", problems.length), { count, which });
}
