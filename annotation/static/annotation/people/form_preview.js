/* The frame beside the form editor: the real desk with a made-up item. It is drawn anew
   as the form changes, and nothing that is answered here is sent. */

import { Desk } from "../annotate/desk.js";
import { listen } from "../annotate/keys.js";
import { gettext } from "../js/words.js";
import { mark } from "./drawing.js";

let current = null;

function begin() {
  const main = document.querySelector("main[data-desk]");
  const answers = current?.everything() ?? {};
  current = main ? new Desk(main, { change: () => {}, say: () => {} }) : null;
  // What was tried stays tried while words change, where it still fits.
  if (current) current.restore(answers);
}

/* The editor calls this with the desk of the form as it is now. */
addEventListener("polyphony:form", ({ detail }) => {
  const wrapper = document.createElement("template");
  wrapper.innerHTML = detail.html;
  document.querySelector("main").replaceWith(wrapper.content.querySelector("main"));
  begin();
  look(detail.edited);
  document.documentElement.dataset.drawn = detail.turn;
});

function look(name) {
  mark(document, name ? document.querySelector(`[data-question="${CSS.escape(name)}"]`) : null);
}

/* … and with this when another question is taken in hand. */
addEventListener("polyphony:look", ({ detail }) => look(detail.edited));

function tell(words) {
  const box = document.createElement("div");
  box.className = "toast";
  box.textContent = words;
  document.getElementById("toasts").replaceChildren(box);
}

const page = {
  desk: () => current,
  submit() {
    const problems = current?.problems() ?? [];
    if (problems.length) current.refuse(problems);
    else tell(gettext("This could be submitted. A preview sends nothing."));
  },
  skip() { tell(gettext("Skipping asks for a reason. A preview sends nothing.")); },
  flag() { tell(gettext("Flagging asks what is wrong. A preview sends nothing.")); },
  takeBack() { tell(gettext("There is nothing to take back in a preview.")); },
  keys() {},
  guidelines() {},
  fold() { current?.texts.fold(); },
  write() { current?.write(); },
  sure() { current?.sure(); },
};

document.addEventListener("click", (event) => {
  const act = event.target.closest("[data-act]")?.dataset.act;
  if (act) page[act]?.();
});
listen(page);
begin();
