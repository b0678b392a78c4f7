/* Write to the research team about the item on the desk. What was written so far comes
   once the sheet is open, so that it costs the desk nothing. */

import { toast } from "../js/base.js";
import { gettext } from "../js/words.js";
import * as api from "./api.js";
import * as dialogs from "./dialogs.js";
import { uuid } from "./store.js";

const AWAY = gettext("The message cannot be sent now, because the server cannot be reached. Your words are kept: open the sheet again to send them.");
// Words that could not be sent, with their name: sent again, they are stored once.
// The sheet keeps what stands in it.
const kept = new Map();

export async function comment(page) {
  const desk = page.current;
  if (!desk) return;
  const shown = show(desk.id);
  const values = await dialogs.ask("comment", "text", gettext("Write what you want to say."), desk.id);
  if (!values) return;
  const before = kept.get(desk.id);
  const key = before?.text === values.text ? before.key : uuid();
  kept.set(desk.id, { text: values.text, key });
  try {
    await api.assignment.comment(desk.id, { text: values.text, comment_id: key, n_shown: await shown });
    kept.delete(desk.id);
    dialogs.sent("comment", desk.id);
    toast(gettext("Sent. The research team sees it."));
  } catch (error) {
    toast(error instanceof api.Refused ? error.message : AWAY);
  }
}

/* Show what was written so far; return the number of the newest comment shown. */
async function show(id) {
  const box = document.querySelector("[data-comments]");
  box.hidden = true;
  box.replaceChildren();
  const found = await api.assignment.comments(id).catch(() => null);
  const comments = found?.comments ?? [];
  box.replaceChildren(...comments.map(line));
  box.hidden = comments.length === 0;
  return comments.at(-1)?.number ?? 0;
}

function line(one) {
  const made = document.querySelector("[data-template=comment]").content.firstElementChild.cloneNode(true);
  made.classList.toggle("is-own", one.by === "you");
  made.querySelector("strong").textContent = one.by === "you" ? gettext("You") : gettext("The research team");
  made.querySelector(".comment-text").textContent = one.text;
  return made;
}
