// A trace: the tree walked by arrow keys, and the same nodes as a graph beside it. Selection is shared.
import { addKey } from "./keys.js";
import cytoscape from "./vendor/cytoscape.esm.min.mjs";
import dagre from "./vendor/cytoscape-dagre.min.mjs";

const MANY = 300; // nodes beyond which dagre takes too long
let registered = false;
/** @type {any} */
let drawn = null;

/** @param {string} name of a colour */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function style() {
  return [
    { selector: "node", style: { label: "data(label)", "font-size": 11, color: colour("--ink"), "text-valign": "bottom", "text-margin-y": 4, "text-max-width": 120, "text-wrap": "ellipsis", width: 22, height: 22, "background-color": colour("--accent-soft"), "border-width": 1.5, "border-color": colour("--accent") } },
    { selector: "node[kind = 'lot']", style: { shape: "round-rectangle", width: 30 } },
    { selector: "node[kind = 'listing']", style: { shape: "diamond" } },
    { selector: "node[kind = 'product']", style: { shape: "hexagon" } },
    { selector: "node[?subject]", style: { "border-width": 4, "font-weight": "bold" } },
    { selector: "node[status = 'recalled'], node[status = 'contradicted'], node[status = 'failed']", style: { "border-color": colour("--red"), "border-width": 4 } },
    { selector: "node[status = 'broken']", style: { "border-color": colour("--orange") } },
    { selector: "node[?outside]", style: { "border-style": "dashed", "border-color": colour("--grey"), "background-color": colour("--grey-soft") } },
    { selector: "node:selected", style: { "overlay-color": colour("--focus"), "overlay-opacity": 0.25 } },
    { selector: "edge", style: { width: 1.5, "line-color": colour("--strong-line"), "target-arrow-color": colour("--strong-line"), "target-arrow-shape": "triangle", "arrow-scale": 0.8, "curve-style": "bezier", label: "data(label)", "font-size": 10, color: colour("--soft"), "text-background-color": colour("--raised"), "text-background-opacity": 1, "text-background-padding": 2 } },
  ];
}

/** @param {HTMLElement} place */
function draw(place) {
  const graph = JSON.parse(place.dataset.graph ?? "{}");
  place.hidden = false;
  if (!registered) cytoscape.use(dagre);
  registered = true;
  const elements = [
    ...graph.nodes.map((/** @type {any} */ node) => ({ data: { ...node, label: node.more ? `${node.label} +${node.more}` : node.label } })),
    ...graph.edges.map((/** @type {any} */ edge, /** @type {number} */ at) => ({ data: { ...edge, id: `e${at}` } })),
  ];
  const layout = graph.nodes.length > MANY ? { name: "breadthfirst", directed: true, animate: false } : { name: "dagre", rankDir: "LR", nodeSep: 26, rankSep: 90, animate: false };
  drawn?.destroy();
  drawn = cytoscape({ container: place, elements, style: style(), layout, minZoom: 0.2, maxZoom: 2.5 });
  drawn.on("tap", "node", (/** @type {any} */ event) => choose(event.target.id(), true));
  drawn.on("dbltap", "node", (/** @type {any} */ event) => open(event.target.id()));
}

/** @param {string} id @param {boolean} focus */
function choose(id, focus) {
  const item = /** @type {HTMLElement | null} */ (document.querySelector(`[role="treeitem"][data-node="${CSS.escape(id)}"]`));
  for (const each of document.querySelectorAll('[role="treeitem"][aria-selected="true"]')) each.removeAttribute("aria-selected");
  item?.setAttribute("aria-selected", "true");
  if (focus) item?.focus();
  drawn?.elements(":selected").unselect();
  drawn?.getElementById(id).select();
}

/** @param {string} id */
const open = (id) => /** @type {HTMLElement | null} */ (document.querySelector(`[data-more="${CSS.escape(id)}"]`))?.click();

/** @param {Element} tree */
const shown = (tree) => /** @type {HTMLElement[]} */ ([...tree.querySelectorAll('[role="treeitem"]')].filter((item) => !item.parentElement?.closest('[aria-expanded="false"]')));

document.addEventListener("keydown", (event) => {
  const item = /** @type {HTMLElement} */ (event.target);
  if (!item.matches?.('[role="treeitem"]') || event.ctrlKey || event.metaKey || event.altKey) return;
  const tree = /** @type {Element} */ (item.closest('[role="tree"]'));
  const items = shown(tree);
  const at = items.indexOf(item);
  const parent = /** @type {HTMLElement | null} */ (item.parentElement?.closest('[role="treeitem"]'));
  const group = item.querySelector(':scope > [role="group"]');
  /** @type {HTMLElement | null | undefined} */
  let next;
  switch (event.key) {
    case "ArrowDown": next = items[at + 1]; break;
    case "ArrowUp": next = items[at - 1]; break;
    case "Home": next = items[0]; break;
    case "End": next = items.at(-1); break;
    case "ArrowRight":
      if (group && item.getAttribute("aria-expanded") === "false") item.setAttribute("aria-expanded", "true");
      else if (group) next = /** @type {HTMLElement} */ (group.querySelector('[role="treeitem"]'));
      else open(item.dataset.node ?? "");
      break;
    case "ArrowLeft":
      if (group && item.getAttribute("aria-expanded") === "true") item.setAttribute("aria-expanded", "false");
      else next = parent;
      break;
    case "Enter": /** @type {HTMLElement | null} */ (item.querySelector(":scope > .row a"))?.click(); break;
    case "+": open(item.dataset.node ?? ""); break;
    default: return;
  }
  event.preventDefault();
  if (next) {
    next.focus();
    choose(next.dataset.node ?? "", false);
  }
});

document.addEventListener("focusin", (event) => {
  const item = /** @type {HTMLElement} */ (event.target);
  if (!item.matches?.('[role="treeitem"]')) return;
  for (const each of item.closest('[role="tree"]')?.querySelectorAll('[role="treeitem"][tabindex="0"]') ?? []) /** @type {HTMLElement} */ (each).tabIndex = -1;
  item.tabIndex = 0;
  choose(item.dataset.node ?? "", false);
});

function begin() {
  const place = /** @type {HTMLElement | null} */ (document.querySelector("[data-graph]"));
  if (place) draw(place);
  const png = document.getElementById("as-png");
  if (!png || !drawn) return;
  png.hidden = false;
  png.onclick = () => {
    const link = document.createElement("a");
    link.href = drawn.png({ full: true, scale: 2, bg: colour("--raised") });
    link.download = "trace.png";
    link.click();
  };
}

/** @param {string} way */
const toWay = (way) => () => document.querySelector(`#way-${way} ~ [role="tree"] [role="treeitem"]`)?.focus();
addKey("f", toWay("forward"));
addKey("b", toWay("back"));
document.body.addEventListener("htmx:afterSettle", begin);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", begin);
begin();
