// Puts parts of an answer from the server into the page: an element replaces the one that has its id.

export function swap(html, ids = null) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const elements = ids ? ids.map((id) => fresh.getElementById(id)) : [...fresh.body.children];
  document.dispatchEvent(new CustomEvent("clarify:swapping"));
  for (const element of elements) {
    const old = element && document.getElementById(element.id);
    if (!old || old.isEqualNode(element)) continue;
    const focused = old.contains(document.activeElement) ? selectorOf(document.activeElement) : null;
    for (const fold of old.querySelectorAll("details[id][open]")) {
      const again = element.querySelector(`#${CSS.escape(fold.id)}`);
      if (again) again.open = true;
    }
    const asks = old.querySelector("dialog[id][open]");
    old.replaceWith(document.adoptNode(element));
    if (asks) document.getElementById(asks.id)?.showModal(); // it stays in view
    if (focused) (element.querySelector(focused) ?? element.querySelector("a"))?.focus({ preventScroll: true });
  }
  document.dispatchEvent(new CustomEvent("clarify:swapped"));
}

// How to find what had the focus in the fresh element: its id or, of a link, where it leads.
function selectorOf(element) {
  return element.id ? `#${CSS.escape(element.id)}` : `[href="${CSS.escape(element.getAttribute("href") ?? "")}"]`;
}

const storedAt = "clarify:stored-at"; // when the server last confirmed something that was sent from here
const now = () => performance.timeOrigin + performance.now();

// Ask the server for the parts of this page that change: { ok, status, isOurs, html }, or null where there is no connection.
// isOurs: whether the answer has parts of this page; if not (the time is over, the task has ended), the page is loaded
// again, and the server says where to go on.
export async function ask(url, options = {}) {
  try {
    const response = await fetch(url, { headers: { "Clarify-Fragment": "1" }, ...options });
    if (options.method === "POST") sessionStorage.setItem(storedAt, now());
    const isOurs = response.headers.get("Clarify-Parts") === "task";
    return { ok: response.ok, status: response.status, isOurs, html: await response.text() };
  } catch {
    return null;
  }
}

// During a reload the old page may still send a reply, after the server has rendered the new page without it. Such a page is
// loaded once more. The entry is removed first, so that a clock that jumps cannot make this a loop.
const lastStoredAt = Number(sessionStorage.getItem(storedAt));
sessionStorage.removeItem(storedAt);
if (lastStoredAt > performance.timeOrigin) location.reload();
