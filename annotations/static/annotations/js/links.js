// Links that change only parts of the page ("show others", the history): the parts are swapped, the address follows.

import { showOffline } from "./offline.js";
import { ask, swap } from "./swap.js";

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
  } else if (answer.isOurs) {
    history.replaceState(null, "", link.href);
    // Where the answer is above the history, it is looked at now, and what is below it moves out of view.
    if (link.dataset.fill && first.getBoundingClientRect().bottom < link.getBoundingClientRect().top) first.scrollIntoView({ block: "start" });
    swap(answer.html, ids);
    if (link.dataset.fill) restore(link.dataset.fill);
  } else {
    location.assign(link.href); // the server says where to go on, and what was typed is kept
  }
});

// A long history scrolls by itself: the line that is shown stays in view.
function keepInView() {
  const list = document.querySelector("#history ol"), line = list.querySelector("[aria-current]")?.closest("li");
  if (line) list.scrollTop = line.offsetTop - list.offsetTop + line.offsetHeight - list.clientHeight;
}

document.addEventListener("clarify:swapped", keepInView);
keepInView();

// An earlier phrase is shown again: the field agrees with the answer.
function restore(words) {
  const field = document.getElementById("text");
  field.value = words;
  field.dispatchEvent(new Event("input", { bubbles: true })); // it is kept like what is typed
}
