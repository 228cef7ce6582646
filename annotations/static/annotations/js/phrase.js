// The sentence: submits phrases without leaving the page, keeps what was typed, and waits for scores.
// A phrase keeps its uuid until the server has answered, so that sending it again counts once.

import { setUnderWay, showOffline } from "./offline.js";
import { ask, swap } from "./swap.js";
import { text } from "./texts.js";
import { newUuid } from "./uuid.js";
import { counted, takeBack } from "./writing.js";

const FIRST_WAIT_MS = 40, MAX_WAIT_MS = 3000, GROWTH = 1.25;
const RETRY_MS = 3000;
const MIN_IN_VIEW_PX = 280; // of an answer
const isPhone = matchMedia("(max-width: 719px)");
const DOUBLE_CLICK_MS = 1000; // of a slow hand: the answer may come between the two

const form = document.getElementById("phrase");
const field = form.elements.namedItem("text");
const uuid = form.elements.namedItem("client_uuid");
const announcement = document.getElementById("announcement");
const draft = `clarify:draft:${location.pathname}`; // what stands in the field
const unanswered = `clarify:unanswered:${location.pathname}`; // phrases that the server has not answered yet
const outbox = JSON.parse(sessionStorage.getItem(unanswered) ?? "[]");
let said = { text: "", at: 0 }; // last
let offered = ""; // words that typing would replace, had the field been entered
let sending = false;
let retry = 0;
let polling = 0;
let before; // what was read of the answer

// -- Sending ----------------------------------------------------------------------------------------------------------

function keepOutbox() {
  sessionStorage.setItem(unanswered, JSON.stringify(outbox));
  setUnderWay("phrases", outbox.length > 0);
}

field.addEventListener("input", () => {
  form.classList.toggle("is-changed", field.value !== document.getElementById("answer").dataset.text);
  sessionStorage.setItem(draft, field.value);
  field.removeAttribute("aria-invalid");
  document.getElementById("phrase-error").textContent = ""; // it was about other words
});

// On a phone the first touch after an answer marks the words, so that new ones do not grow onto them.
field.addEventListener("click", () => {
  if (offered && field.value === offered) field.select();
  offered = "";
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const isDouble = said.text === field.value && Date.now() - said.at < DOUBLE_CLICK_MS;
  if (!isDouble) send();
});

// The time is over: what stands in the field is kept, if it was not said yet, as words that nobody checked.
document.addEventListener("clarify:over", () => {
  const last = document.getElementById("answer").dataset.text ?? "";
  if (field.value.trim() && field.value.trim() !== last) send({ unchecked: "yes" });
});

function send(how = {}) {
  if (outbox.at(-1)?.text !== field.value) {
    said = { text: field.value, at: Date.now() };
    const asTyped = form.elements.namedItem("as_typed")?.value ?? ""; // the words that the page asks about, if any
    outbox.push({ client_uuid: uuid.value, text: field.value, writing: counted(), as_typed: asTyped, ...how });
    uuid.value = newUuid();
    keepOutbox();
  }
  sendFirst();
}

async function sendFirst() {
  if (sending || !outbox.length) return;
  sending = true;
  clearTimeout(retry);
  form.setAttribute("aria-busy", "true");
  const body = new FormData(form);
  Object.entries(outbox[0]).forEach(([name, value]) => body.set(name, value));
  const answer = await ask(form.action, { method: "POST", body });
  sending = false;
  form.removeAttribute("aria-busy");
  if (!answer || answer.status >= 500) {
    waitForNetwork();
    return;
  }
  const sent = outbox.shift();
  keepOutbox();
  received(answer, sent.text);
  sendFirst();
}

function received(answer, words) {
  showOffline(false);
  if (!answer.isOurs) {
    location.reload();
    return;
  }
  if (answer.ok) bringIntoView(["groups", "answer"].map((id) => document.getElementById(id)).find((one) => one.offsetHeight));
  swap(answer.html);
  field.removeAttribute("aria-invalid");
  if (answer.ok) {
    form.classList.toggle("is-changed", field.value !== words);
    if (field.value === words) offerAnother();
    const address = new URL(location.href);
    address.searchParams.delete("phrase");
    history.replaceState(null, "", address);
  } else {
    takeBack();
    if (!document.querySelector("#phrase-error.asks")) field.setAttribute("aria-invalid", "true"); // a question is no error
    field.focus();
  }
}

// The words stay, marked, so that typing replaces them; but no keyboard opens over the answer on a phone.
function offerAnother() {
  sessionStorage.removeItem(draft);
  if (document.activeElement !== field && !matchMedia("(pointer: fine)").matches) {
    offered = field.value;
    return;
  }
  field.focus({ preventScroll: true });
  field.select();
}

// On a phone the answer begins at the top; elsewhere it is beside what was looked at. It comes where the pictures are.
function bringIntoView(scene) {
  const { top } = scene.getBoundingClientRect(), end = form.getBoundingClientRect().top;
  if (isPhone.matches || top < 0 || end - top < MIN_IN_VIEW_PX) scene.scrollIntoView({ block: "start" });
}

// What waits is not asked about: its person may be at other words by then.
function waitForNetwork() {
  outbox.forEach((each) => { each.as_typed = each.text; });
  keepOutbox();
  showOffline(true);
  retry = setTimeout(sendFirst, RETRY_MS);
}

window.addEventListener("online", sendFirst);

// -- Waiting for the score --------------------------------------------------------------------------------------------

function watch() {
  clearTimeout(polling);
  const answer = document.getElementById("answer");
  if (answer.dataset.state === "pending") polling = setTimeout(poll, FIRST_WAIT_MS, answer.dataset.url, FIRST_WAIT_MS);
}

async function poll(url, waited) {
  const draws = new URLSearchParams(new FormData(form));
  const query = new URLSearchParams({ right: draws.get("right"), wrong: draws.get("wrong") });
  const answer = await ask(`${url}?${query}`);
  if (document.getElementById("answer").dataset.url !== url) return; // another phrase has been asked for meanwhile
  if (answer && answer.isOurs) swap(answer.html, ["answer", "history", "progress", "timer"]);
  if (document.getElementById("answer").dataset.state !== "pending") return;
  clearTimeout(polling);
  const wait = Math.min(waited * GROWTH, MAX_WAIT_MS);
  polling = setTimeout(poll, wait, url, wait);
}

// The step of the scale, what to do next, the two sides and the question: what the page says in words, in its order.
const SPOKEN = "#answer :is(.read-as, .side > .says, .verdict, .next-step, #doubt h3, .advice, .rewordings), #progress > p:not(.count)";

function spoken() {
  const { state, phrase } = document.getElementById("answer").dataset;
  const say = (part) => part.innerText.replace(/\s+/g, " ").trim().replace(/[^.?!…]$/, "$&."); // a voice rests
  const words = state === "pending" ? [text("scoring")] : [...document.querySelectorAll(SPOKEN)].map(say).filter(Boolean);
  return { about: `${state} ${phrase}`, words };
}

// Of an answer that was read before, what has changed: the split where the handle stands now, what a reply calls for.
function announce() {
  const now = spoken();
  const fresh = now.words.filter((each) => now.about !== before.about || !before.words.includes(each));
  before = now;
  if (fresh.length) announcement.textContent = fresh.join(" ");
}

document.addEventListener("clarify:swapped", announce);
document.addEventListener("clarify:swapped", watch);
const kept = sessionStorage.getItem(draft);
if (kept && (!field.value || field.value === document.getElementById("answer").dataset.text)) field.value = kept;
before = spoken();
watch();
setUnderWay("phrases", outbox.length > 0);
sendFirst();
