// What a person says to a scored phrase. The newest reply of each form is kept, also over a reload, and sent until the
// server has it. Sending it again changes nothing. The answer to one that a newer one has overtaken is dropped.

import { showOffline } from "./offline.js";
import { ask, isOurs, swap } from "./swap.js";

const RETRY_MS = 3000;
const TOKEN = "csrfmiddlewaretoken";
const kept = `clarify:untold:${location.pathname}`;
const untold = new Map(JSON.parse(sessionStorage.getItem(kept) ?? "[]")); // the form's address → its fields, [name, value]
let telling = false;
let pause = 0;

// pauseMs: of a control that soon may say something else.
export function reply(form, submitter = null, pauseMs = 0) {
  const fields = [...new FormData(form)].filter(([name]) => name !== TOKEN);
  if (submitter) fields.push([submitter.name, submitter.value]); // of several the last counts
  untold.set(form.action, fields);
  keep();
  clearTimeout(pause);
  pause = setTimeout(tell, pauseMs);
}

function keep() {
  sessionStorage.setItem(kept, JSON.stringify([...untold]));
}

async function tell() {
  if (telling || !untold.size) return;
  const [address, fields] = untold.entries().next().value;
  telling = true;
  const answer = await ask(address, { method: "POST", body: bodyOf(fields) });
  telling = false;
  if (!answer || answer.status >= 500) {
    showOffline(true);
    setTimeout(tell, RETRY_MS);
    return;
  }
  showOffline(false);
  if (untold.get(address) === fields) {
    untold.delete(address);
    keep();
    if (!isOurs(answer)) location.reload();
    else if ([...document.forms].some((form) => form.action === address)) swap(answer.html); // else another phrase is shown
  }
  tell();
}

function bodyOf(fields) {
  const body = new FormData();
  body.set(TOKEN, document.querySelector(`[name="${TOKEN}"]`).value); // of this page: a kept one may be too old
  fields.forEach(([name, value]) => body.append(name, value));
  return body;
}

window.addEventListener("online", tell);
tell();
