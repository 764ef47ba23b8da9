// Keys: / to search, ? for help, g and a letter to a page of the bar, and those that a page adds.

const FIELDS = "input, select, textarea, [contenteditable]";
const PAUSE = 1500; // ms within which the second of two keys counts

/** @type {Map<string, () => void>} keys of the page that is shown */
const own = new Map();

/**
 * @param {string} key as `event.key` has it
 * @param {() => void} act
 */
export function addKey(key, act) {
  own.set(key, act);
}

/** @param {Document} page */
export function followKeys(page) {
  const dialog = /** @type {HTMLDialogElement | null} */ (page.getElementById("keys"));
  const search = () => /** @type {HTMLElement | null} */ (page.querySelector("main [data-search]") ?? page.querySelector("[data-search]"));
  let first = "";
  let since = 0;

  page.querySelector("[data-help]")?.addEventListener("click", (event) => {
    if (!dialog) return;
    event.preventDefault();
    dialog.showModal();
  });

  page.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape" && target.matches(FIELDS)) return target.blur();
    if (target.matches(FIELDS) || dialog?.open) return;
    const pair = `${first} ${event.key}`;
    const place = first && Date.now() - since < PAUSE ? page.querySelector(`a[data-key="${CSS.escape(pair)}"]`) : null;
    first = event.key;
    since = Date.now();
    if (place) {
      first = "";
      event.preventDefault();
      return /** @type {HTMLElement} */ (place).click();
    }
    if (event.key === "/" && search()) {
      event.preventDefault();
      return search()?.focus();
    }
    if (event.key === "?" && dialog) return dialog.showModal();
    const act = own.get(event.key);
    const link = act ? null : /** @type {HTMLElement | null} */ (page.querySelector(`[data-page-key="${CSS.escape(event.key)}"]`));
    if (act || link) {
      event.preventDefault();
      act ? act() : link?.click();
    }
  });
}
