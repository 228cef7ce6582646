// What the scripts say, in the page's language: the page brings the texts (parts/texts.html).

const texts = document.getElementById("texts").dataset;

export function text(name, values = {}) {
  return texts[name].replace(/\{(\w+)\}/g, (slot, key) => values[key] ?? slot);
}
