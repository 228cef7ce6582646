// The form of a new study: shows the classes of the chosen model alone, calls the study by the chosen class until somebody types a
// title, and says what the pay comes to. Without this script all classes are in view, and the one that is ticked counts.
const form = document.querySelector(".new-study");
const groups = [...form.querySelectorAll("[data-model]")];
const pay = document.getElementById("pay");

function showClasses() {
  const chosen = form.elements.base_model?.value;
  for (const group of groups) {
    group.hidden = group.dataset.model !== chosen;
    if (!group.hidden && !group.querySelector(":checked")) group.querySelector("input").checked = true;
  }
}

// Compared with all classes' titles, not with the last one: a class may have been chosen before this script came.
const title = form.elements.title;
const titles = new Set([...form.querySelectorAll("[name=target]")].map((choice) => choice.dataset.title));

function tellTitle() {
  if (titles.has(title.value)) title.value = form.querySelector("[name=target]:checked")?.dataset.title ?? title.value;
}

function tellPay() {
  const [people, minutes, reward] = ["quota", "minutes", "reward"].map((name) => Number(form.elements[name].value.replace(",", ".")));
  const money = (amount) => `${amount.toFixed(2)} ${pay.dataset.currency}`;
  const [hourly, least] = [(reward * 60) / (minutes + Number(pay.dataset.around)), Number(pay.dataset.least) / 100];
  const isTold = people > 0 && minutes > 0 && reward > 0;
  pay.value = isTold
    ? `${money(hourly)} an hour, with ${pay.dataset.around} minutes for what is around the task. ` +
      (hourly < least ? `That is less than ${money(least)}, the least that a study should pay. ` : "") +
      `Together ${money(reward * people)}, and Prolific’s fee.`
    : "";
  pay.classList.toggle("low", isTold && hourly < least);
}

form.addEventListener("change", (event) => {
  if (event.target.name === "base_model") showClasses();
  if (["base_model", "target"].includes(event.target.name)) tellTitle();
});
form.addEventListener("input", tellPay);
for (const of of form.querySelectorAll("[data-model] .of")) of.hidden = true;
showClasses();
tellTitle();
tellPay();
