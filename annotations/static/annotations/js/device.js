// The welcome page looks at the device: do images load, does the server answer, how large is the window. What it finds
// goes along with the form; nobody is kept out, and nothing is sent before Start is pressed.

const PINGS = 3, SLOW_MS = 3000, NARROW_PX = 360;

const form = document.getElementById("start");
const line = document.getElementById("device");

function fill(values) {
  Object.entries(values).forEach(([name, value]) => { form.elements.namedItem(`device-${name}`).value = value; });
}

async function loads(image) {
  try {
    await image.decode();
    return true;
  } catch {
    return false;
  }
}

async function roundTrip() {
  const times = [];
  for (let n = 0; n < PINGS; n++) {
    const begun = performance.now();
    const answer = await fetch("/livez", { cache: "no-store", signal: AbortSignal.timeout(SLOW_MS) });
    if (!answer.ok) throw new Error(`answered ${answer.status}`);
    times.push(performance.now() - begun);
  }
  return Math.round(times.sort((a, b) => a - b)[Math.floor(PINGS / 2)]);
}

async function check() {
  fill({
    script: "yes",
    width: innerWidth,
    height: innerHeight,
    ratio: devicePixelRatio,
    touch: matchMedia("(pointer: coarse)").matches ? "yes" : "no",
  });
  const loaded = await Promise.all([...document.querySelectorAll("main .pictures img")].map(loads));
  const images = loaded.every(Boolean);
  fill({ images: images ? "yes" : "no" });
  const milliseconds = await roundTrip().catch(() => null); // no answer in time: the connection is what is wrong
  if (milliseconds !== null) fill({ milliseconds });
  const narrow = innerWidth < NARROW_PX ? "narrow" : "ready";
  const found = !images ? "noImages" : milliseconds === null ? "noConnection" : narrow;
  line.textContent = line.dataset[found];
  line.dataset.found = found;
}

if (form) check();
