// One scene: the two groups, and when an answer comes, its pictures on their sides. Those that are on the screen move
// there, others fade in. While a score is awaited the pictures of the answer before stay.

const MOVE_MS = 300;
const layout = document.getElementById("layout");
const isStill = matchMedia("(prefers-reduced-motion: reduce)");
const answerNow = () => document.getElementById("answer");
const splitNow = () => document.getElementById("split");
let places = new Map(); // a picture's text → where it is on the screen
let answer = answerNow(), split = splitNow(); // that were last there
let former = null;

function measure() {
  places = new Map();
  for (const image of layout.querySelectorAll(".class-grid img, .sides img")) {
    const place = image.getBoundingClientRect();
    if (place.width && place.bottom > 0 && place.top < innerHeight) places.set(image.alt, place);
  }
}

function move() {
  if (isStill.matches) return;
  for (const item of layout.querySelectorAll("#split .pictures li")) {
    const from = places.get(item.querySelector("img").alt), to = item.getBoundingClientRect();
    if (!to.width) continue; // the groups are looked at
    const start = from
      ? { transform: `translate(${from.left - to.left}px, ${from.top - to.top}px) scale(${from.width / to.width})` }
      : { opacity: 0 };
    item.animate([start, { transform: "none", opacity: 1 }], { duration: MOVE_MS, easing: "ease-out" });
  }
}

// The answer before stays to look at: it has no id, takes no focus and is not read.
function keep(old) {
  former = old;
  former.inert = true;
  former.classList.add("former");
  former.removeAttribute("id");
  for (const part of former.querySelectorAll("[id]")) part.removeAttribute("id");
  answerNow().after(former);
}

function change() {
  const old = answer, isNew = answerNow() !== old;
  const moves = splitNow() && splitNow() !== split;
  answer = answerNow();
  split = splitNow();
  if (isNew) layout.classList.remove("looks");
  if (answer.dataset.state !== "pending") former?.remove();
  else if (isNew && old.dataset.state === "scored") keep(old);
  if (moves) move();
}

function look(isLooking) {
  layout.classList.toggle("looks", isLooking);
  if (layout.getBoundingClientRect().top < 0) layout.scrollIntoView();
  document.getElementById(isLooking ? "to-answer" : "all-images").focus({ preventScroll: true });
}

// "It said …" lies over the images: Escape and a press elsewhere close it.
function closeSaid(except = null) {
  for (const said of document.querySelectorAll("details.said[open]")) if (said !== except) said.open = false;
}

document.addEventListener("click", (event) => {
  closeSaid(event.target.closest?.("details.said"));
  const link = event.target.closest?.("#all-images, #to-answer");
  if (!link) return;
  event.preventDefault();
  look(link.id === "all-images");
});
document.addEventListener("keydown", (event) => {
  const said = event.key === "Escape" && document.querySelector("details.said[open]");
  if (!said) return;
  closeSaid();
  said.querySelector("summary").focus();
});
document.addEventListener("clarify:swapping", measure);
document.addEventListener("clarify:swapped", change);
