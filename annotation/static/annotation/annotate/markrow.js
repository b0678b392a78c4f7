/* One mark in the list beside the texts: its words, its sign, its tag and its note. */

import { all, one } from "./cells.js";
import { letter } from "./order.js";

const SIGNS = { for: "+", against: "−" };
export const WORDS = { for: "speaks for", against: "speaks against" };

export function rowOf(template, item, { index, isHere, words }) {
  const row = template.content.firstElementChild.cloneNode(true);
  const name = letter(item.completion);
  row.dataset.mark = index;
  row.classList.add(`quote-${item.polarity}`);
  row.classList.toggle("is-here", isHere);
  one("[data-letter]", row).textContent = name;
  one("[data-sign]", row).textContent = SIGNS[item.polarity];
  one("[data-turn]", row).setAttribute("aria-label", `${name}, ${WORDS[item.polarity]}. Turn round`);
  one("q", row).textContent = words;
  one("[data-find]", row).setAttribute("aria-expanded", String(isHere));
  one("[data-remove]", row).setAttribute("aria-label", `Remove the mark in ${name}`);
  for (const field of all("[data-field]", row)) field.value = item[field.dataset.field] ?? "";
  one("[data-more]", row).hidden = !isHere;
  const said = one("[data-kept]", row);
  said.textContent = [item.tag, item.note].filter(Boolean).join(" · ");
  said.hidden = !said.textContent || isHere;
  return row;
}
