// A link's token is in the fragment, which no server and no log has seen: it is sent once, and taken out of the address.
const token = location.hash.slice(1);
if (token) {
  history.replaceState(null, "", location.pathname + location.search);
  const entering = document.querySelector("#entering");
  const failed = document.querySelector("#failed");
  const to = document.querySelector("input[name=to]");
  entering?.removeAttribute("hidden");
  fetch("/enter", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token, to: /** @type {HTMLInputElement} */ (to)?.value ?? "/" }),
  })
    .then(async (answer) => {
      if (!answer.ok) throw new Error(String(answer.status));
      location.replace((await answer.json()).to);
    })
    .catch(() => {
      entering?.setAttribute("hidden", "");
      failed?.removeAttribute("hidden");
    });
}
