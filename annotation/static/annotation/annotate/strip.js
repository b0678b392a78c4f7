/* The rows of a large grid as a strip: where each stands, and the way to it. One row is
   open at a time, so that the texts keep their room. */

import { format, gettext } from "../js/words.js";
import { all, one } from "./cells.js";
import { letter } from "./order.js";

export class Strip {
  constructor(root, hand) {
    this.element = one("[data-strip]", root);
    if (!this.element) return;
    this.hand = hand;
    const rows = all("[data-judge] [data-row]", root);
    this.rows = all("[data-go]", this.element).map((button, at) => {
      const row = rows[at];
      const cells = hand.cells.filter((cell) => row.contains(cell.element) && !cell.isQuiet);
      button.addEventListener("click", () => this.go(cells));
      return { button, row, cells, name: button.dataset.go };
    });
    one("[data-go-next]", this.element).addEventListener("click", () => hand.goOn());
    root.addEventListener("change", () => this.show());
    root.addEventListener("hand", () => this.show());
    this.show();
  }

  go(cells) {
    const cell = cells.find((other) => !other.isAnswered) ?? cells[0];
    if (cell) this.hand.take(cell, { withFocus: true });
  }

  show() {
    for (const { button, row, cells, name } of this.rows) {
      const values = cells.map(({ value }) => (value === "na" ? "n/a" : value ?? "–"));
      const isDone = cells.length > 0 && cells.every((cell) => cell.isAnswered);
      button.hidden = row.hidden || Boolean(row.closest("[data-unasked]"));
      button.toggleAttribute("aria-current", row.classList.contains("is-here"));
      if (row.classList.contains("is-here")) button.setAttribute("aria-current", "true");
      button.classList.toggle("is-done", isDone);
      const marks = cells.length > 1 && cells.length < 5 ? values.join(" · ") : "";
      one("[data-given]", button).textContent = marks;
      const each = cells.map((cell, place) => (cell.isAnswered ? `${letter(place)} ${values[place]}` : format(gettext("{letter} open"), { letter: letter(place) })));
      const said = cells.length > 1 ? each.join(", ") : isDone ? gettext("answered") : gettext("open");
      button.setAttribute("aria-label", `${name}: ${said}`);
    }
  }
}
