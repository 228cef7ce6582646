// The sentence: submits a phrase without leaving the page, keeps what was typed, and waits for the score.
// A phrase keeps its uuid until the server has answered, so that sending it again counts once.

import { ask, isOurs, swap } from "./swap.js";

const FIRST_WAIT_MS = 40, LONGEST_WAIT_MS = 3000, GROWTH = 1.25;
const RETRY_MS = 3000;

const form = document.getElementById("phrase");
const field = form.elements.namedItem("text");
const uuid = form.elements.namedItem("client_uuid");
const banner = document.getElementById("offline");
const announcement = document.getElementById("announcement");
const draftKey = `clarify:draft:${location.pathname}`;
let sending = false;
let retry = 0;
let polling = 0;

// -- What was typed ---------------------------------------------------------------------------------------------------

function newUuid() {
  if (crypto.randomUUID) return crypto.randomUUID(); // there only in secure contexts
  const hex = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}

function keepDraft(sent) {
  sessionStorage.setItem(draftKey, JSON.stringify({ text: field.value, uuid: uuid.value, sent }));
}

function restoreDraft() {
  const draft = JSON.parse(sessionStorage.getItem(draftKey) ?? "null");
  if (!draft || field.value) return;
  field.value = draft.text;
  uuid.value = draft.uuid;
  form.dataset.sent = draft.sent ? draft.text : "";
}

function forgetDraft() {
  sessionStorage.removeItem(draftKey);
  delete form.dataset.sent;
  uuid.value = newUuid();
}

field.addEventListener("input", () => {
  // Other words than those that may have arrived already are another phrase.
  if (form.dataset.sent && form.dataset.sent !== field.value) forgetDraft();
  keepDraft(false);
});

// -- Sending ----------------------------------------------------------------------------------------------------------

form.addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});

async function send() {
  if (sending) return;
  sending = true;
  clearTimeout(retry);
  form.dataset.sent = field.value;
  keepDraft(true);
  form.setAttribute("aria-busy", "true");
  const answer = await ask(form.action, { method: "POST", body: new FormData(form) });
  sending = false;
  form.removeAttribute("aria-busy");
  if (!answer || answer.status >= 500) waitForNetwork();
  else received(answer);
}

function received(answer) {
  banner.hidden = true;
  if (!isOurs(answer)) {
    location.reload();
    return;
  }
  swap(answer.html);
  if (answer.ok) {
    field.removeAttribute("aria-invalid");
    forgetDraft();
    field.select();
    bringIntoView(document.getElementById("answer"));
    const address = new URL(location.href);
    address.searchParams.delete("phrase");
    history.replaceState(null, "", address);
  } else {
    field.setAttribute("aria-invalid", "true");
    if (answer.status === 422) uuid.value = newUuid();
    field.focus();
  }
}

function bringIntoView(answer) {
  const top = answer.getBoundingClientRect().top;
  if (top < 0 || top > innerHeight / 2 + 100) answer.scrollIntoView({ block: "start" });
}

function waitForNetwork() {
  banner.textContent = "There is no connection. What you typed is kept and is sent as soon as the connection is back.";
  banner.hidden = false;
  retry = setTimeout(send, RETRY_MS);
}

window.addEventListener("online", () => {
  if (!banner.hidden) send();
});

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
  if (answer && isOurs(answer)) swap(answer.html, ["answer", "history", "progress", "timer"]);
  if (document.getElementById("answer").dataset.state !== "pending") return;
  clearTimeout(polling);
  const wait = Math.min(waited * GROWTH, LONGEST_WAIT_MS);
  polling = setTimeout(poll, wait, url, wait);
}

function announce() {
  const answer = document.getElementById("answer");
  const verdict = answer.querySelector(".verdict")?.textContent.trim();
  const scoring = answer.dataset.state === "pending" ? "Scoring" : "";
  const text = verdict ? `Score ${Number(answer.dataset.score).toFixed(2)}. ${verdict}` : scoring;
  if (announcement.textContent !== text) announcement.textContent = text;
}

document.addEventListener("clarify:swapped", announce);
document.addEventListener("clarify:swapped", watch);
restoreDraft();
watch();
