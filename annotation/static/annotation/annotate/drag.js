/* Dragging in a ranking. The list holds the pointer, not the moving grip, so that the
   grip may change its place in the document while it is dragged. */

import { all, one } from "./cells.js";
import * as orders from "./order.js";

const THRESHOLD = 5;
const EDGE = 40;

export class Drag {
  constructor(ranking) {
    this.ranking = ranking;
    this.list = ranking.list;
    this.mark = one("[data-mark]", this.list);
    this.scroller = ranking.root.querySelector("[data-rail]");
    this.list.addEventListener("pointerdown", (event) => this.press(event));
    this.list.addEventListener("pointermove", (event) => this.move(event));
    this.list.addEventListener("pointerup", () => this.end(true));
    this.list.addEventListener("pointercancel", () => this.end(false));
    this.list.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.grip) this.end(false);
    });
  }

  press(event) {
    const grip = event.target.closest("[data-grip]");
    if (!grip || event.button !== 0 || event.target.closest("[data-move]")) return;
    // A finger scrolls the list, except on the handle.
    if (event.pointerType === "touch" && !event.target.closest(".grip-handle")) return;
    this.pressed = { grip, id: event.pointerId, x: event.clientX, y: event.clientY };
  }

  move(event) {
    if (!this.pressed || event.pointerId !== this.pressed.id) return;
    const { grip, x, y } = this.pressed;
    if (!event.buttons) {
      this.end(false);
      return;
    }
    if (!this.grip) {
      if (Math.hypot(event.clientX - x, event.clientY - y) < THRESHOLD) return;
      this.grip = grip;
      this.list.setPointerCapture(event.pointerId);
      grip.classList.add("is-dragged");
      getSelection()?.removeAllRanges();
    }
    grip.style.setProperty("--drag-x", `${event.clientX - x}px`);
    grip.style.setProperty("--drag-y", `${event.clientY - y}px`);
    this.scroll(event.clientY);
    this.target = this.find(event.clientY);
    this.show();
  }

  scroll(y) {
    const box = this.scroller.getBoundingClientRect();
    if (y < box.top + EDGE) this.scroller.scrollTop -= 8;
    if (y > box.bottom - EDGE) this.scroller.scrollTop += 8;
  }

  /* Where it would fall: {kind: "tie" | "place" | "open" | "below" | "out", index}. */
  find(y) {
    for (const kind of ["open", "below", "out"]) {
      const tray = one(`[data-tray=${kind}]`, this.list);
      const box = tray && !tray.hidden && tray.getBoundingClientRect();
      if (box && y >= box.top && y <= box.bottom) return { kind, element: tray };
    }
    const next = one("[data-next]", this.list);
    const below = next?.getBoundingClientRect();
    const rows = all("[data-tier]", this.list).filter((row) => all("[data-grip]", row).some((grip) => grip !== this.grip));
    if (below && y >= below.top && y <= below.bottom) return { kind: "place", index: rows.length, element: next };
    for (const [index, row] of rows.entries()) {
      const box = row.getBoundingClientRect();
      const edge = Math.min(box.height / 4, 14);
      if (y < box.top + edge) return { kind: "place", index, at: box.top };
      if (y <= box.bottom - edge && this.ranking.question.allow_tie) return { kind: "tie", index, element: row };
      if (y < box.top + box.height / 2) return { kind: "place", index, at: box.top };
    }
    const last = rows.at(-1)?.getBoundingClientRect();
    return { kind: "place", index: rows.length, at: last ? last.bottom : this.list.getBoundingClientRect().top };
  }

  show() {
    for (const element of all(".is-target", this.list)) element.classList.remove("is-target");
    this.target.element?.classList.add("is-target");
    this.mark.hidden = this.target.at === undefined;
    if (!this.mark.hidden) this.mark.style.setProperty("--mark-y", `${this.target.at - this.list.getBoundingClientRect().top}px`);
  }

  end(isDropped) {
    const { grip, target, ranking } = this;
    this.pressed = null;
    if (!grip) return;
    this.grip = null;
    this.target = null;
    this.mark.hidden = true;
    grip.classList.remove("is-dragged");
    for (const element of all(".is-target", this.list)) element.classList.remove("is-target");
    if (!isDropped || !target) return;
    const which = Number(grip.dataset.grip);
    ranking.held = which;
    ranking.change(dropped(ranking.order, which, target), which);
  }
}

function dropped(order, which, target) {
  if (target.kind === "place") return orders.place(order, which, target.index);
  if (target.kind === "tie") return orders.join(order, which, target.index);
  if (target.kind === "below") return orders.lower(order, which);
  if (target.kind === "out") return orders.reject(order, which);
  return orders.without(order, which);
}
