/* Calls to the server. Every failure is one of three: it cannot be reached now, nobody
   is logged in, or it refuses with a reason. */

import { gettext } from "../js/words.js";

const TIMEOUT_MS = 20_000;
const BASE = "/api/v1/";

export class Unreachable extends Error {
  constructor(isOffline) {
    super(isOffline ? "offline" : "server");
    this.isOffline = isOffline;
  }
}

export class SignedOut extends Error {}

export class Refused extends Error {
  constructor(status, body) {
    super(body?.message ?? gettext("The server refuses this."));
    this.status = status;
    this.code = body?.code ?? "error";
    this.problems = body?.problems ?? [];
    this.body = body ?? {};
  }
}

/* Read at each call: a log-in in another tab changes it. */
function csrf() {
  return document.cookie.match(/(?:^|;\s*)csrftoken=([^;]+)/)?.[1] ?? "";
}

async function ask(url, options) {
  let response;
  try {
    response = await fetch(url, { credentials: "same-origin", signal: AbortSignal.timeout(TIMEOUT_MS), ...options });
  } catch {
    throw new Unreachable(true);
  }
  if (response.status === 401 || (response.redirected && new URL(response.url).pathname.startsWith("/login"))) throw new SignedOut();
  if (response.status >= 500 || response.status === 429) throw new Unreachable(false);
  return response;
}

async function body(response) {
  try {
    return await response.json();
  } catch {
    return null;
  }
}

/* Return {status, data, at}: `at` is the server's clock, since the device's may be wrong. */
export async function call(method, path, data = {}, { keepalive = false } = {}) {
  const response = await ask(BASE + path, {
    method,
    keepalive,
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrf() },
    body: JSON.stringify(data),
  });
  const answer = response.status === 204 ? null : await body(response);
  if (!response.ok) {
    if (response.status === 403 && answer?.code === "csrf") throw new SignedOut();
    throw new Refused(response.status, answer);
  }
  return { status: response.status, data: answer, at: new Date(response.headers.get("Date") ?? Date.now()) };
}

/* Return the server's fragment as a node, or null where it has none. */
export async function fragment(url) {
  const response = await ask(url, { headers: { Accept: "text/html", "X-Requested-With": "fetch" } });
  if (response.status === 204) return null;
  if (!response.ok) throw new Refused(response.status, null);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  return document.importNode(page.querySelector("main"), true);
}

export async function json(url) {
  const response = await ask(url, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Refused(response.status, await body(response));
  return response.json();
}

export const assignment = {
  open: (id) => call("POST", `assignments/${id}/open/`),
  beat: (id, shown) => call("POST", `assignments/${id}/heartbeat/`, shown),
  draft: (id, draft, options) => call("PUT", `assignments/${id}/draft/`, draft, options),
  submit: ({ assignment: id, ...entry }) => call("POST", `assignments/${id}/submit/`, entry),
  takeBack: (id) => call("POST", `assignments/${id}/take-back/`),
  skip: (id, reason) => call("POST", `assignments/${id}/skip/`, { reason }),
  comments: (id) => json(`${BASE}assignments/${id}/comments/`),
  comment: (id, comment) => call("POST", `assignments/${id}/comments/`, comment),
  flag: (id, flag) => call("POST", `assignments/${id}/flag/`, flag),
};
