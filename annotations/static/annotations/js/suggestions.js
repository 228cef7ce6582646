// Chips put their words into the field. The question about a phrase is answered without leaving the page.

import { reply } from "./replies.js";

const field = document.getElementById("text");

document.addEventListener("click", (event) => {
  const chip = event.target.closest?.(".chip[data-fill]");
  if (!chip || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  field.value = chip.dataset.fill;
  field.dispatchEvent(new Event("input", { bubbles: true })); // it is kept like what is typed
  field.focus();
});

document.addEventListener("submit", (event) => {
  if (event.target.id !== "judgement") return;
  event.preventDefault();
  reply(event.target, event.submitter);
});
