/* After a first answer: what an AI says of the item, where the project tells it then.
   Whether it does is known only once the answer is stored, so the next item waits. */

import { gettext } from "../js/words.js";
import * as api from "./api.js";
import { fragmentUrl } from "./urls.js";

const RETRY_MS = 3_000;
// A second press that was meant for the answer must not close what came of it.
const DOUBLE_MS = 600;
const SENDING = gettext("Your answer is being sent.");
const OFFLINE = gettext("You are offline. Your answer is kept on this device and sent when the connection is back; the next item comes then.");

export class Reveal {
  constructor(page) {
    this.page = page;
    // Of answers that this page has sent: whether something is told of them.
    this.heard = new Map();
    this.id = null;
  }

  hear(id, isTold) {
    this.heard.set(id, isTold);
  }

  get isOpen() {
    return Boolean(document.querySelector("main[data-revealed]"));
  }

  /* Wait until the answer to an item is stored; show what it reveals, or go on. */
  async after(id) {
    this.id = id;
    this.page.wait(navigator.onLine ? SENDING : OFFLINE);
    await this.page.outbox.flush();
    if (!this.isWaiting(id)) return;
    try {
      if (this.page.outbox.has(id)) throw new api.Unreachable(!navigator.onLine);
      // Another tab may have sent it: the server knows.
      if (this.heard.get(id) === false) this.goOn();
      else this.show(id, await api.fragment(fragmentUrl("revealed", id)));
    } catch (error) {
      if (error instanceof api.Refused) this.goOn();
      else setTimeout(() => this.isWaiting(id) && this.after(id), RETRY_MS);
    }
  }

  /* An answer that came back has put its item on the desk again. */
  isWaiting(id) {
    return this.id === id && !this.page.current && !this.isOpen;
  }

  show(id, main) {
    if (!this.isWaiting(id)) return;
    document.querySelector("main").replaceWith(main);
    this.shownAt = performance.now();
    main.querySelector("[data-revealed-panel]").focus({ preventScroll: true });
    scrollTo({ top: 0 });
  }

  goOn() {
    this.id = null;
    this.page.next();
  }

  keep() {
    if (this.isOpen && performance.now() - this.shownAt >= DOUBLE_MS) this.goOn();
  }

  /* Open the answer as it was given. What becomes of it is a new version. */
  async change() {
    if (!this.isOpen || this.isOpening) return;
    this.isOpening = true;
    const { id } = this;
    try {
      const main = await api.fragment(fragmentUrl("change", id));
      if (this.id === id && this.isOpen) this.page.show(main);
    } catch (error) {
      if (error instanceof api.Refused) this.goOn();
      else this.page.unsent(error);
    } finally {
      this.isOpening = false;
    }
  }

  /* Tell whether a key was meant for the panel. */
  key(key, target) {
    if (!this.isOpen || target.closest?.("dialog")) return false;
    if (key === "c") this.change();
    else if (key === "Enter" && !target.closest?.(":is(a,button,summary,input)")) this.keep();
    else return false;
    return true;
  }
}
