// Says something to whoever listens, and to whoever looks.

/**
 * @param {string} text what happened
 * @param {boolean} [shown] also on the screen, for as long as it takes to read it
 */
export function announce(text, shown = false) {
  const place = document.getElementById("announce");
  if (!place) return;
  place.textContent = "";
  // a change is only read out when it is one
  requestAnimationFrame(() => {
    place.textContent = text;
    place.classList.toggle("unseen", !shown);
    place.classList.toggle("toast", shown);
  });
  if (shown) setTimeout(() => place.classList.replace("toast", "unseen"), 8000);
}
