/* Who works on what, as the page was rendered for them. */

const data = JSON.parse(document.getElementById("annotate-data").textContent);

export const { slug, participant } = data;

/* The fragment "desk" (with `ahead` or `of` an assignment) and the marks "differences". */
export function fragmentUrl(name, of = null, { isAhead = false } = {}) {
  const url = new URL(data.urls[name], location.href);
  if (of) url.searchParams.set("of", of);
  if (isAhead) url.searchParams.set("ahead", "1");
  return url.href;
}

export const loginUrl = data.urls.login;
