// Honest time: when this page was seen, left, idle, offline or waiting, and which image was enlarged. Finished spans are
// kept until the server has them, also over a reload; each carries its own uuid, so that sending one again stores one.

import { newUuid } from "./uuid.js";

const IDLE_AFTER_MS = 30_000, ASLEEP_AFTER_MS = 5_000, TICK_MS = 1_000, SEND_EVERY_MS = 15_000;
const MAX_PER_REPORT = 100;
const KEPT = "clarify:spans";

const { url, token, assignment } = document.getElementById("activity").dataset;
const opening = newUuid();
const open = new Map(); // kind -> { began, image }
let finished = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
let lastInput = Date.now(), lastTick = Date.now(), lastSent = Date.now();
let attention = null; // visible, idle or hidden
let sending = false;

// -- Spans ------------------------------------------------------------------------------------------------------------

function begin(kind, at = Date.now(), image = "") {
  if (!open.has(kind)) open.set(kind, { began: at, image });
}

function end(kind, at = Date.now()) {
  const span = open.get(kind);
  if (!span) return;
  open.delete(kind);
  finished.push({ uuid: newUuid(), opening, kind, assignment, image: span.image, began: span.began, ended: Math.max(at, span.began) });
  sessionStorage.setItem(KEPT, JSON.stringify(finished));
}

function set(kind, is) {
  if (is) begin(kind);
  else end(kind);
}

function attend(kind, at = Date.now()) {
  if (kind === attention) return;
  if (attention) end(attention, at);
  attention = kind;
  begin(kind, at);
}

// What is open ends here and goes on in a new span, so that a browser that dies takes little with it.
function cut() {
  const now = Date.now();
  for (const [kind, { image }] of [...open]) {
    end(kind, now);
    begin(kind, now, image);
  }
}

// -- What happens on the page -----------------------------------------------------------------------------------------

function onInput() {
  lastInput = Date.now();
  if (attention === "idle") attend("visible");
}

function onTick() {
  const now = Date.now();
  if (attention !== "hidden") {
    if (now - lastTick > ASLEEP_AFTER_MS) { // the machine slept: nobody saw the page
      attend("hidden", lastTick);
      attend("visible", now);
      lastInput = now;
    }
    if (now - lastInput >= IDLE_AFTER_MS) attend("idle");
  }
  lastTick = now;
  if (now - lastSent >= SEND_EVERY_MS) report();
}

function onVisibility() {
  if (document.visibilityState === "hidden") {
    attend("hidden");
    report(true);
  } else {
    lastInput = lastTick = Date.now();
    attend("visible");
  }
}

for (const input of ["keydown", "pointerdown", "pointermove", "wheel", "scroll", "touchmove"]) {
  document.addEventListener(input, onInput, { capture: true, passive: true });
}
document.addEventListener("visibilitychange", onVisibility);
window.addEventListener("offline", () => set("offline", true));
window.addEventListener("online", () => { set("offline", false); report(); });
window.addEventListener("pagehide", () => {
  [...open.keys()].forEach((kind) => end(kind));
  attention = null;
  report(true);
});
window.addEventListener("pageshow", (event) => { if (event.persisted) onVisibility(); });

function onSwapped() {
  set("waiting", document.getElementById("answer")?.dataset.state === "pending");
}
document.addEventListener("clarify:swapped", onSwapped);
document.addEventListener("clarify:enlarged", ({ detail }) => {
  end("enlarged");
  if (detail) begin("enlarged", Date.now(), new URL(detail, location.href).pathname.split("/")[3]);
});

// -- To the server ----------------------------------------------------------------------------------------------------

async function report(leaving = false) {
  if (sending && !leaving) return;
  lastSent = Date.now();
  if (!leaving) cut();
  const batch = finished.slice(0, MAX_PER_REPORT);
  if (!batch.length) return;
  sending = true;
  const now = Date.now();
  const rows = batch.map(({ began, ended, ...span }) => ({ ...span, began_ago_ms: now - began, ended_ago_ms: now - ended }));
  const body = new FormData();
  body.set("csrfmiddlewaretoken", token);
  body.set("spans", JSON.stringify(rows));
  try {
    const response = await fetch(url, { method: "POST", body, keepalive: leaving, redirect: "manual" });
    // What the server refuses for good is not sent for ever; a server in trouble is asked again.
    if (response.status < 500) forget(batch);
  } catch {
    // Without a network they are kept, and go with the next report.
  }
  sending = false;
}

function forget(batch) {
  const sent = new Set(batch.map((span) => span.uuid));
  finished = finished.filter((span) => !sent.has(span.uuid));
  sessionStorage.setItem(KEPT, JSON.stringify(finished));
}

attend(document.visibilityState === "hidden" ? "hidden" : "visible");
set("offline", !navigator.onLine);
onSwapped();
setInterval(onTick, TICK_MS);
report();
