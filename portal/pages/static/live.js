// The list of alerts that goes on by itself. What comes waits under a bar while somebody points at the list, is in it with
// the keyboard or has selected something: nothing may move under a click. Without scripts the list is a list.
import { announce } from "./announce.js";
import { addKey } from "./keys.js";

const MOST = 500; // rows of the page
const AGAIN = 15000; // ms, before a tab whose stream was refused tries again

/**
 * @typedef {{alert_id: string, sequence: number, severity: string, condition: string, title_zh: string,
 *   title_en: string, platform_code: string, listing_id: string, bureau: string | null, raised_at: number}} Alert
 */

/** @type {(() => void) | null} closes what the page listens to */
let close = null;

/** @param {HTMLElement} results */
function listen(results) {
  const one = (/** @type {string} */ name) => /** @type {HTMLElement} */ (results.querySelector(`[data-live-${name}]`));
  const bar = one("bar");
  const list = one("list");
  const newer = one("newer");
  const pause = one("pause");
  const state = one("state");
  const bursts = one("bursts");
  const body = /** @type {HTMLElement} */ (list.querySelector("tbody"));
  const said = JSON.parse(bar.dataset.said ?? "{}");
  const words = JSON.parse(bar.dataset.words ?? "{}");
  const chinese = document.documentElement.lang.startsWith("zh");
  /** @type {Map<string, number>} by alert, the sequence of what is known of it */
  const known = new Map();
  /** @type {Map<string, Alert>} that wait to be shown, the oldest first */
  const waiting = new Map();
  let paused = false;
  let pointed = false;
  let again = 0;
  /** @type {EventSource | null} */
  let stream = null;
  const url = results.dataset.live ?? "";
  let place = "";
  const wanted = results.dataset.condition ?? ""; // of the alerts that the list is of; all, where it is empty

  for (const row of rows()) known.set(row.dataset.alert ?? "", Number(row.dataset.sequence));

  /** @returns {HTMLElement[]} */
  function rows() {
    return Array.from(body.querySelectorAll("tr"));
  }

  function held() {
    return paused || pointed || list.contains(document.activeElement) || body.querySelector("[data-select]:checked") !== null;
  }

  /** @param {string} name of `said` */
  function tell(name) {
    state.textContent = said[name];
    state.className = `live-state is-${name}`;
  }

  /** @param {HTMLElement} row @param {Alert} alert */
  function fill(row, alert) {
    const slot = (/** @type {string} */ name) => /** @type {HTMLElement} */ (row.querySelector(`[data-slot="${name}"]`));
    row.dataset.alert = alert.alert_id;
    row.dataset.sequence = String(alert.sequence);
    row.dataset.raised = String(alert.raised_at);
    row.classList.toggle("is-cleared", alert.condition === "cleared");
    const badge = document.createElement("span");
    const sign = document.createElement("span");
    badge.className = `badge is-${alert.severity}`;
    sign.className = "sign";
    sign.setAttribute("aria-hidden", "true");
    sign.textContent = words.sign[alert.severity] ?? "·";
    badge.append(sign, words.severity[alert.severity] ?? alert.severity);
    slot("severity").replaceChildren(badge);
    outside(slot("title"), chinese ? alert.title_zh : alert.title_en).setAttribute("href", `/alerts/${encodeURIComponent(alert.alert_id)}`);
    outside(slot("listing"), alert.listing_id).setAttribute("href", `/chains/${encodeURIComponent(alert.platform_code)}/${encodeURIComponent(alert.listing_id)}`);
    slot("condition").textContent = words.condition[alert.condition] ?? alert.condition;
    slot("bureau").textContent = alert.bureau ?? "–";
    const time = document.createElement("time");
    time.dateTime = new Date(alert.raised_at).toISOString();
    time.textContent = new Date(alert.raised_at).toLocaleString("sv-SE", { timeZone: "Asia/Shanghai" });
    slot("raised").replaceChildren(time);
  }

  /** Text of others; its direction ends with it. @param {HTMLElement} at @param {string} text */
  function outside(at, text) {
    const bdi = document.createElement("bdi");
    bdi.textContent = text.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g, (hidden) => `\\u${hidden.charCodeAt(0).toString(16).padStart(4, "0")}`);
    at.replaceChildren(bdi);
    return at;
  }

  /** Whether an alert stands before a row: the newest first, as the list is asked for. @param {Alert} alert @param {HTMLElement} row */
  function before(alert, row) {
    const raised = Number(row.dataset.raised);
    return alert.raised_at > raised || (alert.raised_at === raised && alert.alert_id < (row.dataset.alert ?? ""));
  }

  function show() {
    const count = waiting.size;
    for (const alert of waiting.values()) {
      const template = /** @type {HTMLTemplateElement} */ (results.querySelector("[data-live-row]"));
      const row = /** @type {HTMLElement} */ (/** @type {DocumentFragment} */ (template.content.cloneNode(true)).firstElementChild);
      fill(row, alert);
      row.classList.add("is-new");
      body.insertBefore(row, rows().find((other) => before(alert, other)) ?? null);
    }
    waiting.clear();
    for (const row of rows().slice(MOST)) row.remove();
    list.hidden = body.childElementCount === 0;
    const empty = results.querySelector("[data-live-empty]");
    if (empty && !list.hidden) empty.remove();
    settle();
    if (count) announce(said.came.replace("{n}", String(count)));
  }

  /** What waits is shown, or how much waits is said. */
  function settle() {
    if (waiting.size && !held()) return show();
    newer.hidden = waiting.size === 0;
    newer.textContent = said.newer.replace("{n}", String(waiting.size));
  }

  /** @param {Alert} alert */
  function take(alert) {
    if ((known.get(alert.alert_id) ?? 0) >= alert.sequence) return;
    known.set(alert.alert_id, alert.sequence);
    const row = /** @type {HTMLElement | null} */ (body.querySelector(`tr[data-alert="${CSS.escape(alert.alert_id)}"]`));
    if (row) return fill(row, alert); // it stays where it is, and says so where it stands no more
    if (wanted && alert.condition !== wanted) {
      waiting.delete(alert.alert_id);
      return settle();
    }
    const last = results.querySelector('[rel="next"]') ? rows().at(-1) : undefined;
    if (last && !before(alert, last)) return; // it is on a page behind this one
    waiting.delete(alert.alert_id);
    waiting.set(alert.alert_id, alert);
    while (waiting.size > MOST) waiting.delete(/** @type {string} */ (waiting.keys().next().value));
    settle();
  }

  /** More was missed than is told again: the list is read anew, and what it has that is not here waits like the rest. */
  async function reload() {
    const query = new URL(url, location.href).searchParams;
    query.delete("after");
    query.set("limit", "200");
    for (const condition of new Set([wanted, ""])) {
      if (condition) query.set("condition", condition);
      else query.delete("condition");
      const answer = await fetch(`/api/v1/alerts?${query}`, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      for (const alert of (await answer.json()).rows.reverse()) take(alert);
    }
  }

  /** @param {{rule: string, count: number, severity: string}} storm */
  function storm(storm) {
    const line = document.createElement("li");
    const link = document.createElement("a");
    link.href = `/alerts?rule=${encodeURIComponent(storm.rule)}`;
    link.textContent = said.burst.replace("{n}", String(storm.count)).replace("{rule}", words.rule[storm.rule] ?? storm.rule);
    line.append(link);
    bursts.append(line);
    while (bursts.childElementCount > 5) bursts.firstElementChild?.remove();
    bursts.hidden = false;
  }

  function connect() {
    clearTimeout(again);
    tell("connecting");
    const from = new URL(url, location.href);
    if (place) from.searchParams.set("after", place);
    const source = (stream = new EventSource(from));
    const note = (/** @type {MessageEvent} */ event) => {
      if (event.lastEventId) place = event.lastEventId;
      return JSON.parse(event.data);
    };
    source.addEventListener("open", () => tell(paused ? "paused" : "live"));
    source.addEventListener("alert", (event) => take(note(event)));
    source.addEventListener("burst", (event) => storm(note(event)));
    source.addEventListener("reset", (event) => {
      note(event);
      void reload();
    });
    source.addEventListener("bye", (event) => {
      const { reason } = note(event);
      if (reason === "restart" || reason === "time") return; // the browser connects again
      source.close();
      tell("ended");
    });
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CONNECTING) return tell("connecting");
      if (state.classList.contains("is-ended")) return;
      void refused();
    });
  }

  /** Why, the browser does not say. */
  async function refused() {
    let status = 0;
    try {
      const from = new URL(url, location.href);
      from.searchParams.set("seconds", "0");
      status = (await fetch(from)).status;
    } catch {
      // nobody answers
    }
    if (status === 401 || status === 403) return tell("ended");
    tell(status === 429 ? "elsewhere" : "away");
    again = setTimeout(connect, AGAIN);
  }

  /** @param {number} by */
  function walk(by) {
    const all = rows();
    const here = all.findIndex((row) => row.contains(document.activeElement));
    const row = all[Math.max(0, Math.min(all.length - 1, here + by))];
    row?.focus();
  }

  function current() {
    return /** @type {HTMLElement | null} */ (document.activeElement?.closest("[data-live-list] tr") ?? null);
  }

  const pauses = () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    tell(paused ? "paused" : stream?.readyState === EventSource.OPEN ? "live" : "connecting");
    settle();
  };
  addKey("j", () => walk(1));
  addKey("k", () => walk(-1));
  addKey("p", pauses);
  addKey("x", () => current()?.querySelector("[data-select]")?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true })));
  pause.addEventListener("click", pauses);
  newer.addEventListener("click", () => show());
  list.addEventListener("pointerenter", () => (pointed = true));
  list.addEventListener("pointerleave", () => {
    pointed = false;
    settle();
  });
  list.addEventListener("focusout", () => setTimeout(settle));
  list.addEventListener("change", settle);
  list.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target === current()) /** @type {HTMLElement | null} */ (current()?.querySelector('[data-slot="title"]'))?.click();
    if (event.key === "Escape") /** @type {HTMLElement} */ (document.activeElement)?.blur();
  });
  bar.hidden = false;
  connect();
  return () => {
    clearTimeout(again);
    stream?.close();
  };
}

function begin() {
  close?.();
  const results = /** @type {HTMLElement | null} */ (document.querySelector("#results[data-live]"));
  close = results ? listen(results) : null;
}

begin();
document.body.addEventListener("htmx:afterSettle", begin);
// a page that the browser keeps for "back" holds no connection, of which there are few
addEventListener("pagehide", () => {
  close?.();
  close = null;
});
addEventListener("pageshow", (event) => {
  if (event.persisted) begin();
});
