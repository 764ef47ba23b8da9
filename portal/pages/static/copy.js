// A button beside what is worth copying: <button data-copy="#id" data-copied="Copied">.
import { announce } from "./announce.js";

/** @param {Document} page */
export function offerCopies(page) {
  for (const button of page.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) continue;
    button.removeAttribute("hidden");
  }
  page.addEventListener("click", async (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest?.("[data-copy]");
    if (!button) return;
    const what = page.querySelector(button.getAttribute("data-copy") ?? "");
    await navigator.clipboard.writeText(what?.textContent ?? "");
    announce(button.getAttribute("data-copied") ?? "", true);
  });
}
