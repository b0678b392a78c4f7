/* One mark in the list beside the texts: its words, its sign, its tag and its note. */

import { all, one } from "./cells.js";
import { letter } from "./order.js";
import { format, gettext } from "../js/words.js";

const SIGNS = { for: "+", against: "−" };
const TURN = { for: gettext("{letter}, speaks for. Turn round"), against: gettext("{letter}, speaks against. Turn round") };
export const SPEAKS = { for: gettext("{letter}, speaks for."), against: gettext("{letter}, speaks against.") };

export function rowOf(template, item, { index, isHere, words }) {
  const row = template.content.firstElementChild.cloneNode(true);
  const name = letter(item.completion);
  row.dataset.mark = index;
  row.classList.add(`quote-${item.polarity}`);
  row.classList.toggle("is-here", isHere);
  one("[data-letter]", row).textContent = name;
  one("[data-sign]", row).textContent = SIGNS[item.polarity];
  one("[data-turn]", row).setAttribute("aria-label", format(TURN[item.polarity], { letter: name }));
  one("q", row).textContent = words;
  one("[data-find]", row).setAttribute("aria-expanded", String(isHere));
  one("[data-remove]", row).setAttribute("aria-label", format(gettext("Remove the mark in {letter}"), { letter: name }));
  for (const field of all("[data-field]", row)) field.value = item[field.dataset.field] ?? "";
  one("[data-more]", row).hidden = !isHere;
  const said = one("[data-kept]", row);
  said.textContent = [item.tag, item.note].filter(Boolean).join(" · ");
  said.hidden = !said.textContent || isHere;
  return row;
}
