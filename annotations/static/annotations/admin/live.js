// Parts of a page that change by themselves: [data-live="seconds"] is fetched again as long as the server says so.
const part = () => document.querySelector("[data-live]");

async function refresh() {
  const old = part();
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById(old.id);
    if (fresh && fresh.innerHTML !== old.innerHTML) old.replaceWith(document.adoptNode(fresh));
    else if (fresh && !fresh.hasAttribute("data-live")) old.removeAttribute("data-live");
  } catch {
    // the next turn tries again; what is shown stays
  }
  later();
}

function later() {
  const live = part();
  if (live) setTimeout(refresh, 1000 * Number(live.dataset.live));
}

later();
