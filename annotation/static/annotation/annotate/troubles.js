/* What may come between: a lost lease, a second tab, a lost connection, a refusal. Each
   says what is so, what becomes of the work, and what can be done. */

import { format, gettext, ngettext } from "../js/words.js";
import { SignedOut } from "./api.js";
import { banner, clear } from "./banners.js";
import { loginUrl } from "./urls.js";

export function lost(page, desk) {
  if (page.current !== desk) return;
  banner("lost", gettext("The time for this item has run out, so somebody else may get it. You can still submit your answer: it counts if a place is free."), {
    actions: [{ label: gettext("Show what is next"), run: () => page.refresh() }],
  });
}

/* Another tab saved something newer: nothing is written over unasked. */
export function stale(page, desk, drafts, newer) {
  if (page.current !== desk) return;
  const go = (run) => () => {
    clear("stale");
    run();
  };
  banner("stale", gettext("This item is also open in another tab, which saved something newer. What you change here is not saved until you choose."), {
    actions: [
      {
        label: gettext("Load that version"),
        run: go(() => {
          drafts.follow(newer.revision);
          desk.restore(newer.answers);
        }),
      },
      { label: gettext("Go on with this one"), run: go(() => drafts.takeOver(newer.revision)) },
    ],
  });
}

export function elsewhere(page, desk) {
  if (page.current !== desk) return;
  banner("elsewhere", gettext("This item was submitted in another tab. Nothing is missing here."), { actions: [{ label: gettext("Show the next item"), run: () => page.next() }] });
}

/* `n` answers wait to be sent; without an error all is well again. */
export function connection(error, n) {
  if (!error) {
    clear("connection");
  } else if (error instanceof SignedOut) {
    const words = ngettext(
      "You are logged out. Log in again in a new tab and come back: your work is kept on this device and sent then.",
      "You are logged out. Log in again in a new tab and come back: {n} answers are kept on this device and sent then.",
      Math.max(n, 1),
    );
    banner("connection", format(words, { n }), {
      actions: [{ label: gettext("Log in"), href: loginUrl }],
    });
  } else if (error.isOffline) {
    banner("connection", gettext("You are offline. Go on working: your answers are kept on this device and sent when the connection is back."));
  } else {
    banner("connection", gettext("The server cannot take your answers at the moment. Go on working: they are kept on this device and sent as soon as it can."));
  }
}

export function returned(message) {
  banner("returned", format(gettext("Your last answer was not accepted, so its item is back with your answers. {message}"), { message }), { tone: "stop" });
}

/* An answer that was submitted is open again: what a change does, and the way out. */
export function changing(url) {
  banner("changing", gettext("You are changing an answer that you submitted. Submit stores a new version; the earlier one is kept."), {
    actions: [{ label: gettext("Leave it as it is"), run: () => location.assign(url) }],
  });
}

export function gone(words = gettext("An answer could not be stored, because its item no longer belongs to you. Ask the people who invited you.")) {
  banner("gone", words, { tone: "stop" });
}
