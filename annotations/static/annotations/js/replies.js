// What a person says to a scored phrase. The newest reply of each form is kept, also over a reload, and sent until the
// server has it; its uuid makes sending it again change nothing. It says which reply it follows and how long ago it was
// made, so that a newer one made elsewhere stays. The answer to one that a newer one here has overtaken is dropped.

import { setUnderWay, showOffline } from "./offline.js";
import { ask, swap } from "./swap.js";
import { newUuid } from "./uuid.js";

const RETRY_MS = 3000;
const OWN = ["csrfmiddlewaretoken", "client_uuid", "follows"]; // fields that are filled in here
const kept = `clarify:untold:${location.pathname}`;
const untold = new Map(JSON.parse(sessionStorage.getItem(kept) ?? "[]")); // the form's address → what is to be told
let telling = false;
let pause = 0;

// pauseMs: of a control that soon may say something else.
export function reply(form, submitter = null, pauseMs = 0) {
  const fields = [...new FormData(form)].filter(([name]) => !OWN.includes(name));
  if (submitter) fields.push([submitter.name, submitter.value]); // of several the last counts
  untold.set(form.action, { uuid: newUuid(), follows: lastKnown(form), made: Date.now(), sent: false, fields });
  keep();
  clearTimeout(pause);
  pause = setTimeout(tell, pauseMs);
}

// The reply that the server may have had last: the one before this, if it was ever sent, or else the one on the page.
function lastKnown(form) {
  const before = untold.get(form.action);
  if (!before) return form.elements.namedItem("follows").value;
  return before.sent ? before.uuid : before.follows;
}

function keep() {
  sessionStorage.setItem(kept, JSON.stringify([...untold]));
  setUnderWay("replies", untold.size > 0);
}

async function tell() {
  if (telling || !untold.size) return;
  const [address, told] = untold.entries().next().value;
  telling = told.sent = true;
  keep();
  const answer = await ask(address, { method: "POST", body: bodyOf(told) });
  telling = false;
  if (!answer || answer.status >= 500) {
    showOffline(true);
    setTimeout(tell, RETRY_MS);
    return;
  }
  showOffline(false);
  if (untold.get(address) === told) {
    untold.delete(address);
    keep();
    const form = [...document.forms].find(({ action }) => action === address); // none: another phrase is shown
    if (!answer.isOurs) location.reload();
    else if (form) swap(answer.html, form.dataset.swap?.split(" "));
  }
  tell();
}

function bodyOf({ uuid, follows, made, fields }) {
  const body = new FormData();
  body.set("csrfmiddlewaretoken", document.querySelector('[name="csrfmiddlewaretoken"]').value); // a kept one may be too old
  body.set("client_uuid", uuid);
  body.set("follows", follows);
  body.set("ago_ms", Math.max(0, Date.now() - made)); // clocks differ; how long it was kept, this browser knows
  fields.forEach(([name, value]) => body.append(name, value));
  return body;
}

window.addEventListener("online", tell);
setUnderWay("replies", untold.size > 0);
tell();
