// A file is sent with a bar that says how far it is, and followed while it is published.
import { announce } from "./announce.js";

const EVERY_MS = 1000;

/** @param {Document} page */
export function sendFiles(page) {
  for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (page.querySelectorAll("form[data-upload]"))) {
    const input = /** @type {HTMLInputElement} */ (form.querySelector("input[type=file]"));
    form.addEventListener("dragover", (event) => event.preventDefault());
    form.addEventListener("drop", (event) => {
      if (!event.dataTransfer?.files.length) return;
      event.preventDefault();
      input.files = event.dataTransfer.files;
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send(form);
    });
  }
}

/** @param {HTMLFormElement} form */
function send(form) {
  const bar = /** @type {HTMLProgressElement} */ (form.querySelector("progress"));
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button[type=submit]"));
  const request = new XMLHttpRequest();
  const over = (/** @type {boolean} */ on) => {
    button.disabled = on;
    /** @type {HTMLElement} */ (form.querySelector(".sending")).hidden = !on;
  };
  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) bar.value = event.loaded / event.total;
  });
  request.addEventListener("load", () => {
    if (request.status < 400) {
      location.assign(request.responseURL);
      return;
    }
    over(false);
    const heading = new DOMParser().parseFromString(request.responseText, "text/html").querySelector("h1");
    announce(heading?.textContent || `${request.status}`, true);
  });
  for (const end of ["error", "abort"]) {
    request.addEventListener(end, () => {
      over(false);
      announce(form.dataset.failed ?? "", true);
    });
  }
  over(true);
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "text/html");
  request.send(new FormData(form));
}

/** Looks each second, while somebody sees the page. @param {Document} page */
export function followProgress(page) {
  const part = /** @type {HTMLElement | null} */ (page.querySelector("[data-poll]"));
  if (!part) return;
  let asked = false;
  const timer = setInterval(async () => {
    if (page.hidden || asked) return;
    asked = true;
    try {
      const answer = await fetch(part.dataset.poll ?? "", { headers: { Accept: "text/html" } });
      if (!answer.ok) return;
      const found = new DOMParser().parseFromString(await answer.text(), "text/html");
      const isOver = found.querySelector("[data-over]") !== null;
      part.replaceChildren(...found.body.childNodes);
      if (isOver) {
        clearInterval(timer);
        announce(part.querySelector("[data-announce]")?.textContent ?? "");
      }
    } catch {
      // the next look tries again
    } finally {
      asked = false;
    }
  }, EVERY_MS);
}
