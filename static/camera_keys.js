// Keyboard, remote shutter and presenter. A button in focus is pressed by the browser itself, a
// field keeps its keys, a key that is held down shoots once.
const SHUTTER = ["PageUp", "PageDown", "AudioVolumeUp", "AudioVolumeDown", "VolumeUp", "VolumeDown"];
const PRESS = [" ", "Enter"];

export function listenToKeys(camera) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const on = event.target instanceof Element ? event.target : document.body;
    if (on.closest("input, select, textarea")) return;
    const act = wanted(camera.state, event.key, Boolean(on.closest("button, a, summary")));
    if (!act) return;
    event.preventDefault();
    if (!event.repeat) camera[act]();
  });
}

function wanted(state, key, onButton) {
  if (SHUTTER.includes(key)) return state === "live" ? "shoot" : "wait";
  if (PRESS.includes(key) && !onButton) {
    return { live: "shoot", taken: "enterKey", off: "start" }[state] ?? "wait";
  }
  if (state === "taken" && (key === "Backspace" || key.toLowerCase() === "r")) return "retake";
  return null;
}
