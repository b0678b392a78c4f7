/* Unsaved profiles leave this device with their person: at log-out, once they are saved,
   when somebody else is logged in, and after a day. */

import { drop, read } from "../annotate/store.js";

export const PREFIX = "polyphony:profile:";
const LONGEST_MS = 24 * 3600 * 1000;

function hasStorage() {
  try {
    return Boolean(localStorage);
  } catch {
    return false;
  }
}

function forget(isOver) {
  if (!hasStorage()) return;
  const keys = Array.from({ length: localStorage.length }, (_, at) => localStorage.key(at));
  for (const key of keys.filter((one) => one?.startsWith(PREFIX))) {
    if (isOver(key)) drop(key);
  }
}

let isForgotten = false;

/** Tell whether profiles were forgotten on this page, so that none is kept any more. */
export function areForgotten() {
  return isForgotten;
}

/** Forget every unsaved profile of this device. */
export function forgetProfiles() {
  isForgotten = true;
  forget(() => true);
}

/** Forget what is too old and, where `person` is logged in, what is another's. */
export function forgetLeftovers(person) {
  const own = `${PREFIX}${person}:`;
  forget((key) => Date.now() - (read(key)?.at ?? 0) >= LONGEST_MS || (person && !key.startsWith(own)));
}
