// Links that change only parts of the page ("show others", the history): the parts are swapped, the address follows.

import { showOffline } from "./offline.js";
import { ask, isOurs, swap } from "./swap.js";

document.addEventListener("click", async (event) => {
  const link = event.target.closest?.("a[data-swap]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  const ids = link.dataset.swap.split(" ");
  const first = document.getElementById(ids[0]);
  first.setAttribute("aria-busy", "true");
  const answer = await ask(link.href);
  first.removeAttribute("aria-busy");
  if (!answer) {
    showOffline(true); // the page stays as it is
  } else if (isOurs(answer)) {
    history.replaceState(null, "", link.href);
    swap(answer.html, ids);
  } else {
    location.assign(link.href); // the server says where to go on, and what was typed is kept
  }
});
