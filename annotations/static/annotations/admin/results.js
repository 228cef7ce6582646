// The pages of results: follow the study, and enliven their figures. Without it the page is complete.
import { enliven } from "./charts.js";

const served = new Map(); // id of a part → its HTML as the server sent it

function parts(root) {
  return [...root.querySelectorAll(":scope > [id]:not(.more), :scope > .more > [id]")];
}

// -- Following the study: only what has changed is put into the page, as the reader had arranged it ------------------------
function replace(old, fresh) {
  const opened = [...old.querySelectorAll("details")].map((fold) => fold.open);
  const focused = old.contains(document.activeElement) ? focusable(old).indexOf(document.activeElement) : -1;
  old.replaceWith(fresh);
  enliven(fresh);
  fresh.querySelectorAll("details").forEach((fold, index) => { fold.open = opened[index] ?? false; });
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
  fresh.querySelectorAll(":scope > .more").forEach((fold) => {
    if (document.getElementById(fold.id)) return;
    page.append(fold.cloneNode());
    page.lastElementChild.append(fold.querySelector("summary").cloneNode(true));
  });
  const before = new Map(parts(page).map((part) => [part.id, part]));
  parts(fresh).forEach((part) => {
    const old = before.get(part.id);
    before.delete(part.id);
    const fold = part.closest(".more");
    if (!old) (fold ? document.getElementById(fold.id) : page).append(document.adoptNode(part));
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
      const answer = await fetch(location.pathname + location.search, { headers, cache: "no-store" });
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
