// Without a network: a banner says so, and a form that is sent meanwhile goes out when the network is back. (Phrases and
// replies to them look after themselves, and a form that leaves the page waits until the server has them.)

const banner = document.getElementById("offline");
const underWay = new Set(); // what was said on this page and the server does not have yet
let held = null; // the last form that has to wait: { form, submitter }

export function showOffline(is) {
  banner.textContent = is ? banner.dataset.says : "";
  banner.hidden = !is;
}

export function setUnderWay(what, is) {
  if (is) underWay.add(what);
  else underWay.delete(what);
  if (!underWay.size) queueMicrotask(goOn); // once the answer that came is on the page
}

function goOn() {
  if (!held || !navigator.onLine || underWay.size) return;
  const { form, submitter } = held;
  held = null;
  if (form.isConnected) form.requestSubmit(submitter?.isConnected ? submitter : null);
  else document.getElementById(form.id)?.requestSubmit(); // an answer has brought it anew
}

// On the window, so that a script that sends a form by itself comes first.
window.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post" || (navigator.onLine && !underWay.size)) return;
  event.preventDefault();
  held = { form: event.target, submitter: event.submitter };
  if (!navigator.onLine) showOffline(true);
});

window.addEventListener("offline", () => showOffline(true));
window.addEventListener("online", () => {
  showOffline(false);
  goOn();
});
if (!navigator.onLine) showOffline(true);
