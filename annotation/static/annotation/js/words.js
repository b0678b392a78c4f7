/* The words of the interface in the reader's language. Pages in another language than
   the source load Django's catalogue first, which sets the global `django`; without it
   the English comes back. Every message is written out where it is asked for, since
   `make messages` finds it there. */

const catalogue = globalThis.django;

export function gettext(message) {
  return catalogue?.gettext ? catalogue.gettext(message) : message;
}

/* The form for so many: ngettext("{n} answer", "{n} answers", n), then format. */
export function ngettext(singular, plural, number) {
  if (catalogue?.ngettext) return catalogue.ngettext(singular, plural, number);
  return number === 1 ? singular : plural;
}

/* Put values in by name: format(gettext("Saved at {time}."), {time}). */
export function format(message, values) {
  return message.replace(/\{(\w+)\}/g, (whole, name) =>
    Object.hasOwn(values, name) ? String(values[name]) : whole);
}

/* For dates and numbers; English is written as in Britain: 25 November. */
const language = document.documentElement.lang;
export const locale = language === "en" ? "en-GB" : language;
