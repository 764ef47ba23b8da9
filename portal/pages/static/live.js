// The list of alerts that goes on by itself. What comes waits under a bar while somebody points at the list, is in it with
// the keyboard or has selected something: nothing may move under a click. Without scripts the list is a list.
import { announce } from "./announce.js";
import { addKey } from "./keys.js";

const MOST = 500; // rows of the page
const AGAIN = 15000; // ms, before what was refused is tried again

/**
 * @typedef {{alert_id: string, sequence: number, severity: string, condition: string, title_zh: string,
 *   title_en: string, subject_kind: string, subject: string, listings: number, handling: string, assignee: string | null,
 *   actor: string | null, acknowledged_until: number | null, bureau: string | null, raised_at: number}} Alert
 */

/** @type {{open: () => void, close: () => void} | null} what the page listens to */
let listening = null;

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
  /** @type {Map<string, Alert>} that wait to be shown */
  const waiting = new Map();
  /** @type {Set<string>} newer ones too, for which the page has no room any more */
  const beyond = new Set();
  let paused = false;
  let pointed = false;
  let open = false;
  let stale = false;
  let again = 0;
  let anew = 0;
  /** @type {EventSource | null} */
  let stream = null;
  const url = results.dataset.live ?? "";
  let place = "";
  // of the alerts that the list is of; all, where it is empty
  const wanted = { condition: results.dataset.condition ?? "", handling: results.dataset.handling ?? "", assignee: results.dataset.assignee ?? "" };
  const mine = (results.dataset.mine ?? "").split(",").filter((name) => name);

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
    slot("kind").textContent = words.about[alert.subject_kind] ?? alert.subject_kind;
    const parts = alert.subject.slice(alert.subject.indexOf(":") + 1).split("/").map(decodeURIComponent);
    const address = alert.subject_kind === "listing" ? `/chains/${parts.map(encodeURIComponent).join("/")}` : `/traces?subject=${encodeURIComponent(alert.subject)}`;
    outside(slot("subject"), (parts.length > 1 ? parts.slice(1) : parts).join(" / ")).setAttribute("href", address);
    slot("listings").textContent = alert.listings.toLocaleString("en");
    slot("handling").textContent = words.handling[alert.handling] ?? alert.handling;
    const ranOut = alert.handling === "acknowledged" && alert.acknowledged_until !== null && alert.acknowledged_until < Date.now();
    const acknowledged = alert.handling === "acknowledged" && !ranOut;
    if (ranOut) slot("handling").textContent = words.handling.open;
    outside(slot("assignee"), alert.assignee ?? (acknowledged ? alert.actor : null) ?? "");
    slot("until").textContent = acknowledged && alert.acknowledged_until ? `${said.until} ${local(alert.acknowledged_until)}` : "";
    row.querySelector("[data-pending]")?.remove();
    const tick = /** @type {HTMLInputElement | null} */ (row.querySelector("[data-select]"));
    if (tick) tick.value = alert.alert_id;
    slot("condition").textContent = words.condition[alert.condition] ?? alert.condition;
    slot("bureau").textContent = alert.bureau ?? "–";
    const time = document.createElement("time");
    time.dateTime = new Date(alert.raised_at).toISOString();
    time.textContent = local(alert.raised_at);
    slot("raised").replaceChildren(time);
  }

  /** @param {number} moment */
  function local(moment) {
    return new Date(moment).toLocaleString("sv-SE", { timeZone: "Asia/Shanghai" });
  }

  /** Text of others; its direction ends with it. @param {HTMLElement} at @param {string} text */
  function outside(at, text) {
    const bdi = document.createElement("bdi");
    bdi.textContent = text.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g, (hidden) => `\\u${hidden.charCodeAt(0).toString(16).padStart(4, "0")}`);
    at.replaceChildren(bdi);
    return at;
  }

  /** Whether an alert stands before another: the newest first, as the list is asked for. @param {Alert} alert @param {{raised_at: number, alert_id: string}} other */
  function precedes(alert, other) {
    return alert.raised_at > other.raised_at || (alert.raised_at === other.raised_at && alert.alert_id < other.alert_id);
  }

  /** @param {Alert} alert @param {HTMLElement} row */
  function before(alert, row) {
    return precedes(alert, { raised_at: Number(row.dataset.raised), alert_id: row.dataset.alert ?? "" });
  }

  /** Has one wait that is none of the list. @param {Alert} alert */
  function wait(alert) {
    beyond.delete(alert.alert_id);
    waiting.set(alert.alert_id, alert);
    if (waiting.size <= MOST) return;
    let last = alert; // whichever order they came in
    for (const other of waiting.values()) if (precedes(last, other)) last = other;
    waiting.delete(last.alert_id);
    beyond.add(last.alert_id);
  }

  /** @param {string} id */
  function forget(id) {
    waiting.delete(id);
    beyond.delete(id);
  }

  function countNewer() {
    return waiting.size + beyond.size;
  }

  function show() {
    const count = countNewer();
    for (const alert of waiting.values()) {
      const template = /** @type {HTMLTemplateElement} */ (results.querySelector("[data-live-row]"));
      const row = /** @type {HTMLElement} */ (/** @type {DocumentFragment} */ (template.content.cloneNode(true)).firstElementChild);
      fill(row, alert);
      row.classList.add("is-new");
      body.insertBefore(row, rows().find((other) => before(alert, other)) ?? null);
    }
    waiting.clear();
    beyond.clear();
    trim();
    list.hidden = body.childElementCount === 0;
    const empty = results.querySelector("[data-live-empty]");
    if (empty && !list.hidden) empty.remove();
    settle();
    if (count) announce(said.came.replace("{n}", String(count)));
  }

  /** What the page has no room for goes, and the way on from it: a list that is loaded anew has one that misses nothing. */
  function trim() {
    const gone = rows().slice(MOST);
    for (const row of gone) row.remove();
    const next = gone.length ? /** @type {HTMLAnchorElement | null} */ (results.querySelector('[rel="next"]')) : null;
    if (!next) return;
    next.href = results.dataset.page ?? "";
    next.rel = "first";
    next.textContent = said.first;
  }

  /** What waits is shown, or how much waits is said. */
  function settle() {
    if (waiting.size && !held()) return show();
    newer.hidden = waiting.size === 0;
    newer.textContent = said.newer.replace("{n}", String(countNewer()));
  }

  /** Whether the list is of such. What else it is filtered by an alert never loses. @param {Alert} alert */
  function isWanted(alert) {
    const one = (/** @type {string} */ texts, /** @type {string | null} */ value) => !texts || texts.split(",").some((text) => text.trim() === value);
    const isMine = (/** @type {string | null} */ name) => name !== null && mine.includes(name);
    if (mine.length && !isMine(alert.assignee) && !(alert.handling === "acknowledged" && isMine(alert.actor))) return false;
    return one(wanted.condition, alert.condition) && one(wanted.handling, alert.handling) && one(wanted.assignee, alert.assignee);
  }

  /** @param {Alert} alert */
  function take(alert) {
    if ((known.get(alert.alert_id) ?? 0) >= alert.sequence) return;
    known.set(alert.alert_id, alert.sequence);
    const row = /** @type {HTMLElement | null} */ (body.querySelector(`tr[data-alert="${CSS.escape(alert.alert_id)}"]`));
    if (row) return fill(row, alert); // it stays where it is, and says so where it stands no more
    if (!isWanted(alert)) {
      forget(alert.alert_id);
      return settle();
    }
    const goesOn = results.querySelector('[rel="next"]') !== null || body.childElementCount >= MOST;
    const last = goesOn ? rows().at(-1) : undefined;
    if (last && !before(alert, last)) return; // it is on a page behind this one
    wait(alert);
    settle();
  }

  /** More was missed than is told again: the list is read anew, and what it has that is not here waits like the rest. */
  async function reload() {
    clearTimeout(anew);
    stale = true;
    try {
      await read(wanted); // then what stands no more, or is otherwise, of what is shown
      if (Object.values(wanted).some((text) => text)) await read({});
      stale = false;
    } catch {
      if (open) anew = setTimeout(reload, AGAIN);
    }
  }

  /** As much of the list as the page keeps. Throws where it is not answered. @param {Record<string, string>} of its alerts; of any, where there is nothing */
  async function read(of) {
    const query = new URL(url, location.href).searchParams;
    query.delete("after");
    query.set("limit", "200");
    for (const [name, text] of Object.entries(of)) if (text) query.set(name, text);
    for (let count = 0; count < MOST; ) {
      const answer = await fetch(`/api/v1/alerts?${query}`, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const page = await answer.json();
      for (const alert of page.rows) take(alert);
      count += page.rows.length;
      if (!page.next) return;
      query.set("cursor", page.next);
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
    open = true;
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
      end();
    });
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CONNECTING) return tell("connecting");
      if (state.classList.contains("is-ended")) return;
      void refused();
    });
  }

  function end() {
    open = false;
    tell("ended");
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
    if (!open) return;
    if (status === 401 || status === 403) return end();
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
  return {
    open() {
      connect();
      if (stale) void reload();
    },
    close() {
      open = false;
      clearTimeout(again);
      clearTimeout(anew);
      stream?.close();
    },
  };
}

function begin() {
  listening?.close();
  const results = /** @type {HTMLElement | null} */ (document.querySelector("#results[data-live]"));
  listening = results ? listen(results) : null;
}

begin();
document.body.addEventListener("htmx:afterSettle", begin);
// a page that the browser keeps for "back" holds no connection, of which there are few
addEventListener("pagehide", () => listening?.close());
addEventListener("pageshow", (event) => {
  if (event.persisted) listening?.open();
});
