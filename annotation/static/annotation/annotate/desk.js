/* One item on the screen: its widgets, which of them has the hand, and what is missing. */

import { format, gettext, ngettext } from "../js/words.js";
import { Hand, all, isOpen, one } from "./cells.js";
import { Comparison } from "./compare.js";
import { asked } from "./conditions.js";
import { Choice, Confidence, Tags, Words } from "./fields.js";
import { Marks } from "./marks.js";
import { letter, list } from "./order.js";
import { Ranking } from "./rank.js";
import { Rating, openRatings } from "./rate.js";
import { Strip } from "./strip.js";
import { Texts } from "./texts.js";

const MAX_SENTENCES = 2;
// The widget of each type of question; one type may have none for an item.
const WIDGETS = {
  comparison: (root, question, about) => about.n === 2 && new Comparison(root, question, about),
  rating: (root, question, about) => new Rating(root, question, about),
  ranking: (root, question, about) => new Ranking(root, question, about),
  choice: (root, question, about) => new Choice(root, question, about),
  rationale: (root, question) => new Words(root, question),
  text: (root, question) => new Words(root, question),
  tags: (root, question) => new Tags(root, question),
  confidence: (root, question) => new Confidence(root, question),
  spans: (root, question, about) => new Marks(root, question, about),
};

export class Desk {
  /* `on.change` hears of every change of an answer, `on.say` gets a sentence to show. */
  constructor(root, on) {
    this.root = root;
    this.on = on;
    this.data = JSON.parse(one("script[type='application/json']", root).textContent);
    this.id = this.data.id;
    this.state = this.data.state;
    this.isTouched = false;
    this.hasTried = false;
    this.wasAsked = false;
    this.texts = new Texts(root, { id: this.id, say: on.say });
    this.hidden = new Set();
    this.widgets = this.build();
    this.marks = this.widgets.find((widget) => widget instanceof Marks) ?? null;
    this.rankings = this.widgets.filter((widget) => widget instanceof Ranking);
    this.hand = new Hand(root, this.ordered(this.widgets.flatMap((widget) => widget.cells)));
    this.strip = new Strip(root, this.hand);
    root.addEventListener("change", (event) => this.changed(event));
    root.addEventListener("input", (event) => this.changed(event));
    root.addEventListener("click", (event) => this.chosen(event));
    this.restore(this.data.draft?.answers ?? {});
  }

  build() {
    const { questions, alignments, n_completions: n } = this.data;
    const isAlone = questions.filter((question) => ["comparison", "rating"].includes(question.type) || question.per_completion).length === 1;
    return questions.map((question) => WIDGETS[question.type](this.root, question, { n, isAlone, alignments })).filter(Boolean);
  }

  /* The hand goes as the eye does: what lies under the texts comes before the rail. */
  ordered(cells) {
    return cells.sort((a, b) => (a.element.compareDocumentPosition(b.element) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1));
  }

  /* Everything answered so far, also where it is unfinished or no longer asked: the draft. */
  everything() {
    const found = this.widgets.map((widget) => [widget.question.name, widget.read()]);
    return Object.fromEntries(found.filter(([, answer]) => answer !== null));
  }

  /* The answers to what is asked. */
  answers() {
    const answers = this.everything();
    for (const name of this.hidden) delete answers[name];
    return answers;
  }

  /* Show what the answers ask for, and hide the rest with what was written there. */
  ask() {
    const { shown, hidden } = asked(this.data.questions, this.everything());
    const questions = new Map(shown.map((question) => [question.name, question]));
    this.hidden = hidden;
    for (const widget of this.widgets) {
      const { name } = widget.question;
      widget.question = questions.get(name) ?? widget.question;
      for (const element of widget.elements ?? [widget.element]) {
        element.hidden = hidden.has(name);
        element.toggleAttribute("data-unasked", hidden.has(name));
        for (const word of all("[data-optional]", element)) word.hidden = widget.question.is_required;
      }
    }
    this.hand?.keep();
  }

  restore(answers) {
    for (const widget of this.widgets) widget.write(answers[widget.question.name] ?? null);
    this.ask();
    this.isTouched = Object.keys(answers).length > 0;
    this.update();
  }

  changed(event) {
    // The switches of the view are no answer.
    if (event.target.closest("[data-view]")) return;
    this.isTouched = true;
    this.ask();
    this.update();
    this.on.change();
  }

  /* A click on a radio that a key chose is a choice too, and the hand goes on. */
  chosen(event) {
    const input = event.target;
    if (!input.matches?.("input[type=radio]") || event.detail === 0) return;
    const cell = this.hand.cells.find((other) => other.element.contains(input));
    if (cell) this.hand.take(cell);
  }

  // --- what is missing ---------------------------------------------------------

  problems() {
    const impossible = this.data.questions.filter((question) => question.type === "comparison" && this.data.n_completions !== 2 && !this.hidden.has(question.name));
    return [
      ...impossible.map(({ name, title }) => ({ path: `answers.${name}`, message: format(gettext("“{title}” needs exactly two answers. Skip this item, and say that it is broken."), { title }) })),
      ...this.widgets.filter((widget) => !this.hidden.has(widget.question.name)).flatMap((widget) => widget.problems(widget.read())),
    ];
  }

  update() {
    const problems = this.problems();
    const submit = one("[data-act=submit]", this.root);
    if (problems.length) submit.setAttribute("aria-disabled", "true");
    else submit.removeAttribute("aria-disabled");
    const open = one("[data-open]", this.root);
    open.hidden = !problems.length || !(this.isTouched || this.hasTried);
    open.classList.toggle("is-calm", !this.hasTried);
    one("span", open).textContent = this.summary(problems);
    if (this.hasTried) this.showProblems(problems);
  }

  summary(problems) {
    const ratings = problems.filter((problem) => problem.title);
    const sentences = [
      ...problems.filter((problem) => !problem.title).map((problem) => problem.message),
      ...(ratings.length ? [openRatings(ratings, this.data.n_completions)] : []),
    ];
    if (!this.hasTried && sentences.length > MAX_SENTENCES) return format(ngettext("{n} answer is still open.", "{n} answers are still open.", sentences.length), { n: sentences.length });
    const more = sentences.length - MAX_SENTENCES;
    const shown = sentences.slice(0, more > 0 ? MAX_SENTENCES : sentences.length);
    return [...shown, ...(more > 0 ? [format(ngettext("{n} more answer is missing.", "{n} more answers are missing.", more), { n: more })] : [])].join(" ");
  }

  /* Say at each field what it misses. */
  showProblems(problems) {
    for (const missing of all("[data-missing]", this.root)) missing.hidden = true;
    for (const marked of all(".is-missing", this.root)) marked.classList.remove("is-missing");
    const said = new Map();
    for (const problem of problems) {
      const found = this.locate(problem.path);
      if (!found) continue;
      found.field.classList.add("is-missing");
      found.mark?.classList.add("is-missing");
      said.set(found.field, [...(said.get(found.field) ?? []), problem]);
    }
    for (const [field, here] of said) this.say(one("[data-missing]", field), here);
  }

  /* Beside its row a sentence need not repeat the row's title. */
  say(missing, problems) {
    if (!missing) return;
    const open = problems.filter((problem) => problem.title);
    const places = list(open.map((problem) => letter(problem.place)));
    const unrated = this.data.n_completions > 1 ? format(gettext("Not rated for {places}."), { places }) : gettext("Not rated.");
    const words = problems.filter((problem) => !problem.title).map((problem) => (missing.closest("[data-row]") && problem.short) || problem.message);
    one("span", missing).textContent = [...words, ...(open.length ? [unrated] : [])].join(" ");
    missing.hidden = false;
  }

  locate(path) {
    const found = path.match(/^answers\.([A-Za-z_]\w*)(.*)$/);
    const widget = found && this.widgets.find((other) => other.question.name === found[1]);
    return widget ? widget.locate(found[2]) : null;
  }

  /* Name, scroll to and focus the first thing that is missing. */
  refuse(problems = this.problems()) {
    this.hasTried = true;
    this.update();
    this.showProblems(problems);
    const open = one("[data-open]", this.root);
    open.hidden = false;
    one("span", open).textContent = this.summary(problems);
    const first = problems.map((problem) => this.locate(problem.path)).find(Boolean);
    if (!first) return;
    if (first.cell) this.hand.take(first.cell);
    first.field.scrollIntoView({ block: "nearest" });
    first.focus();
  }

  /* Ask once about a ranking that repeats the order shown; true where that is due now.
     Another Submit then confirms it. */
  asksAboutOrder() {
    if (this.wasAsked || !this.rankings.some((ranking) => ranking.isUnchanged)) return false;
    this.wasAsked = true;
    const open = one("[data-open]", this.root);
    open.classList.add("is-calm");
    one("span", open).textContent = gettext("This is the order in which the answers were shown. If it is yours, submit again.");
    open.hidden = false;
    open.scrollIntoView({ block: "nearest" });
    return true;
  }

  get isUnchangedConfirmed() {
    return this.wasAsked && this.rankings.some((ranking) => ranking.isUnchanged);
  }

  // --- keys --------------------------------------------------------------------

  key(key) {
    if (this.marks?.key(key)) return true;
    if (this.rankings.some((ranking) => ranking.hasLetter(key) || ranking.held !== null) && this.ranking.key(key)) return true;
    let cell = this.hand.current;
    if (!cell) return this.rankings.length > 0 && this.ranking.key(key);
    if (cell.isWaiting && /^[0-9n]$/.test(key) && !cell.takes(key)) {
      this.hand.goOn();
      cell = this.hand.current;
    }
    if (key === "Backspace" || key === "Delete") {
      cell.clear();
      return true;
    }
    const result = cell.key(key);
    if (result === "go on" && this.isSeries) {
      if (cell.isQuiet) this.hand.back();
      else this.hand.goOn();
    }
    if (result) return true;
    if (this.rankings.length) return this.ranking.key(key);
    // Tie and both bad mean the scale also while the hand is on its confidence.
    const scale = this.hand.cells.find((other) => other !== cell && !other.isQuiet && other.panel === cell.panel);
    return Boolean(scale && !/^[0-9]$/.test(key) && scale.key(key));
  }

  /* The ranking that keys go to: the one with the focus, else the first unfinished. */
  get ranking() {
    const { rankings } = this;
    return (
      rankings.find((ranking) => ranking.element.contains(document.activeElement)) ??
      rankings.find((ranking) => ranking.problems(ranking.read()).length) ??
      rankings[0]
    );
  }

  get isSeries() {
    return this.hand.cells.filter(isOpen).length > 1;
  }

  goOn() {
    if (this.isSeries) this.hand.goOn();
    return this.isSeries;
  }

  grade(by) {
    return this.hand.current?.step(by) ?? false;
  }

  turn(by, target) {
    if (target.closest?.(".completion-text, .prompt-text, pre")) return false;
    const held = this.rankings.find((ranking) => ranking.held !== null);
    if (held && !target.closest?.("[data-cell]")) return held.key(by < 0 ? "ArrowUp" : "ArrowDown");
    if (!target.closest?.("[data-cell]") || !this.isSeries) return false;
    this.hand.step(by);
    return true;
  }

  /* Choose words to mark by keyboard. */
  mark() {
    this.marks?.walk();
  }

  write() {
    const field = one("[data-rationale]:not([hidden]) textarea", this.root) ?? one("[data-panel]:not([hidden]) [data-reasons] input, [data-reasons] input", this.root);
    field?.focus();
  }

  sure() {
    const cells = this.hand.cells.filter((cell) => cell.element.matches("[data-levels-cell]"));
    const cell = cells.find((other) => other.element.offsetParent) ?? null;
    cell?.focus();
  }

  focusTitle() {
    one("[data-title]", this.root).focus({ preventScroll: true });
    scrollTo({ top: 0 });
  }
}
