// A menu closes after a choice, a click elsewhere, or Escape.
const open = () => document.querySelectorAll("details.more[open]");
document.addEventListener("click", (event) => {
  for (const menu of open()) if (!menu.contains(event.target) || event.target.closest("a")) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") for (const menu of open()) menu.open = false;
});
