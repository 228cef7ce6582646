// Asks for what the person's words did, until all of it is known, and puts it into the page.

import { ask, swap } from "./swap.js";

const FIRST_WAIT_MS = 500, MAX_WAIT_MS = 15000, GROWTH = 1.4;

async function look(wait) {
  const { url } = document.getElementById("effects").dataset;
  if (!url) return;
  const answer = await ask(url);
  if (answer?.status === 200) {
    swap(answer.html, ["effects"]);
    document.getElementById("effects").classList.add("awaited"); // as high as before: what is below stays under the finger
    const said = document.getElementById("effects-said");
    said.textContent = said.dataset.says;
  }
  if (!answer || answer.status < 400 || answer.status >= 500) {
    setTimeout(look, wait, Math.min(MAX_WAIT_MS, wait * GROWTH)); // a withdrawn visit has nothing more to say
  }
}

setTimeout(look, FIRST_WAIT_MS, FIRST_WAIT_MS);
