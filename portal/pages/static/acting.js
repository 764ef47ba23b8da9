// Acts on alerts: says what was done, marks what has not come back yet, and shows the bar where something is selected.
// Without scripts all of it are plain forms.
import { announce } from "./announce.js";
import { addKey } from "./keys.js";

const AGAIN = 1000; // ms between two looks
const LOOKS = 60;

/** What the page before has done is said, also to who does not look. */
function tell() {
  const said = document.querySelector("[data-done]");
  if (said) announce(said.textContent ?? "");
}

/** Until the act has come back, which it does within a second or so. @param {HTMLElement} mark */
async function wait(mark) {
  const alert = mark.dataset.waits ?? "";
  for (let look = 0; look < LOOKS; look += 1) {
    await new Promise((go) => setTimeout(go, AGAIN));
    try {
      const answer = await fetch(`/api/v1/alerts/${encodeURIComponent(alert)}`, { headers: { Accept: "application/json" } });
      if (answer.ok && !(await answer.json()).pending) {
        for (const each of document.querySelectorAll("[data-pending]")) each.remove();
        announce(mark.dataset.back ?? "");
        mark.hidden = true;
        return;
      }
    } catch {
      // nobody answers: again
    }
  }
}

/** @param {HTMLFormElement} bar */
function follow(bar) {
  const ticks = () => /** @type {HTMLInputElement[]} */ (Array.from(document.querySelectorAll("[data-select]:checked")));
  const count = /** @type {HTMLElement} */ (bar.querySelector("[data-count]"));
  const show = () => {
    const n = ticks().length;
    bar.hidden = n === 0;
    count.textContent = (bar.dataset.selected ?? "").replace("{n}", String(n));
  };
  /** To the field of an act; of the row that the keyboard is at, where nothing is selected. @param {string} id */
  const go = (id) => {
    const field = document.getElementById(id);
    if (!field) return;
    if (!ticks().length) /** @type {HTMLElement | null | undefined} */ (document.activeElement?.closest("[data-live-list] tr")?.querySelector("[data-select]"))?.click();
    if (!ticks().length) return;
    show();
    field.focus();
  };
  bar.classList.add("is-sticky");
  document.addEventListener("change", (event) => {
    if (/** @type {HTMLElement} */ (event.target).matches("[data-select]")) show();
  });
  addKey("a", () => go("several-a"));
  addKey("s", () => go("several-s"));
  addKey("r", () => go("several-r"));
  show();
}

function begin() {
  const bar = /** @type {HTMLFormElement | null} */ (document.querySelector("[data-several]"));
  if (bar && !bar.classList.contains("is-sticky")) follow(bar);
}

tell();
begin();
document.body.addEventListener("htmx:afterSettle", begin);
const mark = /** @type {HTMLElement | null} */ (document.querySelector("[data-waits]"));
if (mark) void wait(mark);
