/* Keeps an item lent to the person who works on it, while the page is visible. */

import * as api from "./api.js";

const SHORTEST_MS = 5_000;

export class Lease {
  constructor(desk, { lost }) {
    this.desk = desk;
    this.lost = lost;
    this.every = Math.max((desk.data.lease_s * 1_000) / 3, SHORTEST_MS);
    this.back = () => { if (!document.hidden) this.beat(); };
    document.addEventListener("visibilitychange", this.back);
    this.plan();
  }

  plan() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.beat(), this.every);
  }

  async beat() {
    this.plan();
    if (document.hidden) return;
    try {
      await api.assignment.beat(this.desk.id, this.desk.texts.shown);
    } catch (error) {
      if (!(error instanceof api.Refused) || this.isEnded) return;
      this.end();
      this.lost();
    }
  }

  end() {
    this.isEnded = true;
    clearTimeout(this.timer);
    document.removeEventListener("visibilitychange", this.back);
  }
}
