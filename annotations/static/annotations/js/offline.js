// Without a network: a banner says so, and a form that is sent meanwhile goes out when the network is back. (Phrases and
// replies to them look after themselves.)

const banner = document.getElementById("offline");
let held = null; // the last form that could not be sent: { form, submitter }

export function showOffline(is) {
  banner.textContent = is ? banner.dataset.says : "";
  banner.hidden = !is;
}

// On the window, so that a script that sends a form by itself comes first.
window.addEventListener("submit", (event) => {
  if (event.defaultPrevented || navigator.onLine || event.target.method !== "post") return;
  event.preventDefault();
  held = { form: event.target, submitter: event.submitter };
  showOffline(true);
});

window.addEventListener("offline", () => showOffline(true));
window.addEventListener("online", () => {
  showOffline(false);
  held?.form.requestSubmit(held.submitter);
  held = null;
});
if (!navigator.onLine) showOffline(true);
