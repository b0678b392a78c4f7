/* Live figures: ask only while somebody looks, and change only what has changed. */

import { gettext } from "../js/words.js";

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
  if (xhr.status < 400) recovered();
  const etag = xhr.getResponseHeader("ETag");
  const isSame = xhr.status === 304 || (etag && known.get(elt) === etag);
  if (isSame) event.detail.shouldSwap = false;
  else if (etag) known.set(elt, etag);
});

/* A server that fails is said above the figures, which stay; each next call asks again. */
let failure = null;

function failed({ detail }) {
  if (!detail.elt.matches("[data-live]") || failure?.isConnected) return;
  failure = document.createElement("div");
  failure.className = "banner banner-caution";
  failure.setAttribute("role", "status");
  failure.dataset.failure = "";
  const words = document.createElement("p");
  const isJob = detail.elt.id === "job";
  words.textContent = isJob
    ? gettext("The server does not answer, so what you see here may be old. The job goes on without this page. This page asks again by itself.")
    : gettext("The server does not answer, so what you see here may be old. This page asks again by itself.");
  failure.append(words);
  detail.elt.before(failure);
}

function recovered() {
  failure?.remove();
  failure = null;
}

for (const event of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) document.body.addEventListener(event, failed);
