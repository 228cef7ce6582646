// Keys of the moderation table. A key acts on the row that has the focus; one that needs a reason opens its field first.
const rows = [...document.querySelectorAll(".moderation tbody tr")];
const place = `clarify:moderation:${location.pathname}`;
for (const keys of document.querySelectorAll(".keys")) keys.hidden = false;

function goTo(index) {
  const row = rows[Math.max(0, Math.min(index, rows.length - 1))];
  row?.focus();
  row?.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || target.closest("input, textarea, select")) return;
  const here = rows.indexOf(target.closest(".moderation tbody tr"));
  if (key === "j" || key === "k") {
    goTo(here + (key === "j" ? 1 : -1));
    return;
  }
  const button = rows[here]?.querySelector(`[aria-keyshortcuts="${key}"]`);
  if (!button) return;
  event.preventDefault();
  const reason = button.form.elements.namedItem("reason");
  if (reason && !reason.value) {
    reason.closest("details").open = true;
    reason.focus();
  } else button.click();
});

// A decided row leaves the list, so that the next one stands in its place.
document.addEventListener("submit", (event) => {
  const index = rows.indexOf(event.target.closest("tr"));
  if (index >= 0) sessionStorage.setItem(place, index);
});
const last = sessionStorage.getItem(place);
if (last !== null) {
  sessionStorage.removeItem(place);
  goTo(Number(last));
}
