// The clock counts down what the server said was left. At the end the page is loaded again, and the server decides.

import { text } from "./texts.js";

const SOON_S = 60;
const ANNOUNCED_S = [60, 10];
let element = null;
let end = 0, endByDate = 0; // by the page's own clock, which may stand while the lid is closed, and by the device's
let reloading = false;
let announced = Infinity; // the last of these that was said

function setClock() {
  const timer = document.getElementById("timer");
  if (!timer || timer === element) return; // a task may have no time limit
  element = timer;
  const left = Number(timer.dataset.secondsLeft) * 1000;
  end = performance.now() + left;
  endByDate = Date.now() + left;
  show();
}

function show() {
  if (!element) return;
  const left = Math.max(0, Math.ceil(Math.min(end - performance.now(), endByDate - Date.now()) / 1000));
  element.firstElementChild.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  element.classList.add("runs");
  element.classList.toggle("soon", left <= SOON_S);
  announce(left);
  if (left === 0 && !reloading && navigator.onLine) { // without a network the page stays until it is back
    reloading = true;
    document.dispatchEvent(new CustomEvent("clarify:over")); // what is typed is sent
    // A moment later than the server's own clock, so that it agrees.
    setTimeout(() => location.replace(location.pathname), 1000);
  }
}

// Once at a minute and once at ten seconds, for those who do not see the clock.
function announce(left) {
  const at = ANNOUNCED_S.findLast((seconds) => left <= seconds && seconds < announced);
  if (!at || left === 0) return;
  announced = at;
  document.getElementById("time-left").textContent = text(at === 60 ? "lastMinute" : "lastSeconds");
}

document.addEventListener("clarify:swapped", setClock);
setClock();
setInterval(show, 250);
