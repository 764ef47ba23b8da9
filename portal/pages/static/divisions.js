// The ranking of divisions by the keyboard: arrows move among its rows, Enter opens the one with the focus. Without
// scripts each row is a link; that Backspace goes up is said by the page.
import { addKey } from "./keys.js";

const table = document.querySelector("[data-divisions]");
/** @type {HTMLElement[]} */
const rows = table ? Array.from(table.querySelectorAll("tbody tr")) : [];

/** @param {number} by */
function walk(by) {
  const here = rows.findIndex((row) => row.contains(document.activeElement));
  rows[Math.max(0, Math.min(rows.length - 1, here + by))]?.focus();
}

if (rows.length) {
  addKey("ArrowDown", () => walk(1));
  addKey("ArrowUp", () => walk(-1));
}
table?.addEventListener("keydown", (event) => {
  const row = /** @type {HTMLElement} */ (event.target);
  if (/** @type {KeyboardEvent} */ (event).key === "Enter" && row.matches("tbody tr")) /** @type {HTMLElement | null} */ (row.querySelector("th a"))?.click();
});
