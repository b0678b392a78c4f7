/* Answers on their way: kept on this device until the server acknowledges them, and
   sent in order. The submission id makes a repeated sending harmless. */

import * as api from "./api.js";
import { read, uuid, write } from "./store.js";

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

export class Outbox {
  /* `on` has sent(entry, answer), refused(entry, error) -> is it shown, and
     state(error or null, nWaiting). */
  constructor(owner, on) {
    this.key = `polyphony:outbox:${owner}`;
    this.on = on;
    this.wait = FIRST_WAIT_MS;
    this.running = null;
    addEventListener("online", () => this.retry());
    addEventListener("focus", () => this.retry());
  }

  get entries() {
    return read(this.key, []);
  }

  has(id) {
    return this.entries.some((entry) => entry.assignment === id);
  }

  add(entry) {
    const full = { ...entry, submission_id: uuid() };
    // A second answer to the same item takes the first one's place.
    write(this.key, [...this.entries.filter((other) => other.assignment !== entry.assignment), full]);
    return full;
  }

  remove(entry) {
    write(this.key, this.entries.filter((other) => other.submission_id !== entry.submission_id));
  }

  retry() {
    if (!this.entries.length) return;
    this.wait = FIRST_WAIT_MS;
    this.flush();
  }

  /* Send all that is waiting; one run at a time, also across tabs. */
  flush() {
    clearTimeout(this.timer);
    this.running ??= this.locked().finally(() => {
      this.running = null;
      if (this.isAgain) {
        this.isAgain = false;
        this.flush();
      }
    });
    return this.running;
  }

  /* Flush now, or once more after the run that may have missed the newest entry. */
  push() {
    if (this.running) this.isAgain = true;
    return this.flush();
  }

  locked() {
    const run = () => this.send();
    // Locks exist on https and localhost only; elsewhere the submission id suffices.
    return navigator.locks ? navigator.locks.request(this.key, run) : run();
  }

  async send() {
    for (const [entry] of this.queue()) {
      try {
        const answer = await api.assignment.submit(entry);
        this.remove(entry);
        this.wait = FIRST_WAIT_MS;
        this.on.sent(entry, answer);
      } catch (error) {
        // Where its item cannot be shown again now, the answer is kept and asks later.
        const isShown = error instanceof api.Refused && (await this.on.refused(entry, error));
        if (!isShown) {
          this.stop(error);
          return;
        }
        this.remove(entry);
      }
    }
    this.on.state(null, 0);
  }

  /* Entries from the front, read anew each time: another tab may have sent some. */
  *queue() {
    while (this.entries.length) yield this.entries;
  }

  stop(error) {
    const n = this.entries.length;
    this.on.state(error instanceof api.Refused ? new api.Unreachable(false) : error, n);
    this.timer = setTimeout(() => this.flush(), this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS);
  }
}
