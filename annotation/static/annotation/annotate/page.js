/* The annotate page: which item is on the desk, which is ahead, what is on its way. */

import { toast } from "../js/base.js";
import { format, gettext } from "../js/words.js";
import { forgetProfiles } from "../people/forget.js";
import * as acts from "./acts.js";
import * as api from "./api.js";
import * as banners from "./banners.js";
import { comment } from "./comments.js";
import { Desk } from "./desk.js";
import * as dialogs from "./dialogs.js";
import { Drafts } from "./drafts.js";
import { listen } from "./keys.js";
import { Lease } from "./lease.js";
import { Outbox } from "./outbox.js";
import { Reading } from "./reading.js";
import { Reveal } from "./reveal.js";
import { Timer } from "./timer.js";
import * as troubles from "./troubles.js";
import { fragmentUrl, participant } from "./urls.js";

const POLL_MS = 20_000;
const RETRY_MS = 3_000;
// A second press that was meant for the last item must not judge the next one.
const DOUBLE_MS = 600;
const IS_MAC = /Mac|iPhone|iPad/.test(navigator.platform);
const OFFLINE = gettext("You are offline, and no further item is loaded. Your answers are kept on this device and sent when the connection is back.");

const STAGES = {
  training: gettext("This is a training item. After your answer you see what was expected, and why."),
  qualification: gettext("This item belongs to the qualification. Take the time you need; you hear how it went at the end."),
  again: gettext("This item belongs to a further attempt at the qualification. Take the time you need; you hear how it went at the end."),
  second_protocol: gettext("Items come in two forms here. Judge this one as if you saw it for the first time."),
};

class Page {
  constructor() {
    this.current = null;
    this.ahead = null;
    this.back = null;
    this.timer = new Timer((ms) => this.reading?.add(ms));
    this.outbox = new Outbox(participant, {
      sent: (entry, answer) => this.sent(entry, answer),
      refused: (entry, error) => this.refused(entry, error),
      state: (error, n) => troubles.connection(error, n),
    });
    this.reveal = new Reveal(this);
    this.tabs = "BroadcastChannel" in window ? new BroadcastChannel(`polyphony:${participant}`) : null;
    this.tabs?.addEventListener("message", ({ data }) => {
      if (data.submitted === this.current?.id) troubles.elsewhere(this, this.current);
    });
    addEventListener("pagehide", () => this.drafts?.close());
    document.addEventListener("visibilitychange", () => { if (document.hidden) this.drafts?.save(); });
    document.addEventListener("click", (event) => {
      const act = event.target.closest("[data-act]")?.dataset.act;
      if (act) this[act]();
    });
    listen(this);
    // Who is here has a profile on the server.
    forgetProfiles();
    this.begin(document.querySelector("main"));
  }

  desk() {
    return this.current;
  }

  /* What is answered here already, but not acknowledged yet, is not asked again. */
  begin(main) {
    banners.setProgress(Number(main.dataset.done), Number(main.dataset.left));
    const n = this.outbox.entries.length;
    banners.moveProgress(n);
    if (this.outbox.has(main.dataset.desk) && !("reveals" in main.dataset)) {
      this.wait(gettext("Your last answer is being sent."));
      this.outbox.flush().then(() => { if (!this.current) this.next(); });
      return;
    }
    // What they may reveal comes before another item does.
    if (n && "reveals" in main.dataset) {
      this.reveal.after(this.outbox.entries.at(-1).assignment);
      return;
    }
    if (n) this.outbox.flush();
    this.show(main, { isFirst: true });
  }

  // --- showing -------------------------------------------------------------------

  show(main, { isFirst = false, answers = null } = {}) {
    this.leave();
    if (!isFirst) document.querySelector("main").replaceWith(main);
    if (!main.dataset.desk) {
      if (!main.dataset.ending) this.poll(main);
      if (!isFirst) main.querySelector("[data-title]")?.focus();
      return;
    }
    const desk = new Desk(main, { change: () => this.drafts?.changed(), say: toast });
    if (IS_MAC) for (const key of main.querySelectorAll("[data-mod]")) key.textContent = "⌘";
    this.current = desk;
    const stage = desk.data.stage === "qualification" && this.hasFailed ? "again" : desk.data.stage;
    if (STAGES[stage]) banners.banner("stage", STAGES[stage], { tone: "plain" });
    this.shownAt = isFirst ? -DOUBLE_MS : performance.now();
    this.restore(desk, answers);
    this.changing = main.dataset.changing ?? null;
    if (this.changing) {
      troubles.changing(this.changing);
      if (!isFirst) desk.focusTitle();
      return;
    }
    this.lease = new Lease(desk, { lost: () => troubles.lost(this, desk) });
    if (!isFirst) desk.focusTitle();
    if (desk.state !== "queued") this.prepareAhead();
    else if (!this.outbox.entries.length) this.openQueued(desk);
  }

  /* Give back what was begun: `answers` that came back, or this device's, or the server's. */
  restore(desk, answers) {
    const { draft } = desk.data;
    const revision = draft?.revision ?? 0;
    const kept = answers ? { answers } : Drafts.kept(desk.id, revision);
    this.timer.start(kept?.active_ms ?? draft?.active_ms ?? 0);
    this.reading = new Reading(desk.root, kept?.reading_ms ?? draft?.reading_ms, () => this.timer.count());
    const drafts = new Drafts(desk.id, {
      revision,
      isLocal: Boolean(desk.root.dataset.changing),
      collect: () => ({ answers: desk.everything(), ...this.times() }),
      on: {
        saved: () => {
          banners.status(format(gettext("Draft saved at {time}"), { time: banners.clock() }));
          if (!this.outbox.entries.length) troubles.connection(null, 0);
        },
        kept: (error) => {
          banners.status(gettext("Draft kept on this device"));
          troubles.connection(error, this.outbox.entries.length);
        },
        stale: (newer) => troubles.stale(this, desk, drafts, newer),
        submitted: () => troubles.elsewhere(this, desk),
      },
    });
    this.drafts = drafts;
    banners.status(draft ? gettext("Draft restored") : "");
    if (!kept) return;
    desk.restore(kept.answers);
    drafts.changed();
  }

  /* The whole first: what it counts goes to its parts. */
  times() {
    const active_ms = this.timer.read();
    return { active_ms, reading_ms: this.reading.read() };
  }

  /* Let go of the item on the desk; its draft and its lease stay. */
  leave() {
    this.lease?.end();
    this.reading?.end();
    this.current = null;
    this.drafts = null;
    clearTimeout(this.polling);
    banners.clear("lost", "stale", "elsewhere", "returned", "stage");
  }

  wait(words) {
    const main = document.querySelector("[data-template=waiting]").content.firstElementChild.cloneNode(true);
    main.querySelector("[data-words]").textContent = words;
    this.leave();
    document.querySelector("main").replaceWith(main);
    main.focus();
  }

  /* Go on: the item that is ready, else what the server has. */
  async next() {
    if (this.ahead) {
      const main = this.ahead;
      this.ahead = null;
      this.show(main);
      return;
    }
    this.wait(navigator.onLine ? gettext("The next item is on its way.") : OFFLINE);
    await this.outbox.flush();
    if (!this.current) await this.fetchDesk();
  }

  async refresh() {
    await this.drafts?.save();
    await this.fetchDesk();
  }

  /* Show the person's present item, or `of` an assignment. Tell whether it is there. */
  async fetchDesk({ of = null, answers = null } = {}) {
    clearTimeout(this.retry);
    const sending = this.outbox.entries.map((entry) => entry.assignment);
    try {
      const main = await api.fragment(fragmentUrl("desk", of));
      // The server still asks for what is on its way to it.
      if (of === null && this.outbox.has(main.dataset.desk)) throw new api.Unreachable(!navigator.onLine);
      // It arrived meanwhile, so what was read before it came is asked for once more.
      if (of === null && sending.includes(main.dataset.desk)) return this.fetchDesk();
      if (of === null && !this.outbox.entries.length) banners.setProgress(Number(main.dataset.done), Number(main.dataset.left));
      this.show(main, { answers });
      return true;
    } catch (error) {
      if (error instanceof api.Refused) return this.unreachable(of);
      troubles.connection(error, this.outbox.entries.length);
      if (!this.current) this.retry = setTimeout(() => this.current || this.fetchDesk({ of, answers }), RETRY_MS);
      return false;
    }
  }

  /* The project is closed to this person, or asks for consent anew: its page says so. */
  unreachable(of) {
    if (of === null) location.reload();
    else troubles.gone();
    return of !== null;
  }

  /* Lease and render the next item while this one is read. */
  async prepareAhead() {
    if (this.ahead || this.preparing) return;
    this.preparing = true;
    delete document.body.dataset.ahead;
    try {
      const main = await api.fragment(fragmentUrl("desk", null, { isAhead: true }));
      const id = main?.dataset.desk;
      if (id && id !== this.current?.id && !this.outbox.has(id)) this.ahead = main;
    } catch {
      // The next item is then fetched when it is due.
    } finally {
      this.preparing = false;
      document.body.dataset.ahead = this.ahead ? "ready" : "none";
    }
  }

  /* An item that was leased ahead is on the screen now. */
  async openQueued(desk) {
    try {
      await api.assignment.open(desk.id);
      desk.state = "open";
      if (this.current === desk) this.prepareAhead();
    } catch (error) {
      if (!(error instanceof api.Refused) || this.current !== desk) return;
      if (desk.isTouched) troubles.lost(this, desk);
      else await this.fetchDesk();
    }
  }

  /* Nothing to do: look again now and then. */
  poll(main) {
    this.polling = setTimeout(async () => {
      const found = document.hidden ? null : await api.fragment(fragmentUrl("desk")).catch(() => null);
      if (document.querySelector("main") !== main) return;
      if (!found || (!found.dataset.desk && found.dataset.empty === main.dataset.empty)) {
        this.poll(main);
        return;
      }
      banners.setProgress(Number(found.dataset.done), Number(found.dataset.left));
      this.show(found);
    }, POLL_MS);
  }

  // --- submitting ------------------------------------------------------------------

  submit() {
    const desk = this.current;
    if (!desk) this.goOn();
    if (!desk || (!desk.isTouched && performance.now() - this.shownAt < DOUBLE_MS)) return;
    const problems = desk.problems();
    if (problems.length) {
      desk.refuse(problems);
      return;
    }
    if (desk.asksAboutOrder()) return;
    const confirmed = desk.isUnchangedConfirmed ? { is_unchanged_confirmed: true } : {};
    this.outbox.add({ assignment: desk.id, answers: desk.answers(), ...this.times(), ...desk.texts.shown, ...confirmed });
    this.drafts.end();
    banners.status("");
    banners.clear("qualification");
    this.outbox.push();
    if (this.changing) {
      this.wait(navigator.onLine ? gettext("Your change is on its way.") : gettext("You are offline. Your change is kept on this device and sent when the connection is back."));
      return;
    }
    banners.moveProgress(1);
    if (desk.data.stage === "training") this.learn(desk.id);
    else if ("reveals" in desk.root.dataset) this.reveal.after(desk.id);
    else this.next();
  }

  /* After a training item: what was expected, before anything else comes. */
  async learn(id) {
    this.wait(gettext("Your answer is being sent."));
    await this.outbox.flush();
    if (this.current) return;
    try {
      if (this.outbox.has(id)) throw new api.Unreachable(!navigator.onLine);
      const main = await api.fragment(fragmentUrl("feedback", id));
      document.querySelector("main").replaceWith(main);
      main.querySelector("[data-act=goOn]").focus();
      scrollTo({ top: 0 });
    } catch (error) {
      if (error instanceof api.Refused) this.next();
      else setTimeout(() => this.current || this.learn(id), RETRY_MS);
    }
  }

  goOn() {
    if (document.querySelector("main[data-feedback]")) this.next();
    else this.reveal.keep();
  }

  unsent(error) {
    troubles.connection(error, this.outbox.entries.length);
  }

  async sent(entry, { data, at }) {
    this.tabs?.postMessage({ submitted: entry.assignment });
    if (this.changing) {
      location.assign(this.changing);
      return;
    }
    this.reveal.hear(entry.assignment, Boolean(data.suggestion));
    if (data.suggestion && !this.current && this.reveal.id === null) this.reveal.after(entry.assignment);
    if (data.hint) this.note("hint", data.hint);
    if (data.qualification) {
      const { is_passed: isPassed, n_correct: n, n_asked: total } = data.qualification;
      this.hasFailed = !isPassed;
      const words = isPassed ? gettext("You are through the qualification: {n} of {total} were as expected.") : gettext("{n} of {total} were as expected, which is not enough this time.");
      this.note("qualification", format(words, { n, total }));
      return;
    }
    const left = new Date(data.take_back_until) - at;
    this.back = left > 0 ? { id: entry.assignment, until: performance.now() + left } : null;
    const words = data.state === "surplus" ? gettext("Submitted. Others had finished this item before, so your answer is kept as an extra one.") : gettext("Submitted.");
    document.querySelector("[data-submitted]")?.remove();
    const box = toast(words, this.back && { label: gettext("Take back"), key: "z", run: () => acts.takeBack(this) });
    box.dataset.submitted = "";
    const desk = this.current;
    if (desk?.state === "queued" && !this.outbox.entries.length) await this.openQueued(desk);
    else if (desk) this.prepareAhead();
  }

  /* Say something that stays until it is closed. */
  note(matter, words) {
    banners.banner(matter, words, { tone: "plain", actions: [{ label: gettext("Close"), run: () => banners.clear(matter) }] });
  }

  /* The server does not take an answer: come back to its item. Tell whether it is shown. */
  async refused(entry, error) {
    if (error.status === 404 || error.code === "closed") {
      if (!this.changing) banners.moveProgress(-1);
      troubles.gone(error.code === "closed" ? error.message : undefined);
      return true;
    }
    await this.drafts?.save();
    this.ahead = null;
    if (!(await this.fetchDesk({ of: entry.assignment, answers: entry.answers }))) return false;
    banners.moveProgress(-1);
    troubles.returned(error.message);
    this.current?.refuse(error.problems.length ? error.problems : undefined);
    return true;
  }

  // --- what keys and buttons call ----------------------------------------------------

  skip() { if (!this.changing) acts.skip(this); }
  flag() { acts.flag(this); }
  comment() { comment(this); }
  takeBack() { if (!this.changing) acts.takeBack(this); }
  keep() { this.reveal.keep(); }
  change() { this.reveal.change(); }
  keys() { dialogs.open("keys"); }
  guidelines() { dialogs.open("guidelines"); }
  fold() { this.current?.texts.fold(); }
  write() { this.current?.write(); }
  mark() { this.current?.mark(); }
  sure() { this.current?.sure(); }
  turnText() { this.current?.texts.turn("text"); }
  turnLayout() { this.current?.texts.turn("layout"); }
  turnLine() { this.current?.texts.turn("line"); }
  turnDensity() { this.current?.texts.turn("density"); }
  turnGrid() { this.current?.texts.turn("grid"); }
  toggleDifferences() { this.current?.texts.toggle("[data-differences]"); }
  toggleStep() { this.current?.texts.toggle("[data-step]"); }
  smaller() { this.current?.texts.resize(-1); }
  larger() { this.current?.texts.resize(1); }
}

new Page();
