/* The upload of an import: a drop zone that shows it, and how far the upload is.
   Without this script the form works as it stands. */

import { format, gettext } from "../js/words.js";

const form = document.querySelector("form[data-upload]");
const zone = form.querySelector("[data-dropzone]");
const input = form.querySelector("input[type=file]");
const button = form.querySelector("[data-submit]");
const box = form.querySelector("[data-progress]");
const bar = box.querySelector("[role=progressbar]");
const trouble = form.querySelector("#file-problem");
const said = box.querySelector("[data-said]");

for (const type of ["dragenter", "dragover"]) {
  zone.addEventListener(type, (event) => {
    event.preventDefault();
    zone.classList.add("is-over");
  });
}
for (const type of ["dragleave", "drop"]) {
  zone.addEventListener(type, () => zone.classList.remove("is-over"));
}
zone.addEventListener("drop", (event) => {
  event.preventDefault();
  if (!event.dataTransfer.files.length) return;
  input.files = event.dataTransfer.files;
  button.focus();
});

function show(part, words) {
  box.hidden = false;
  bar.setAttribute("aria-valuenow", Math.round(part * 100));
  bar.firstElementChild.style.setProperty("--part", part * 100);
  said.textContent = words;
}

/** Say what went wrong where the file is chosen, and let the person try again. */
function complain(words) {
  box.hidden = true;
  trouble.hidden = false;
  trouble.querySelector("span").textContent = words;
  input.setAttribute("aria-describedby", "file-hint file-problem");
  button.removeAttribute("aria-disabled");
  input.focus();
}

function fail() {
  complain(gettext("The connection was lost before the file had arrived. Nothing was imported; try again."));
}

/** Put the page that the server answered in place of this one. */
function take(request) {
  if (request.responseURL !== location.href) {
    location.assign(request.responseURL);
    return;
  }
  const page = new DOMParser().parseFromString(request.responseText, "text/html");
  const problem = page.querySelector("#file-problem:not([hidden]), .empty p");
  complain(problem ? problem.textContent.trim() : gettext("The file was not taken. Load this page again."));
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  trouble.hidden = true;
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.upload.addEventListener("progress", (progress) => {
    const part = progress.lengthComputable ? progress.loaded / progress.total : 0;
    show(part, part < 1 ? format(gettext("{percent}% has arrived"), { percent: Math.round(part * 100) }) : gettext("The file has arrived and is looked at"));
  });
  request.addEventListener("load", () => take(request));
  request.addEventListener("error", fail);
  request.addEventListener("abort", fail);
  request.send(new FormData(form));
});
