// The pages of results: follow the study, and enliven their figures. Without it the page is complete.
import { enliven } from "./charts.js";

const served = new Map(); // id of a part → its HTML as the server sent it

// -- Following the study: only what has changed is put into the page, as the reader had arranged it ------------------------
function replace(old, fresh) {
  const opened = new Set([...old.querySelectorAll("details[open]")].map(title));
  const focused = old.contains(document.activeElement) ? focusable(old).indexOf(document.activeElement) : -1;
  old.replaceWith(fresh);
  enliven(fresh);
  fresh.querySelectorAll("details").forEach((fold) => { fold.open = opened.has(title(fold)); });
  if (focused >= 0) focusable(fresh)[focused]?.focus({ preventScroll: true });
}

function title(fold) {
  return fold.querySelector("summary").textContent.trim();
}

function focusable(part) {
  return [...part.querySelectorAll("a, button, summary, [tabindex]")];
}

function remember(part) {
  (part.matches(".more") ? [...part.children] : [part]).filter(({ id }) => id).forEach((each) => served.set(each.id, each.outerHTML));
}

// The parts of one container in the order of another's. A fold stays as it is; what it holds is looked at by itself.
function merge(into, from) {
  const before = new Map([...into.children].filter(({ id }) => id).map((part) => [part.id, part]));
  let last = null;
  [...from.children].filter(({ id }) => id).forEach((part) => {
    const old = before.get(part.id);
    before.delete(part.id);
    if (old?.matches(".more")) merge(old, part);
    else if (!old || served.get(part.id) !== part.outerHTML) {
      remember(part);
      document.adoptNode(part);
      if (old) replace(old, part);
      else {
        if (last) last.after(part);
        else if (into.matches(".more")) into.append(part);
        else into.prepend(part);
        enliven(part);
      }
    }
    last = document.getElementById(part.id);
  });
  before.forEach((part) => part.remove());
}

function put(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("results");
  const page = document.getElementById("results");
  page.dataset.etag = fresh.dataset.etag;
  page.dataset.poll = fresh.dataset.poll;
  merge(page, fresh);
}

async function follow() {
  const page = document.getElementById("results");
  if (Number(page.dataset.poll) && !document.hidden) {
    try {
      const headers = { "Clarify-Fragment": "1", "If-None-Match": page.dataset.etag };
      const answer = await fetch(location.pathname + location.search, { headers, cache: "no-store" });
      if (answer.status === 200) put(await answer.text());
    } catch {
      // Without a connection the page stays as it is, until the next time.
    }
  }
  setTimeout(follow, 1000 * (Number(page.dataset.poll) || 60));
}

// A link may lead into a fold, which not every browser opens by itself.
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#"]');
  const fold = link && document.getElementById(link.getAttribute("href").slice(1))?.closest("details");
  if (fold) fold.open = true;
});

const page = document.getElementById("results");
[...page.children].forEach(remember);
enliven(page);
setTimeout(follow, 1000 * (Number(page.dataset.poll) || 60));
