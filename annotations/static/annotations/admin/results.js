// The results page: follows the study, says what a mark is, switches axes, makes PNGs. Without it the page is complete.

const KEYS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
const served = new Map(); // id of a part → its HTML as the server sent it
const tip = document.createElement("div");
tip.className = "chart-tip";
tip.hidden = true;
document.body.append(tip);

function parts(root) {
  return [...root.children].filter((part) => part.id);
}

// -- What a mark says: under the pointer, or reached by the arrow keys ---------------------------------------------------
function say(point) {
  const place = point.getBoundingClientRect();
  tip.textContent = point.dataset.label;
  tip.hidden = false;
  const left = Math.min(Math.max(place.left + place.width / 2 - tip.offsetWidth / 2, 4), innerWidth - tip.offsetWidth - 4);
  const above = place.top - tip.offsetHeight - 8;
  tip.style.left = `${left + scrollX}px`;
  tip.style.top = `${(above < 4 ? place.bottom + 8 : above) + scrollY}px`;
}

function enliven(root) {
  root.querySelectorAll(".chart").forEach((chart) => {
    chart.querySelectorAll("title").forEach((title) => title.remove()); // our own says the same
    const points = [...chart.querySelectorAll(".point")];
    points.forEach((point, i) => point.setAttribute("tabindex", i ? "-1" : "0"));
  });
  root.querySelectorAll("button[hidden]").forEach((button) => (button.hidden = false));
}

document.addEventListener("pointerover", (event) => {
  const point = event.target.closest(".point");
  if (point) say(point);
  else if (!document.activeElement?.matches(".point")) tip.hidden = true;
});
document.addEventListener("focusin", (event) => {
  if (event.target.matches(".point")) say(event.target);
  else tip.hidden = true;
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") tip.hidden = true;
  const point = event.target.closest?.(".point");
  if (!point || !(event.key in KEYS)) return;
  const points = [...point.closest(".chart").querySelectorAll(".point")];
  const next = points[(points.indexOf(point) + KEYS[event.key] + points.length) % points.length];
  point.setAttribute("tabindex", "-1");
  next.setAttribute("tabindex", "0");
  next.focus();
  event.preventDefault();
});

// -- The axis, and pictures ----------------------------------------------------------------------------------------------
function showLog(figure, isLog) {
  figure.querySelectorAll("[data-scale]").forEach((chart) => (chart.hidden = (chart.dataset.scale === "log") !== isLog));
  figure.querySelector("[data-log]")?.setAttribute("aria-pressed", String(isLog));
}

async function savePng(figure, name) {
  const address = figure.querySelector('a[href^="?figure="]').href; // the file: without the page's colours
  const text = await (await fetch(address)).text();
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [2 * image.width, 2 * image.height];
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  const link = document.createElement("a");
  link.href = canvas.toDataURL("image/png");
  link.download = name;
  link.click();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const figure = button?.closest("figure");
  if (!figure) return;
  if ("log" in button.dataset) showLog(figure, button.getAttribute("aria-pressed") !== "true");
  if ("png" in button.dataset) savePng(figure, button.dataset.png);
});

// -- Following the study: only what has changed is put into the page, as the reader had arranged it ------------------------
function replace(old, fresh) {
  const isLog = old.querySelector("[data-log]")?.getAttribute("aria-pressed") === "true";
  const isOpen = old.querySelector("details")?.open ?? false;
  const focused = old.contains(document.activeElement) ? focusable(old).indexOf(document.activeElement) : -1;
  old.replaceWith(fresh);
  enliven(fresh);
  showLog(fresh, isLog);
  const details = fresh.querySelector("details");
  if (details) details.open = isOpen;
  if (focused >= 0) focusable(fresh)[focused]?.focus({ preventScroll: true });
}

function focusable(part) {
  return [...part.querySelectorAll("a, button, summary, [tabindex]")];
}

function put(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("results");
  const page = document.getElementById("results");
  page.dataset.etag = fresh.dataset.etag;
  page.dataset.poll = fresh.dataset.poll;
  const before = new Map(parts(page).map((part) => [part.id, part]));
  parts(fresh).forEach((part) => {
    const old = before.get(part.id);
    before.delete(part.id);
    if (!old) page.append(document.adoptNode(part));
    else if (served.get(part.id) !== part.outerHTML) {
      served.set(part.id, part.outerHTML);
      replace(old, document.adoptNode(part));
    }
  });
  before.forEach((part) => part.remove());
}

async function follow() {
  const page = document.getElementById("results");
  if (Number(page.dataset.poll) && !document.hidden) {
    try {
      const headers = { "Clarify-Fragment": "1", "If-None-Match": page.dataset.etag };
      const answer = await fetch(location.pathname, { headers, cache: "no-store" });
      if (answer.status === 200) put(await answer.text());
    } catch {
      // Without a connection the page stays as it is, until the next time.
    }
  }
  setTimeout(follow, 1000 * (Number(page.dataset.poll) || 60));
}

const page = document.getElementById("results");
parts(page).forEach((part) => served.set(part.id, part.outerHTML));
enliven(page);
setTimeout(follow, 1000 * (Number(page.dataset.poll) || 60));
