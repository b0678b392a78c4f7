/* What a person can do with an item besides answering: skip, flag, take back. */

import { toast } from "../js/base.js";
import { gettext } from "../js/words.js";
import * as api from "./api.js";
import { moveProgress } from "./banners.js";
import * as dialogs from "./dialogs.js";

/* Tell whether the server did it; say why not. */
async function tried(run, otherwise) {
  try {
    await run();
    return true;
  } catch (error) {
    toast(error instanceof api.Refused ? error.message : otherwise);
    return false;
  }
}

export async function skip(page) {
  const desk = page.current;
  if (!desk) return;
  const values = await dialogs.ask("skip", "reason", gettext("Choose a reason."), desk.id);
  if (!values || page.current !== desk) return;
  const reason = values.note ? `${values.reason}: ${values.note}` : values.reason;
  const isDone = await tried(() => api.assignment.skip(desk.id, reason), gettext("The item cannot be skipped now, because the server cannot be reached. Your answers are kept."));
  if (!isDone) return;
  dialogs.sent("skip", desk.id);
  page.drafts?.end();
  toast(gettext("Skipped. This item does not come back to you."));
  await page.next();
}

export async function flag(page) {
  const desk = page.current;
  const values = desk && (await dialogs.ask("flag", "kind", gettext("Choose what is wrong."), desk.id));
  if (!values) return;
  const sent = { kind: values.kind, note: values.note ?? "" };
  const isDone = await tried(() => api.assignment.flag(desk.id, sent), gettext("The flag cannot be stored now, because the server cannot be reached. Try again later."));
  if (!isDone) return;
  dialogs.sent("flag", desk.id);
  toast(gettext("Flagged. The researchers see it."));
}

export async function takeBack(page) {
  document.querySelector("[data-submitted]")?.remove();
  await page.outbox.flush();
  const { back } = page;
  if (!back || performance.now() > back.until) {
    const isWaiting = page.outbox.entries.length > 0;
    toast(isWaiting ? gettext("Your last answer is not sent yet. You can take it back once it is.") : gettext("There is nothing to take back: the time for the last answer has passed."));
    return;
  }
  await page.drafts?.save();
  if (!(await tried(() => api.assignment.takeBack(back.id), gettext("The answer cannot be taken back now, because the server cannot be reached.")))) return;
  page.back = null;
  page.ahead = null;
  moveProgress(-1);
  await page.fetchDesk({ of: back.id });
  const box = toast(gettext("Taken back. Change your answer and submit it again."));
  // Once it is submitted, this is no longer so.
  box.dataset.submitted = "";
}
