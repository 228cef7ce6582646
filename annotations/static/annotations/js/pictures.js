// Pictures: one tab stop a grid, arrows move among them, Enter and Space enlarge, Escape closes.

import { text } from "./texts.js";

const dialog = document.getElementById("enlarged");
const image = dialog.querySelector("img");
const caption = document.getElementById("enlarged-caption");
let opener = null;

function prepare() {
  for (const list of document.querySelectorAll(".pictures")) {
    const links = list.querySelectorAll("a[data-enlarge]");
    if (list.querySelector('a[tabindex="0"]')) continue;
    links.forEach((link, position) => { link.tabIndex = position ? -1 : 0; });
  }
}

function columnsOf(links) {
  const top = links[0].getBoundingClientRect().top;
  const next = links.findIndex((link) => link.getBoundingClientRect().top > top + 4);
  return next < 0 ? links.length : next;
}

function neighbour(link, key) {
  const links = [...link.closest(".pictures").querySelectorAll("a[data-enlarge]")];
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columnsOf(links), ArrowUp: -columnsOf(links) };
  if (key === "Home") return links[0];
  if (key === "End") return links.at(-1);
  return links[links.indexOf(link) + steps[key]];
}

function show(link) {
  opener = link;
  const picture = link.querySelector("img");
  image.src = link.href;
  image.alt = picture.alt;
  caption.textContent = text("enlarged", { picture: picture.alt, said: link.dataset.said });
  if (!dialog.open) dialog.showModal();
  document.dispatchEvent(new CustomEvent("clarify:enlarged", { detail: link.href }));
}

function move(from, key) {
  const link = neighbour(from, key);
  if (!link) return null;
  from.tabIndex = -1;
  link.tabIndex = 0;
  return link;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-enlarge]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  show(link);
});

document.addEventListener("keydown", (event) => {
  const link = dialog.open ? opener : event.target.closest?.("a[data-enlarge]");
  if (!link) return;
  if (/^Arrow|^Home$|^End$/.test(event.key)) {
    event.preventDefault();
    const next = move(link, event.key);
    if (next && dialog.open) show(next);
    else next?.focus();
  } else if (event.key === " " && !dialog.open) {
    event.preventDefault();
    show(link);
  }
});

dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});
dialog.addEventListener("close", () => {
  opener?.focus();
  document.dispatchEvent(new CustomEvent("clarify:enlarged", { detail: null }));
});

document.addEventListener("clarify:swapped", prepare);
prepare();
