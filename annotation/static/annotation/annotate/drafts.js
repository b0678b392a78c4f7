/* Unfinished answers: saved on the server soon after each change, and kept on this
   device until the server has them. */

import * as api from "./api.js";
import { drop, read, uuid, write } from "./store.js";
import { participant } from "./urls.js";

const WAIT_MS = 800;
const RETRY_MS = 5_000;
// A closing page may send this much only.
const KEEPALIVE_CHARS = 60_000;
const KEY = `polyphony:draft:${participant}`;
// A duplicated tab copies its session storage, so the name of a tab lives in the page.
const TAB = uuid();

export class Drafts {
  /* `collect` gives {answers, active_ms, reading_ms}; `on` has saved, kept, stale and submitted. */
  constructor(id, { revision, collect, on, isLocal = false }) {
    Object.assign(this, { id, revision, collect, on, isLocal });
    this.isDirty = false;
    this.isEnded = false;
    this.sending = null;
  }

  /* What this device kept and the server does not have, if anything. */
  static kept(id, revision) {
    const kept = read(KEY);
    if (kept?.id !== id) return null;
    if (kept.revision === revision) return kept;
    // The server has it, or something newer.
    drop(KEY);
    return null;
  }

  changed() {
    if (this.isEnded) return;
    this.isDirty = true;
    write(KEY, { id: this.id, revision: this.revision, ...this.collect() });
    clearTimeout(this.timer);
    // A change of a submitted answer is kept here until it is submitted itself.
    if (!this.isLocal) this.timer = setTimeout(() => this.save(), WAIT_MS);
  }

  /* Save what is unsaved; waits for a save that is under way. */
  async save() {
    clearTimeout(this.timer);
    while (this.sending) await this.sending;
    if (!this.isDirty || this.isEnded || this.isLocal) return;
    this.isDirty = false;
    this.sending = this.send().finally(() => { this.sending = null; });
    await this.sending;
  }

  async send(options = {}) {
    const draft = { ...this.collect(), revision: this.revision, tab: TAB };
    try {
      const { data } = await api.assignment.draft(this.id, draft, options);
      this.revision = data.revision;
      if (!this.isDirty) this.forget();
      this.on.saved();
    } catch (error) {
      this.failed(error);
    }
  }

  failed(error) {
    const isStale = error instanceof api.Refused && error.code === "stale";
    if (isStale && isSame(error.body.answers, this.collect().answers)) {
      // A page that was closing saved the same before it went.
      this.follow(error.body.revision);
      this.on.saved();
    } else if (isStale) {
      this.isEnded = true;
      this.on.stale(error.body);
    } else if (error instanceof api.Refused && error.code === "submitted") {
      this.end();
      this.on.submitted();
    } else if (!(error instanceof api.Refused)) {
      this.isDirty = true;
      this.on.kept(error);
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.save(), RETRY_MS);
    }
  }

  /* Go on from what another tab saved. */
  follow(revision) {
    this.revision = revision;
    this.isEnded = false;
    this.isDirty = false;
    this.forget();
  }

  /* Write over what another tab saved. */
  takeOver(revision) {
    this.revision = revision;
    this.isEnded = false;
    this.changed();
  }

  /* The page is closing: send what is unsaved, without waiting for an answer. */
  close() {
    if (!this.isDirty || this.isEnded || this.isLocal) return;
    const isSmall = JSON.stringify(this.collect()).length < KEEPALIVE_CHARS;
    this.send({ keepalive: isSmall });
    this.isDirty = false;
  }

  end() {
    clearTimeout(this.timer);
    this.isEnded = true;
    this.forget();
  }

  forget() {
    if (read(KEY)?.id === this.id) drop(KEY);
  }
}

/* Compare answers whatever the order of their names. */
function isSame(a, b) {
  if (typeof a !== "object" || typeof b !== "object" || !a || !b) return a === b;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => isSame(a[name], b[name]));
}
