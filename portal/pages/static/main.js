// What every page does beyond plain links and forms.
import { announce } from "./announce.js";
import { followMoments } from "./as_of.js";
import { followKeys } from "./keys.js";
import { leaveOutEmpty } from "./filters.js";
import { offerCopies } from "./copy.js";
import { followProgress, sendFiles } from "./uploads.js";

followKeys(document);
followMoments(document);
leaveOutEmpty(document);
offerCopies(document);
sendFiles(document);
followProgress(document);

// evidence that is led to is shown, not only its heading
function openTarget() {
  const found = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (found instanceof HTMLDetailsElement) found.open = true;
}
addEventListener("hashchange", openTarget);
openTarget();

document.body.addEventListener("htmx:afterSwap", (event) => {
  const target = /** @type {CustomEvent} */ (event).detail.target;
  const said = target.querySelector("[data-announce]");
  if (said) announce(said.textContent ?? "");
});

// a problem that a part of a page is answered with is told, and leaves the page as it is
document.body.addEventListener("htmx:responseError", (event) => {
  const { xhr } = /** @type {CustomEvent} */ (event).detail;
  let title = `${xhr.status}`;
  try {
    const problem = JSON.parse(xhr.responseText);
    title = `${problem.title ?? xhr.status}${problem.detail ? ": " + problem.detail : ""}`;
  } catch {
    const heading = new DOMParser().parseFromString(xhr.responseText, "text/html").querySelector("h1");
    if (heading?.textContent) title = heading.textContent;
  }
  announce(title, true);
});
