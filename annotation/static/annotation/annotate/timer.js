/* The time in use: the page is visible, and the last sign of a hand is young. */

const IDLE_MS = 60_000;
const SIGNS = ["keydown", "pointerdown", "pointermove", "wheel", "scroll", "touchmove", "input"];

export class Timer {
  /* `counted` hears of each stretch that is added to the total. */
  constructor(counted = () => {}) {
    this.counted = counted;
    this.total = 0;
    this.last = document.hidden ? null : performance.now();
    for (const sign of SIGNS) addEventListener(sign, () => this.sign(), { capture: true, passive: true });
    document.addEventListener("visibilitychange", () => this.turn());
  }

  start(total = 0) {
    this.total = total;
    this.last = document.hidden ? null : performance.now();
  }

  sign() {
    if (document.hidden) return;
    this.count();
    this.last = performance.now();
  }

  turn() {
    if (document.hidden) {
      this.count();
      this.last = null;
    } else {
      this.last = performance.now();
    }
  }

  count() {
    if (this.last === null) return;
    const now = performance.now();
    const stretch = Math.min(now - this.last, IDLE_MS);
    this.total += stretch;
    this.counted(stretch);
    // The rest of a long pause is never counted, whenever this is asked again.
    this.last = now - this.last > IDLE_MS ? null : now;
  }

  read() {
    this.count();
    return Math.round(this.total);
  }
}
