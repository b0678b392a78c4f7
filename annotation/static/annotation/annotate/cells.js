/* Cells: what takes a digit (a scale, a mark, a level). The hand is on one of them. */

export const all = (selector, from) => [...from.querySelectorAll(selector)];
export const one = (selector, from) => from.querySelector(selector);

/* A group of radios that keys choose from. */
export class Choices {
  constructor(element, { panel = null, isQuiet = false } = {}) {
    this.element = element;
    this.panel = panel;
    this.isQuiet = isQuiet;
    this.inputs = all("input[type=radio]", element);
    this.pending = "";
    this.clearer = one("[data-clear]", element.closest(".clearable") ?? element);
    this.clearer?.addEventListener("click", () => this.clear());
    element.addEventListener("change", () => this.show());
  }

  /* An answer that is not required can be taken away again, also without keys. */
  show() {
    if (!this.clearer) return;
    this.clearer.hidden = !this.isAnswered;
    this.clearer.parentElement.classList.toggle("is-answered", this.isAnswered);
  }

  get chosen() {
    return this.inputs.find((input) => input.checked) ?? null;
  }

  get value() {
    return this.chosen?.value ?? null;
  }

  set value(value) {
    for (const input of this.inputs) input.checked = value !== null && input.value === String(value);
    this.show();
  }

  get isAnswered() {
    return this.chosen !== null;
  }

  focus() {
    (this.chosen ?? this.inputs[0])?.focus();
  }

  /* Choose by key: "go on", "stay" (a second digit may follow), or "" where it is not ours. */
  key(key) {
    const joined = this.pending && this.find(this.pending + key);
    this.pending = "";
    if (joined) return this.choose(joined);
    const wanted = this.find(key);
    if (!wanted) return "";
    this.choose(wanted);
    if (!/^[1-9]$/.test(key) || !this.inputs.some((input) => this.keys(input).some((k) => k.length > 1 && k.startsWith(key)))) return "go on";
    this.pending = key;
    return "stay";
  }

  /* A key that is no second digit goes to the next cell. */
  get isWaiting() {
    return this.pending !== "";
  }

  takes(key) {
    return Boolean(this.find(this.pending + key));
  }

  keys(input) {
    return (input.dataset.key ?? "").split(" ");
  }

  find(key) {
    return this.inputs.find((input) => this.keys(input).includes(key));
  }

  choose(input) {
    input.checked = true;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    return "go on";
  }

  /* Move along the scale. Without an answer the first step goes to the near side. */
  step(by) {
    this.pending = "";
    const inputs = this.inputs.filter((input) => !input.closest(".choice-apart") && input.value !== "both_bad");
    const at = inputs.findIndex((input) => input.checked);
    const middle = (inputs.length - 1) / 2;
    const near = by < 0 ? Math.ceil(middle) - 1 : Math.floor(middle) + 1;
    const start = inputs.some((input) => input.dataset.side) ? near : by < 0 ? inputs.length - 1 : 0;
    const next = inputs[at < 0 ? start : at + by];
    if (next) this.choose(next);
    return Boolean(next);
  }

  clear() {
    this.pending = "";
    if (!this.chosen) return;
    this.value = null;
    this.element.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

/* Whether the hand can go to a cell: its question is asked, and it does not wait to be called. */
export function isOpen(cell) {
  return !cell.isQuiet && !cell.element.closest("[data-unasked]");
}

/* Which cell the digits go to. */
export class Hand {
  /* The first cell has the hand; quiet ones get it by focus only. */
  constructor(root, cells) {
    this.root = root;
    this.cells = cells;
    this.current = cells.find(isOpen) ?? null;
    this.home = this.current;
    this.trail = null;
    for (const cell of cells) cell.element.addEventListener("focusin", () => this.take(cell));
    for (const cell of cells.filter((other) => other.isQuiet)) cell.element.addEventListener("focusout", (event) => this.leave(cell, event.relatedTarget));
    this.show();
  }

  take(cell, { withFocus = false, trail = null } = {}) {
    if (this.current !== cell) {
      if (this.current) this.current.pending = "";
      this.current = cell;
      if (!cell.isQuiet) this.home = cell;
      if (!cell.isQuiet) this.trail = trail;
      this.show();
    }
    if (withFocus) cell.focus();
    cell.element.scrollIntoView?.({ block: "nearest" });
  }

  /* A quiet cell has the hand only while it has the focus. */
  leave(cell, target) {
    if (this.home && this.current === cell && !cell.element.contains(target)) this.take(this.home, { trail: this.trail });
  }

  /* Go to the next cell without an answer, from here around. The reasons and the
     confidence of the comparison just graded stay in sight: `trail` is its panel. */
  goOn() {
    const order = this.cells.filter(isOpen);
    const at = order.indexOf(this.current);
    const next = [...order.slice(at + 1), ...order.slice(0, Math.max(at, 0))].find((cell) => !cell.isAnswered);
    const { panel } = this.current ?? {};
    if (next) this.take(next, { withFocus: true, trail: panel && one(`[data-panel="${CSS.escape(panel)}"].has-reasons`, this.root) ? panel : null });
    else this.current?.focus();
  }

  /* A level is chosen: the digits mean again what they meant before. */
  back() {
    if (!this.home) return;
    const next = this.home.isAnswered ? this.cells.filter(isOpen).find((cell) => !cell.isAnswered) : null;
    this.take(next ?? this.home, { withFocus: true, trail: this.trail ?? this.current?.panel });
  }

  /* What has just been hidden by a rule gives the hand to the first cell left. */
  keep() {
    if (this.current && this.current.element.closest("[data-unasked]")) this.current = null;
    if (this.home?.element.closest("[data-unasked]")) this.home = null;
    if (this.current) return;
    const open = this.cells.filter(isOpen);
    const first = open.find((cell) => !cell.isAnswered) ?? open[0];
    if (first) this.take(first);
  }

  step(by) {
    const order = this.cells.filter(isOpen);
    const next = order[order.indexOf(this.current) + by];
    if (next) this.take(next, { withFocus: true });
    return Boolean(next);
  }

  show() {
    const { current } = this;
    if (!current) return;
    for (const cell of this.cells) cell.element.classList.toggle("is-here", cell === current);
    const isHere = (row) => row.contains(current.element) || row.dataset.question === current.panel;
    const rows = all("[data-row]", this.root);
    // One row is always open, also while the hand is elsewhere.
    if (rows.some(isHere)) for (const row of rows) row.classList.toggle("is-here", isHere(row));
    this.root.dispatchEvent(new CustomEvent("hand"));
    const hasPanel = current.panel && one(`[data-panel="${CSS.escape(current.panel)}"]`, this.root);
    if (!hasPanel && current.isQuiet) return;
    const shown = this.trail && current.panel !== this.trail ? [this.trail, ...(current.element.dataset.criterion ? [current.panel] : [])] : [current.panel];
    for (const panel of all("[data-panel]", this.root)) panel.hidden = !shown.includes(panel.dataset.panel);
  }
}
