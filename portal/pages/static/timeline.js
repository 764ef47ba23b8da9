// The window of a timeline: zoomed by + and -, moved by arrows, drawn with the pointer. It selects the rows of the table.
import { addKey } from "./keys.js";

const CLOCK_MS = 8 * 3_600_000; // of China, ahead of UTC
const LEAST_MS = 1_000;
const DRAG = 6; // units of the picture that are more than a click

const svg = /** @type {SVGSVGElement | null} */ (document.querySelector("svg.timeline"));
if (svg) begin(svg);

/** @param {SVGSVGElement} picture */
function begin(picture) {
  const [left, right] = [Number(picture.dataset.left), Number(picture.dataset.right)];
  const whole = [Number(picture.dataset.first), Math.max(Number(picture.dataset.last), Number(picture.dataset.first) + LEAST_MS)];
  let [from, to] = whole;
  const form = /** @type {HTMLFormElement} */ (document.querySelector("form.window"));
  const given = ["since", "until"].map((name) => field(name).value);
  const tools = /** @type {HTMLElement} */ (document.querySelector(".timeline-tools"));
  const rows = [...document.querySelectorAll("[data-happened-at]")].map((cell) => ({ row: /** @type {HTMLElement} */ (cell.closest("tr")), at: Number(cell.getAttribute("data-happened-at")) }));

  /** @param {string} name */
  function field(name) {
    return /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
  }

  /** @param {number} ms */
  const place = (ms) => left + ((ms - from) * (right - left)) / (to - from);

  /** @param {number} ms @param {number} length */
  const clock = (ms, length) => new Date(ms + CLOCK_MS).toISOString().slice(0, length);

  function draw() {
    for (const mark of picture.querySelectorAll("[data-at]")) {
      const at = Number(mark.getAttribute("data-at"));
      mark.setAttribute("transform", `translate(${place(at).toFixed(1)} ${mark.getAttribute("data-y")})`);
    }
    for (const line of picture.querySelectorAll("[data-happened]")) {
      line.setAttribute("x1", place(Number(line.getAttribute("data-happened"))).toFixed(1));
      line.setAttribute("x2", place(Number(line.getAttribute("data-known"))).toFixed(1));
    }
    const ticks = [...picture.querySelectorAll("text.date")];
    ticks.forEach((text, step) => {
      text.textContent = clock(from + ((to - from) * step) / Math.max(ticks.length - 1, 1), to - from < 600_000 ? 19 : 16).replace("T", " ");
    });
    const within = rows.filter(({ row, at }) => !(row.hidden = at < from || at > to));
    const isWhole = from === whole[0] && to === whole[1];
    [field("since").value, field("until").value] = isWhole ? given : [clock(from, 23), clock(to + 1, 23)];
    const output = tools.querySelector("output");
    if (output) output.textContent = (output.dataset.said ?? "").replace("#", `${within.length}`);
  }

  /** @param {number} newFrom @param {number} newTo */
  function show(newFrom, newTo) {
    const span = Math.min(Math.max(newTo - newFrom, LEAST_MS), whole[1] - whole[0]);
    from = Math.round(Math.min(Math.max(newFrom, whole[0]), whole[1] - span));
    to = Math.round(from + span);
    draw();
  }

  /** @param {number} factor of the window's length */
  const zoom = (factor) => {
    const [middle, half] = [(from + to) / 2, Math.max(((to - from) * factor) / 2, LEAST_MS / 2)];
    show(middle - half, middle + half);
  };
  /** @param {number} part of the window's length */
  const move = (part) => show(from + (to - from) * part, to + (to - from) * part);

  /** @type {Record<string, () => void>} */
  const acts = { in: () => zoom(0.5), out: () => zoom(2), earlier: () => move(-0.25), later: () => move(0.25), whole: () => show(whole[0], whole[1]) };
  for (const [key, act] of [["+", "in"], ["=", "in"], ["-", "out"], ["ArrowLeft", "earlier"], ["ArrowRight", "later"], ["0", "whole"]]) addKey(key, acts[act]);
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (tools.querySelectorAll("[data-window]"))) button.addEventListener("click", acts[button.dataset.window ?? ""]);

  const brush = /** @type {SVGRectElement} */ (picture.querySelector(".brush"));
  let begun = 0;
  /** @param {PointerEvent} event */
  const pointed = (event) => {
    const box = picture.getBoundingClientRect();
    const x = ((event.clientX - box.left) * picture.viewBox.baseVal.width) / box.width;
    return Math.min(Math.max(x, left), right);
  };
  picture.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    begun = pointed(event);
    picture.setPointerCapture(event.pointerId);
  });
  picture.addEventListener("pointermove", (event) => {
    if (!picture.hasPointerCapture(event.pointerId)) return;
    const x = pointed(event);
    brush.setAttribute("x", `${Math.min(x, begun)}`);
    brush.setAttribute("width", `${Math.abs(x - begun)}`);
  });
  picture.addEventListener("pointerup", (event) => {
    brush.setAttribute("width", "0");
    const x = pointed(event);
    if (Math.abs(x - begun) < DRAG) return;
    const [first, last] = [Math.min(x, begun), Math.max(x, begun)].map((at) => from + ((at - left) * (to - from)) / (right - left));
    show(first, last);
  });
  picture.addEventListener("pointercancel", () => brush.setAttribute("width", "0"));

  tools.hidden = false;
  draw();
}
