// The two groups are large until the first phrase, and then strips; "more" opens them again. The style sheet does the rest.

import { text } from "./texts.js";

const layout = document.getElementById("layout");

function label(button, list) {
  const shown = [...list.children].filter((item) => item.offsetTop === list.children[0]?.offsetTop).length;
  button.textContent = layout.classList.contains("looks") ? text("fewer") : text("more", { n: list.children.length - shown });
  button.hidden = !layout.classList.contains("looks") && shown >= list.children.length;
}

function prepare() {
  for (const group of document.querySelectorAll(".class-grid")) {
    let button = group.querySelector(".more");
    if (!button) {
      button = document.createElement("button");
      button.type = "button";
      button.className = "more";
      button.addEventListener("click", () => { layout.classList.toggle("looks"); prepare(); });
      group.append(button);
    }
    label(button, group.querySelector(".pictures"));
  }
}

// After the first phrase, and after a phrase that was said while looking again.
export function shrink() {
  layout.classList.remove("looks");
  layout.classList.add("shrinks");
  prepare();
}

// "It said …" lies over the images: Escape and a press elsewhere close it.
function closeSaid(except = null) {
  for (const said of document.querySelectorAll("details.said[open]")) if (said !== except) said.open = false;
}

document.addEventListener("click", ({ target }) => closeSaid(target.closest?.("details.said")));
document.addEventListener("keydown", (event) => {
  const said = event.key === "Escape" && document.querySelector("details.said[open]");
  if (!said) return;
  closeSaid();
  said.querySelector("summary").focus();
});
document.addEventListener("clarify:swapped", prepare);
window.addEventListener("resize", prepare);
prepare();
