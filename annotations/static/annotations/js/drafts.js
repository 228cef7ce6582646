// What was chosen or typed in a form, kept over a reload until it is sent: form[data-keep], whose value names the visit.

import "./offline.js"; // which comes first: what it holds back is not sent

const FIELDS = "textarea, input[type=text], input[type=radio]";

const keyOf = (form) => `clarify:form:${form.dataset.keep}:${form.id}`;
const fieldsOf = (form) => [...form.elements].filter((field) => field.matches(FIELDS));

function save(form) {
  const said = fieldsOf(form).filter((field) => field.type !== "radio" || field.checked);
  sessionStorage.setItem(keyOf(form), JSON.stringify(said.map(({ name, value }) => [name, value])));
}

function restore(form) {
  const said = new Map(JSON.parse(sessionStorage.getItem(keyOf(form)) ?? "[]"));
  for (const field of fieldsOf(form).filter(({ name }) => said.has(name))) {
    if (field.type === "radio") field.checked = field.value === said.get(field.name);
    else field.value = said.get(field.name);
  }
}

for (const form of document.querySelectorAll("form[data-keep]")) {
  restore(form);
  form.addEventListener("input", () => save(form));
}

window.addEventListener("submit", (event) => {
  if (!event.defaultPrevented && "keep" in event.target.dataset) sessionStorage.removeItem(keyOf(event.target));
});
