// The copy button beside a completion code. Without a clipboard to write to, it stays hidden: the code is marked by a click.
// Where the browser refuses, the code is marked, so that the usual way copies it, and the button says so.

const button = document.querySelector("[data-copy]");

if (button && navigator.clipboard) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const code = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(code.textContent.trim());
      button.textContent = button.dataset.copied;
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = button.dataset.marked;
    }
  });
}
