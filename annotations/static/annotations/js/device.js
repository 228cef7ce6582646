// The welcome page looks at the device: do images load, does the server answer, how large is the window. It tells the
// person alone: the form takes along that there is a script, and nothing is sent before Start is pressed.

const SLOW_MS = 3000, NARROW_PX = 360;

const form = document.getElementById("start");
const line = document.getElementById("device");

async function loads(image) {
  try {
    await image.decode();
    return true;
  } catch {
    return false;
  }
}

async function answers() {
  try {
    return (await fetch("/livez", { cache: "no-store", signal: AbortSignal.timeout(SLOW_MS) })).ok;
  } catch {
    return false;
  }
}

async function check() {
  form.elements.namedItem("device-script").value = "yes";
  const loaded = await Promise.all([...document.querySelectorAll("main .pictures img")].map(loads));
  const images = loaded.every(Boolean);
  const connected = await answers();
  const narrow = innerWidth < NARROW_PX ? "narrow" : "ready";
  const found = !images ? "noImages" : !connected ? "noConnection" : narrow;
  line.textContent = line.dataset[found];
  line.dataset.found = found;
}

if (form) check();
