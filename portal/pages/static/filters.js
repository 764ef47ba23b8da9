// Filters live in the address: what is empty is left out of it.

/** @param {Document} page */
export function leaveOutEmpty(page) {
  page.addEventListener("formdata", (event) => {
    const form = /** @type {HTMLElement} */ (event.target);
    if (!form.matches("[data-filters]")) return;
    for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
  });
}
