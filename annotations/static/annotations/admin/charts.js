// Figures: the server's SVG is complete by itself. With a script, Vega draws the same specification in its place as soon as it
// is in view; a mark says what it is under the pointer or by the arrow keys, and the dots of one person stand out together.

const KEYS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
// Values have words of their own; of an axis, a legend or a title the page says as much.
const MARK = '.chart [aria-roledescription="point"], .chart [aria-roledescription="rule mark"], .dots [aria-label]:not([role="group"])';
const views = new WeakMap(); // of a chart that Vega has drawn
const tip = document.createElement("div");
tip.className = "chart-tip";
tip.hidden = true;
document.body.append(tip);

let loading;
function vega() {
  loading ??= import("../vega/vega-interpreter.js").then(({ expressionInterpreter }) => ({ ...globalThis.vega, expressionInterpreter }));
  return loading;
}

// -- Drawing -------------------------------------------------------------------------------------------------------------
async function draw(chart) {
  const [{ View, parse, expressionInterpreter }, answer] = await Promise.all([vega(), fetch(chart.dataset.vega)]);
  if (!answer.ok) return; // a newer analysis is there: the page brings it
  const runtime = parse(await answer.json(), null, { ast: true }); // expressions as trees: the policy forbids to compile them
  const view = new View(runtime, { expr: expressionInterpreter, renderer: "svg" });
  const drawn = document.createElement("div");
  await view.initialize(drawn).runAsync();
  const focused = marks(chart).indexOf(document.activeElement);
  views.get(chart)?.finalize();
  views.set(chart, view);
  chart.replaceChildren(drawn);
  chart.dataset.drawn = "vega";
  reach(chart);
  if (focused >= 0) marks(chart)[focused]?.focus({ preventScroll: true });
}

const inView = new IntersectionObserver(
  (entries) =>
    entries.forEach((entry) => {
      if (!entry.isIntersecting) return;
      inView.unobserve(entry.target);
      draw(entry.target);
    }),
  { rootMargin: "400px" },
);

// -- What a mark says ----------------------------------------------------------------------------------------------------
function marks(chart) {
  return [...chart.querySelectorAll(MARK)];
}

function reach(chart) {
  marks(chart).forEach((mark, i) => mark.setAttribute("tabindex", i ? "-1" : "0"));
}

function say(mark) {
  const place = mark.getBoundingClientRect();
  tip.textContent = mark.getAttribute("aria-label");
  tip.hidden = false;
  const left = Math.min(Math.max(place.left + place.width / 2 - tip.offsetWidth / 2, 4), innerWidth - tip.offsetWidth - 4);
  const above = place.top - tip.offsetHeight - 8;
  tip.style.left = `${left + scrollX}px`;
  tip.style.top = `${(above < 4 ? place.bottom + 8 : above) + scrollY}px`;
}

document.addEventListener("pointerover", (event) => {
  const mark = event.target.closest(MARK);
  if (mark) say(mark);
  else if (!document.activeElement?.matches(MARK)) tip.hidden = true;
});
document.addEventListener("focusin", (event) => {
  tip.hidden = true;
  if (event.target.matches(MARK)) point(event.target, "pointerover");
});
document.addEventListener("focusout", (event) => {
  if (event.target.matches(MARK)) point(event.target, "pointerout");
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") tip.hidden = true;
  const mark = event.target.closest?.(MARK);
  if (!mark || !(event.key in KEYS)) return;
  const all = marks(mark.closest(".chart, .dots"));
  const next = all[(all.indexOf(mark) + KEYS[event.key] + all.length) % all.length];
  mark.setAttribute("tabindex", "-1");
  next.setAttribute("tabindex", "0");
  next.focus();
  event.preventDefault();
});

function point(mark, type) {
  mark.dispatchEvent(new PointerEvent(type, { bubbles: true })); // to a reader of the keyboard Vega does what it does to a pointer
}

// -- Pictures ------------------------------------------------------------------------------------------------------------
async function savePng(figure, name) {
  const address = figure.querySelector('a[href*="figure="]').href; // the file: with its caption, without the page's colours
  const text = await (await fetch(address)).text();
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [2 * image.width, 2 * image.height];
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  const link = document.createElement("a");
  link.href = canvas.toDataURL("image/png");
  link.download = name;
  link.click();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const figure = button?.closest("figure");
  if (!figure) return;
  if ("png" in button.dataset) savePng(figure, button.dataset.png);
});

export function enliven(root) {
  root.querySelectorAll(".dots").forEach(reach);
  root.querySelectorAll("[data-vega]").forEach((chart) => {
    reach(chart);
    inView.observe(chart);
  });
  root.querySelectorAll("button[hidden]").forEach((button) => (button.hidden = false));
}
