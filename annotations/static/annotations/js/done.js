// Done asks once where time and tries are left: in a dialog, which without this script is a page.

import "./offline.js"; // which comes first: what it holds back is not sent

document.addEventListener("submit", (event) => {
  const dialog = document.getElementById("sure");
  if (event.target.id !== "done" || !dialog) return;
  event.preventDefault();
  dialog.showModal();
});

document.addEventListener("click", ({ target }) => {
  const dialog = document.getElementById("sure");
  if (dialog && (target.id === "not-done" || target === dialog)) dialog.close();
});
