// Parts of a page that change by themselves: [data-live="seconds"] is fetched again as long as the server says so.
// With data-then="reload" the whole page is loaded again after that, since what is around it has changed too.
const part = () => document.querySelector("[data-live]");

async function refresh() {
  const old = part();
  if (document.hidden) return later();
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById(old.id);
    if (old.dataset.then === "reload" && fresh && !fresh.hasAttribute("data-live")) return location.replace(location.pathname + location.search);
    if (fresh && fresh.innerHTML !== old.innerHTML) replace(old, fresh);
    else if (fresh && !fresh.hasAttribute("data-live")) old.removeAttribute("data-live");
  } catch {
    // the next turn tries again; what is shown stays
  }
  later();
}

// A part that is replaced is marked .arrived, which shows the .arrival in it. The keyboard focus stays where it was.
function replace(old, fresh) {
  const at = old.contains(document.activeElement) ? document.activeElement.id : "";
  fresh.classList.add("arrived");
  old.replaceWith(document.adoptNode(fresh));
  if (at) document.getElementById(at)?.focus({ preventScroll: true });
}

function later() {
  const live = part();
  if (live) setTimeout(refresh, 1000 * Number(live.dataset.live));
}

later();
