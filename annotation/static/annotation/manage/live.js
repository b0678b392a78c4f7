/* Live figures: ask only while somebody looks, and change only what has changed. */

const known = new WeakMap();

document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.matches("[data-live]") && document.hidden) event.preventDefault();
});

document.body.addEventListener("htmx:configRequest", (event) => {
  const etag = known.get(event.detail.elt);
  if (etag) event.detail.headers["If-None-Match"] = etag;
});

/** An unchanged answer leaves the page alone, with the reader's focus and selection. */
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const { elt, xhr } = event.detail;
  if (!elt.matches("[data-live]")) return;
  const etag = xhr.getResponseHeader("ETag");
  const isSame = xhr.status === 304 || (etag && known.get(elt) === etag);
  if (isSame) event.detail.shouldSwap = false;
  else if (etag) known.set(elt, etag);
});
