// Which camera, and whether it still sends pictures. The name of the chosen one is kept on the
// laptop's own server: the browser's storage is cleared at every lock, its camera ids with it.

const FROZEN = 2000;

export class Devices {
  constructor(root, choose) {
    this.url = root.dataset.camera;
    this.csrf = root.dataset.csrf;
    this.select = root.querySelector("#camera-choice");
    this.name = null; // of the camera that was chosen, "" where none was
    this.select.addEventListener("change", () => choose(this.select.value));
  }

  async list() {
    const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    return devices.filter((device) => device.kind === "videoinput");
  }

  // Also tells the server that the page is open: the face engine gets ready.
  async learn() {
    if (this.name !== null) return;
    try {
      const response = await fetch(this.url, { cache: "no-store", credentials: "same-origin" });
      this.name = response.ok ? (await response.json()).label : "";
    } catch {
      this.name = "";
    }
  }

  remember(name) {
    this.name = name;
    const headers = { "Content-Type": "application/json", "X-CSRF-Token": this.csrf };
    return fetch(this.url, { method: "POST", body: JSON.stringify({ label: name }), headers,
      cache: "no-store", credentials: "same-origin" }).catch(() => undefined);
  }

  // Names are known only after the browser has let a camera run once.
  async idOf(name) {
    return (await this.list()).find((device) => name && device.label === name)?.deviceId ?? null;
  }

  async draw(used) {
    const cameras = await this.list();
    this.select.replaceChildren();
    cameras.forEach((device, n) => {
      const name = device.label || `カメラ${n + 1}`;
      this.select.add(new Option(name, device.deviceId, false, device.deviceId === used));
    });
    this.select.closest(".camera-choice").hidden = cameras.length < 2;
  }
}

// Calls `frozen` when no new picture came for two seconds while the page was seen.
export class Pulse {
  constructor(video, frozen) {
    this.video = video;
    this.frozen = frozen;
    this.timer = null;
    this.beat();
    document.addEventListener("visibilitychange", () => this.beat());
  }

  beat() {
    this.last = performance.now();
  }

  start() {
    this.stop();
    this.beat();
    this.seen = -1;
    this.timer = setInterval(() => this.check(), 500);
  }

  // Number of pictures so far; true where there is a new one.
  isNew() {
    const count = this.video.getVideoPlaybackQuality().totalVideoFrames;
    if (count === this.seen) return false;
    this.seen = count;
    this.beat();
    return true;
  }

  check() {
    if (this.isNew() || document.hidden) this.beat();
    else if (performance.now() - this.last > FROZEN) this.frozen();
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
  }
}
