// The handle on the histogram. While it moves, the shares and counts follow; where it is put down, the server divides
// the images anew and keeps the place. "Back to the best" is a button of the same form.

import { reply } from "./replies.js";
import { text } from "./texts.js";

const PAUSE_MS = 300; // of a key that is pressed again and again

const numbers = (list) => list.split(" ").map(Number);

function sides(form, position) {
  const right = numbers(form.dataset.right)[position], wrong = numbers(form.dataset.wrong)[position];
  return {
    with: { right, wrong },
    without: { right: Number(form.dataset.nRight) - right, wrong: Number(form.dataset.nWrong) - wrong },
  };
}

function showSide(side, { right, wrong }) {
  const n = right + wrong;
  const percent = n ? Math.round((100 * wrong) / n) : 0;
  side.querySelector("[data-percent]").textContent = n ? `${percent}%` : "–";
  side.querySelector("[data-wrong]").textContent = wrong;
  side.querySelector("[data-images]").textContent = n;
  side.querySelector(".bar .wrong").setAttribute("width", percent);
}

function describe(form) {
  const handle = form.elements.namedItem("threshold-handle");
  const { right, wrong } = sides(form, Number(handle.value)).with;
  handle.setAttribute("aria-valuetext", text("divided", { wrong, images: right + wrong }));
}

document.addEventListener("input", ({ target }) => {
  if (target.id !== "threshold-handle") return;
  const answer = document.getElementById("answer");
  const divided = sides(target.form, Number(target.value));
  for (const side of answer.querySelectorAll("[data-side]")) showSide(side, divided[side.dataset.side]);
  answer.querySelector(".split")?.classList.add("moving");
  describe(target.form);
});

document.addEventListener("change", ({ target }) => {
  if (target.id !== "threshold-handle") return;
  reply(target.form, null, PAUSE_MS);
});

document.addEventListener("submit", (event) => {
  if (event.target.id !== "threshold") return;
  event.preventDefault();
  reply(event.target, event.submitter);
});

function prepare() {
  const form = document.getElementById("threshold");
  if (form) describe(form);
}

document.addEventListener("clarify:swapped", prepare);
prepare();
