// Counts how words come into the field: how many changes, how far apart, pasted or not. Never which keys.

const form = document.getElementById("phrase");
const field = form.elements.namedItem("text");
let began, edits, pastes, left;
let last; // what was counted of the words that were sent last

function begin() {
  [began, edits, pastes, left] = [performance.now(), [], 0, 0];
}

field.addEventListener("input", (event) => {
  edits.push(performance.now());
  if (["insertFromPaste", "insertFromDrop", "insertFromYank"].includes(event.inputType)) pastes += 1;
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden && edits.length) left += 1;
});

// What was counted since the last phrase, as JSON; it begins anew. Empty where the consent does not speak of it.
export function counted() {
  if (!("countsWriting" in form.dataset)) return "";
  const gaps = edits.slice(1).map((at, i) => at - edits[i]).sort((a, b) => a - b);
  const told = {
    first_ms: Math.round((edits[0] ?? began) - began),
    edits: edits.length,
    gap_ms: Math.round(gaps[Math.floor(gaps.length / 2)] ?? 0),
    pastes,
    left,
  };
  last = { began, edits, pastes, left };
  begin();
  return JSON.stringify(told);
}

// The words sent last were not taken: what is sent next came of them.
export function takeBack() {
  if (last) [began, edits, pastes, left] = [last.began, [...last.edits, ...edits], last.pastes + pastes, last.left + left];
}

begin();
