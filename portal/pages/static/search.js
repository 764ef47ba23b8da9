// Keys of the search page: Enter in the field searches (Shift and Enter begin a line), 1 to 9 go to a group.
import { addKey } from "./keys.js";

const field = /** @type {HTMLTextAreaElement | null} */ (document.querySelector("main textarea[data-search]"));
field?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  field.form?.requestSubmit();
});

for (const link of document.querySelectorAll("a[data-open]")) {
  addKey(link.getAttribute("data-open") ?? "", () => {
    const heading = /** @type {HTMLElement | null} */ (document.querySelector(link.getAttribute("href") ?? "#"));
    heading?.scrollIntoView();
    heading?.focus();
  });
}
