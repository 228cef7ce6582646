// Chips put their words into the field. The question about a phrase is answered without leaving the page.

import { ask, isOurs, swap } from "./swap.js";

const field = document.getElementById("text");

document.addEventListener("click", (event) => {
  const chip = event.target.closest?.("a[data-fill]");
  if (!chip || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  field.value = chip.dataset.fill;
  field.dispatchEvent(new Event("input", { bubbles: true })); // it is kept like what is typed
  field.focus();
});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.id !== "judgement" || !event.submitter) return;
  event.preventDefault();
  const body = new FormData(form);
  body.set(event.submitter.name, event.submitter.value);
  const answer = await ask(form.action, { method: "POST", body });
  if (answer && isOurs(answer)) swap(answer.html);
  else HTMLFormElement.prototype.submit.call(withAnswer(form, event.submitter)); // the browser says what is wrong
});

function withAnswer(form, { name, value }) {
  const input = Object.assign(document.createElement("input"), { type: "hidden", name, value });
  form.append(input);
  return form;
}
