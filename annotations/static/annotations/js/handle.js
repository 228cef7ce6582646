// The handle between pictures in order of likeness. Only its thumb moves it, dragged sideways or by keys, so that no swipe over the page does.
// While it moves, the counts follow; where it is put down, the server divides the images anew and keeps the place.

import { reply } from "./replies.js";
import { text } from "./texts.js";

const PAUSE_MS = 300; // of a key that is pressed again and again
const MIN_DRAG_PX = 4;
const STEPS = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10, Home: -Infinity, End: Infinity };

const numbers = (list) => list.split(" ").map(Number);
const formOf = () => document.getElementById("threshold");
const fieldOf = (form) => form.elements.namedItem("threshold-position");
let drag = null; // { x, y, from, moves }

function sides(form, position) {
  const right = numbers(form.dataset.right)[position], wrong = numbers(form.dataset.wrong)[position];
  return {
    with: { right, wrong },
    without: { right: Number(form.dataset.nRight) - right, wrong: Number(form.dataset.nWrong) - wrong },
  };
}

function showSide(side, { right, wrong }) {
  const n = right + wrong;
  side.classList.toggle("is-empty", !n);
  const share = side.querySelector("[data-percent]");
  share.textContent = share.dataset.percent.replace("{n}", n ? Math.round((100 * wrong) / n) : 0);
  side.querySelector("[data-wrong]").textContent = wrong;
  side.querySelector("[data-images]").textContent = n;
}

// For each position the share of all images that lies left of it: where the pictures divide there.
function shares(form) {
  const right = numbers(form.dataset.right), wrong = numbers(form.dataset.wrong);
  const all = Number(form.dataset.nRight) + Number(form.dataset.nWrong);
  return right.map((n, position) => 1 - (n + wrong[position]) / all);
}

function nearest(form, share) {
  const far = shares(form).map((one) => Math.abs(one - share));
  return far.indexOf(Math.min(...far));
}

function place(form, position) {
  const thumb = document.getElementById("threshold-thumb");
  const { right, wrong } = sides(form, position).with;
  const all = Number(form.dataset.nRight) + Number(form.dataset.nWrong);
  thumb.style.left = `${100 * shares(form)[position]}%`;
  thumb.setAttribute("aria-valuenow", position);
  thumb.setAttribute("aria-valuetext", text("place", { n: right + wrong, all, wrong }));
}

function move(form, to) {
  const field = fieldOf(form), answer = document.getElementById("answer");
  const position = Math.max(0, Math.min(Number(field.max), to));
  if (position === Number(field.value)) return;
  field.value = position;
  const divided = sides(form, position);
  for (const side of answer.querySelectorAll("[data-side]")) showSide(side, divided[side.dataset.side]);
  answer.querySelector(".split")?.classList.add("moving");
  place(form, position);
}

function onDown(event) {
  if (event.button || !event.isPrimary) return;
  drag = { x: event.clientX, y: event.clientY, from: Number(fieldOf(formOf()).value), moves: false };
  event.currentTarget.setPointerCapture(event.pointerId);
}

function onMove(event) {
  if (!drag) return;
  const across = event.clientX - drag.x;
  drag.moves ||= Math.abs(across) > Math.max(MIN_DRAG_PX, Math.abs(event.clientY - drag.y));
  const form = formOf(), { width } = event.currentTarget.parentElement.getBoundingClientRect();
  if (drag.moves) move(form, nearest(form, shares(form)[drag.from] + across / width));
}

function onUp() {
  const form = formOf();
  if (drag?.moves && Number(fieldOf(form).value) !== drag.from) reply(form);
  drag = null;
}

// The browser took the finger for scrolling.
function onCancel() {
  if (drag?.moves) move(formOf(), drag.from);
  drag = null;
}

function onKey(event) {
  const step = STEPS[event.key];
  if (!step) return;
  event.preventDefault();
  const form = formOf(), before = fieldOf(form).value;
  move(form, Number(before) + step);
  if (fieldOf(form).value !== before) reply(form, null, PAUSE_MS);
}

document.addEventListener("submit", (event) => {
  if (event.target.id !== "threshold") return;
  event.preventDefault();
  reply(event.target, event.submitter);
  document.getElementById("threshold-thumb").focus({ preventScroll: true }); // the button goes
});

function prepare() {
  const form = formOf(), thumb = document.getElementById("threshold-thumb");
  if (!form) return;
  place(form, Number(fieldOf(form).value));
  if (thumb.dataset.ready) return;
  thumb.dataset.ready = "yes";
  thumb.addEventListener("pointerdown", onDown);
  thumb.addEventListener("pointermove", onMove);
  thumb.addEventListener("pointerup", onUp);
  thumb.addEventListener("pointercancel", onCancel);
  thumb.addEventListener("keydown", onKey);
}

document.addEventListener("toggle", ({ target }) => {
  if (target.id === "adjust" && target.open) target.scrollIntoView({ block: "nearest" }); // not behind the sentence
}, { capture: true });
document.addEventListener("clarify:swapped", prepare);
prepare();
