/* Words that are written on a page and not sent stay in this tab: another form of the
   page may be sent first, the page may be left, and a sending may fail. */

const PREFIX = "polyphony:words:";
const who = document.querySelector(".menu-title")?.textContent ?? "";
const nameOf = (area) => `${PREFIX}${who}:${new URL(area.form.action).pathname}:${area.name}`;

function hasStorage() {
  try {
    return Boolean(sessionStorage);
  } catch {
    return false;
  }
}

function read(name) {
  try {
    return JSON.parse(sessionStorage.getItem(name));
  } catch {
    return null;
  }
}

function write(name, words) {
  try {
    sessionStorage.setItem(name, JSON.stringify(words));
  } catch {
    // The tab keeps no more; the page itself still holds the words.
  }
}

/* A notice says that what was sent has arrived. */
function forgetSent() {
  if (!document.querySelector("[data-toast]")) return;
  const names = Array.from({ length: sessionStorage.length }, (_, at) => sessionStorage.key(at));
  for (const name of names) if (name?.startsWith(PREFIX) && read(name)?.isSent) sessionStorage.removeItem(name);
}

function keep(area) {
  const name = nameOf(area);
  const kept = read(name);
  if (kept && !area.value) {
    area.value = kept.text;
    const fold = area.closest("details");
    if (fold) fold.open = true;
  }
  area.addEventListener("input", () => {
    if (area.value) write(name, { text: area.value });
    else sessionStorage.removeItem(name);
  });
  area.form.addEventListener("submit", (event) => {
    // Another button of the form may mean something else than these words.
    if (area.value && !event.submitter?.hasAttribute("formaction")) write(name, { text: area.value, isSent: true });
  });
}

if (hasStorage()) {
  forgetSent();
  for (const area of document.querySelectorAll("textarea[data-keep]")) keep(area);
}
