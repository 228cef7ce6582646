// What a person says to a scored phrase. The newest reply of each form is sent until the server has it; the answer to one
// that a newer one has overtaken is dropped.

import { showOffline } from "./offline.js";
import { ask, isOurs, swap } from "./swap.js";

const RETRY_MS = 3000;
const untold = new Map(); // what the server does not have yet: the form's address → its fields
let telling = false;

export function reply(form, submitter = null) {
  const body = new FormData(form);
  if (submitter) body.set(submitter.name, submitter.value);
  untold.set(form.action, body);
  tell();
}

async function tell() {
  if (telling || !untold.size) return;
  const [address, body] = untold.entries().next().value;
  telling = true;
  const answer = await ask(address, { method: "POST", body });
  telling = false;
  if (!answer || answer.status >= 500) {
    showOffline(true);
    setTimeout(tell, RETRY_MS);
    return;
  }
  showOffline(false);
  if (untold.get(address) === body) {
    untold.delete(address);
    if (!isOurs(answer)) location.reload();
    else if ([...document.forms].some((form) => form.action === address)) swap(answer.html); // else another phrase is shown
  }
  tell();
}

window.addEventListener("online", tell);
