/* What stands in the questions of a survey: read out of the page, and put back. */

const isTicked = (input) => input.matches("[type=checkbox], [type=radio]");

function keyOf(input) {
  return `${input.name}=${isTicked(input) ? input.value : ""}`;
}

/** Return the values as pairs of key and value, of the fields that `selector` names. */
export function readValues(root, selector = "[name]") {
  return [...root.querySelectorAll(selector)].map((input) => [keyOf(input), isTicked(input) ? input.checked : input.value]);
}

/** Put values back; a field without one stays as it is. */
export function writeValues(root, pairs, selector = "[name]") {
  const values = new Map(pairs);
  for (const input of root.querySelectorAll(selector)) {
    const value = values.get(keyOf(input));
    if (typeof value === "boolean" && isTicked(input)) input.checked = value;
    else if (typeof value === "string" && !isTicked(input)) input.value = value;
  }
}
