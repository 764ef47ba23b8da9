// The clock of a round: it counts down to the moment at which the randomness is due, and then has the page read anew.

/** @param {number} seconds */
function said(seconds) {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}

/** @param {HTMLElement} clock */
function run(clock) {
  const ahead = Number(clock.dataset.now) - Date.now(); // of the portal's clock before the reader's
  const due = Number(clock.dataset.due);
  const tick = () => {
    const left = Math.ceil((due - Date.now() - ahead) / 1000);
    if (left > 0) {
      clock.textContent = " · " + (clock.dataset.in ?? "%").replace("%", said(left));
      setTimeout(tick, 1000);
    } else {
      clock.textContent = " · " + (clock.dataset.over ?? "");
      if (due > Number(clock.dataset.now)) setTimeout(() => location.reload(), 1000);
    }
  };
  tick();
}

document.querySelectorAll("[data-due]").forEach((clock) => clock instanceof HTMLElement && run(clock));
