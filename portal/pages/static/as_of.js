// The slider over the moments at which something became known: it fills the field of the form, which is sent anew.

/** @param {HTMLInputElement} slider */
function moments(slider) {
  return (slider.dataset.moments ?? "").split(" ");
}

/** @param {HTMLInputElement} slider */
function say(slider) {
  const moment = moments(slider)[slider.valueAsNumber];
  const said = moment ? moment.replace("T", " ") : slider.dataset.now ?? "";
  slider.setAttribute("aria-valuetext", said);
  const output = slider.form?.querySelector(`output[for="${slider.id}"]`);
  if (output) output.textContent = said;
}

/** @param {Document} page */
export function followMoments(page) {
  let moved = false; // by whom the page is then to be held again: the slider that comes is hidden at first
  const begin = () => {
    for (const slider of /** @type {NodeListOf<HTMLInputElement>} */ (page.querySelectorAll("[data-moments]"))) {
      /** @type {HTMLElement} */ (slider.closest("[data-slider]")).hidden = false;
      say(slider);
      if (moved) slider.focus({ preventScroll: true });
    }
    moved = false;
  };
  page.addEventListener("input", (event) => {
    const slider = /** @type {HTMLInputElement} */ (event.target);
    if (slider.matches("[data-moments]")) say(slider);
  });
  page.addEventListener("change", (event) => {
    const slider = /** @type {HTMLInputElement} */ (event.target);
    if (!slider.matches("[data-moments]") || !slider.form) return;
    const field = /** @type {HTMLInputElement} */ (slider.form.elements.namedItem("known_at"));
    field.value = moments(slider)[slider.valueAsNumber] ?? "";
    moved = true;
    slider.form.requestSubmit();
  });
  page.body.addEventListener("htmx:afterSettle", begin);
  // where nothing was known then, the page stays as it is, and so does the form
  page.body.addEventListener("htmx:responseError", (event) => {
    const form = /** @type {CustomEvent} */ (event).detail.elt;
    if (!form.matches("[data-as-of]")) return;
    form.reset();
    begin();
  });
  begin();
}
