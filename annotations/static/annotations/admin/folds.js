// A link into a folded section opens it, as one of pre-flight does.
const sought = document.getElementById(location.hash.slice(1))?.closest("details.fold");
if (sought) {
  sought.open = true;
  sought.scrollIntoView();
}

// The line of a folded section says what it holds. Once something in it is changed, it says the new choice, or that there is one.
for (const fold of document.querySelectorAll("details.fold")) {
  const present = fold.querySelector(".present");
  const fields = fold.querySelectorAll(".form-row :is(input, select, textarea)");
  fold.addEventListener("change", () => {
    present.textContent = fields.length === 1 && fields[0].selectedOptions ? fields[0].selectedOptions[0].text : "Changed, and not saved yet";
  });
}
