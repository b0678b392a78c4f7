/* The rules of a form: which questions are asked, which need an answer. The twin of
   annotation/conditions.py; a test holds the two together. */

// The same white space as the server takes away; trim() knows other kinds.
const SPACE = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+";
const ENDS = new RegExp(`^${SPACE}|${SPACE}$`, "g");

/* The characters of a text without the space at its ends, counted as people count. */
export function nChars(text) {
  return [...text.replace(ENDS, "")].length;
}

/* The questions as these answers ask them, and the names of those not asked. */
export function asked(questions, answers) {
  const before = new Map();
  const shown = [];
  const hidden = new Set();
  for (const question of questions) {
    if (question.show_if && !holds(question.show_if, before)) {
      hidden.add(question.name);
      before.set(question.name, null);
      continue;
    }
    before.set(question.name, states(question, answers[question.name] ?? null));
    const isForced = question.required_if && holds(question.required_if, before);
    shown.push(isForced ? { ...question, is_required: true } : question);
  }
  return { shown, hidden };
}

function holds({ question, answers }, before) {
  const found = before.get(question) ?? null;
  if (found === null) return false;
  return answers.length === 0 || answers.some((answer) => found.has(answer));
}

/* What rules can ask of an answer; null where there is no answer. */
export function states(question, value) {
  if (value === null || value === undefined) return null;
  if (typeof value === "string" && nChars(value) === 0) return null;
  const read = READERS[question.type];
  return read ? read(question, value) : new Set();
}

const READERS = { comparison, ranking, rating, choice: words, tags: words, confidence: words };

function comparison({ strength }, { value, both_bad: isBothBad }) {
  if (typeof value !== "number") return null;
  if (value === 0) return new Set([isBothBad ? "both_bad" : "tie"]);
  const size = Math.abs(value);
  return new Set(["better", ...(size === strength ? ["strongest"] : []), ...(size === 1 ? ["slightest"] : [])]);
}

function ranking(_, { tiers = [], unacceptable = [] }) {
  const found = new Set();
  if (tiers.some((tier) => tier.length > 1)) found.add("tie");
  if (unacceptable.length) found.add("unacceptable");
  return tiers.length || found.size ? found : null;
}

function rating({ low, high }, value) {
  const given = Object.values(value).flat().filter((mark) => mark !== null && mark !== undefined);
  const names = new Map([[low, "lowest"], [high, "highest"], ["na", "na"]]);
  const found = new Set(given.filter((mark) => names.has(mark)).map((mark) => names.get(mark)));
  return given.length ? found : null;
}

function words(_, value) {
  const found = new Set([value].flat().filter((word) => typeof word === "string"));
  return found.size ? found : null;
}
