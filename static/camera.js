// Camera page. Frames live in memory only: no <img>, no object URL, no storage.
//   about 5 times a second   one small frame -> data-guide -> one sentence, an arrow
//   shoot                    3 to 5 frames in half a second -> data-post, which judges the best
//   another of the frames    that one alone -> data-post, judged instead
//   camera lost or frozen    a sentence and a way back; a shot already taken stays
// state: off -> starting -> live -> busy -> taken -> (live)
import { Ring, Still, forget, pack, pause, showFilm, takeBurst } from "./camera_burst.js";
import { Devices, Pulse } from "./camera_device.js";
import { listenToKeys } from "./camera_keys.js";
import { LOST, SAYS } from "./camera_parts.js";
import { drawLive, drawStill, grab, toJpeg, turnedSize } from "./camera_view.js";
import { listenToFile } from "./photo_file.js";

const SIDE = 640; // px, longest side of a frame that is only looked at
const PACE = 190; // ms between two of them; longer where the answer takes longer
const SPOKEN = 1500; // ms between two sentences for a screen reader

class Camera {
  constructor(root) {
    this.root = root;
    this.video = root.querySelector("video");
    this.view = root.querySelector("canvas.camera-view");
    this.status = document.getElementById("camera-says");
    this.voice = document.getElementById("camera-voice");
    this.film = document.getElementById("camera-film");
    this.stream = null;
    this.device = null;
    this.held = null; // the last shot: {frames, body, headers, photoId, next}
    this.hint = null;
    this.faults = 0;
    this.turns = 0;
    this.pose = "sitting";
    this.ring = new Ring();
    this.devices = new Devices(root, (id) => this.choose(id));
    this.pulse = new Pulse(this.video, () => this.lost("frozen"));
    for (const act of ["shoot", "retake", "keep", "start", "lying", "turn"]) {
      this.button(act).addEventListener("click", () => this[act]());
    }
    listenToKeys(this);
    listenToFile(this);
    navigator.mediaDevices?.addEventListener("devicechange", () => this.devicesChanged());
    window.addEventListener("pagehide", () => this.close());
    window.addEventListener("pageshow", (event) => event.persisted && this.start());
    new MutationObserver(() => this.close()).observe(document.getElementById("curtain"),
      { attributes: true, attributeFilter: ["hidden"] });
    this.enter("off");
  }

  button(act) {
    return this.root.querySelector(`[data-act=${act}]`);
  }

  // Seen at once; spoken only when it changed, and not more often than one can listen.
  say(text) {
    if (this.status.textContent === text) return;
    this.status.textContent = text;
    clearTimeout(this.speaking);
    const speak = () => {
      this.spoke = performance.now();
      if (this.voice.textContent !== this.status.textContent) this.voice.textContent = this.status.textContent;
    };
    this.speaking = setTimeout(speak, Math.max(0, SPOKEN - (performance.now() - (this.spoke ?? 0))));
  }

  enter(state) {
    const before = this.root.dataset.state;
    this.state = state;
    this.root.dataset.state = state;
    const taken = state === "taken";
    this.show("shoot", !taken && state !== "off", state !== "live");
    this.show("start", state === "off", false);
    this.show("retake", taken, false);
    this.show("keep", taken && this.usable(), false);
    const again = taken && this.again();
    for (const [act, main] of [["keep", !again], ["retake", again]]) {
      this.button(act).classList.toggle("btn-main", main);
      this.button(act).classList.toggle("btn-second", !main);
    }
    this.root.dataset.enter = again ? "retake" : "keep";
    if (taken) this.button("retake").parentElement.prepend(this.button(again ? "retake" : "keep"));
    this.button("keep").lastChild.textContent =
      this.held && !this.held.answered ? "もう一度送る" : "切り抜きを見る";
    if (!taken) this.film.hidden = true;
    if (taken) this.button(again ? "retake" : "keep").focus();
    else if (state === "live" && this.lostFocus(before)) this.button("shoot").focus();
  }

  // the focus is nowhere, or on a button that is gone
  lostFocus(before) {
    const on = document.activeElement;
    return before === "taken" || !on || on === document.body || on.id === "main" || on.hidden;
  }

  // there is a crop to look at, or the shot has still to be sent
  usable() {
    return Boolean(this.held && (this.held.photoId || !this.held.answered));
  }

  // to be taken again: nothing to look at, or judged as one to stop
  again() {
    return !this.usable() || this.root.dataset.verdict === "stop";
  }

  // Enter, wherever the focus is
  enterKey() {
    return this.again() ? this.retake() : this.keep();
  }

  show(act, visible, disabled) {
    this.button(act).hidden = !visible;
    this.button(act).disabled = disabled;
  }

  wait() {} // a key of the shutter at a moment when there is nothing to do

  // ---- the camera ------------------------------------------------------------------------
  async start() {
    if (this.state === "starting" || this.state === "busy") return;
    if (!navigator.mediaDevices?.getUserMedia) return this.lost("insecure");
    this.stop();
    this.enter("starting");
    this.say(SAYS.starting);
    try {
      await this.devices.learn();
      await this.open(await this.devices.idOf(this.devices.name));
      const wanted = await this.devices.idOf(this.devices.name); // names are known only now
      if (wanted && wanted !== this.device) await this.open(wanted);
    } catch (error) {
      return this.lost(error.name);
    }
    this.say(SAYS.ready);
    this.enter(this.held ? "taken" : "live");
    this.pulse.start();
    this.drawLoop();
    this.guideLoop();
    await this.devices.draw(this.device);
  }

  async open(device) {
    this.stop();
    const size = { width: { ideal: 1920 }, height: { ideal: 1080 } };
    const which = device ? { deviceId: { exact: device } } : { facingMode: { ideal: "environment" } };
    const video = { ...size, ...which };
    const stream = await navigator.mediaDevices.getUserMedia({ video, audio: false });
    if (this.state !== "starting") { // the page was left meanwhile
      for (const track of stream.getTracks()) track.stop();
      throw new DOMException("", "other");
    }
    this.stream = stream;
    const [track] = stream.getVideoTracks();
    this.device = track.getSettings().deviceId ?? null;
    track.addEventListener("ended", () => this.stream === stream && this.lost("ended"));
    this.video.srcObject = stream;
    this.video.muted = true;
    this.video.playsInline = true;
    await this.video.play();
    this.still = new Still(track, this.video);
  }

  stop() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.still = null;
    this.hint = null;
    this.video.srcObject = null;
    this.pulse.stop();
    this.ring.forget();
  }

  // The page is left, or the screen is hidden: nothing stays.
  close() {
    this.stop();
    this.drop();
    this.enter("off");
    this.view.width = 1;
  }

  lost(name) {
    this.stop();
    if (!this.held) this.view.width = 1;
    this.say((LOST[name] ?? LOST.other) + (this.held ? SAYS.stays : ""));
    this.enter(this.held ? "taken" : "off");
    if (!this.held && this.lostFocus("")) this.button("start").focus();
    this.root.dispatchEvent(new CustomEvent("photo:camera-lost", { detail: { name }, bubbles: true }));
  }

  async devicesChanged() {
    if (this.stream) return this.devices.draw(this.device);
    if (this.state === "off" && (await this.devices.list()).length) return this.start();
    return undefined;
  }

  async choose(device) {
    const name = (await this.devices.list()).find((one) => one.deviceId === device)?.label ?? "";
    await this.devices.remember(name);
    await this.start();
  }

  // ---- live view -------------------------------------------------------------------------
  drawLoop() {
    const stream = this.stream;
    const draw = () => {
      if (this.stream !== stream || !stream) return;
      if (this.state === "live" && this.video.videoWidth && this.pulse.isNew()) {
        drawLive(this.view, this.video, this.turns, this.hint);
        this.ring.see(this.video, this.turns, performance.now());
      }
      requestAnimationFrame(draw);
    };
    requestAnimationFrame(draw);
  }

  // One frame after the other, never two on the way: a slow server makes it slow, not the page.
  async guideLoop() {
    const stream = this.stream;
    while (this.stream === stream && stream) {
      const begun = performance.now();
      if (this.state === "live" && !document.hidden && this.video.videoWidth) {
        const { turns, pose } = this;
        const answer = await this.askGuide();
        const same = this.turns === turns && this.pose === pose && this.stream === stream;
        if (this.state === "live" && same) this.heardGuide(answer);
      }
      const took = performance.now() - begun;
      await pause(this.hint?.state === "byeye" ? 2000 : Math.max(PACE - took, took / 4));
    }
  }

  async askGuide() {
    try {
      const [, height] = turnedSize(this.video, this.turns);
      const body = await toJpeg(grab(this.video, this.turns, SIDE), 0.8);
      const headers = { "X-Frame-Height": String(height), "X-Pose": this.pose };
      const response = await this.post(this.root.dataset.guide, body, headers);
      return response.ok ? await response.json() : null;
    } catch {
      return null;
    }
  }

  heardGuide(answer) {
    this.faults = answer ? 0 : this.faults + 1;
    this.hint = answer;
    if (answer?.turns) this.turns = (this.turns + answer.turns) % 4;
    if (answer?.says) this.say(answer.says);
    else if (this.faults >= 3) this.say(SAYS.noguide);
    this.root.dataset.hints = String(Number(this.root.dataset.hints ?? 0) + 1);
  }

  post(url, body, more = {}) {
    const token = { "X-CSRF-Token": this.root.dataset.csrf, Accept: "application/json" };
    const headers = { "Content-Type": "image/jpeg", ...token, ...more };
    return fetch(url, { method: "POST", body, headers, cache: "no-store",
      credentials: "same-origin", redirect: "error" });
  }

  lying() {
    this.pose = this.pose === "lying" ? "sitting" : "lying";
    this.turns = 0;
    this.root.dataset.pose = this.pose;
    this.button("lying").setAttribute("aria-pressed", String(this.pose === "lying"));
    this.button("turn").hidden = this.pose !== "lying";
    document.getElementById("lying-tips").hidden = this.pose !== "lying";
  }

  turn() {
    this.turns = (this.turns + 3) % 4;
  }

  // ---- the shot --------------------------------------------------------------------------
  async shoot() {
    if (this.state !== "live" || !this.video.videoWidth) return;
    this.enter("busy");
    const { stream } = this;
    let frames;
    try {
      frames = await takeBurst(this.video, this.turns, this.ring, this.still);
    } catch {
      return this.stream === stream ? this.lost("other") : undefined;
    }
    if (this.state !== "busy") return forget(frames); // the page was left meanwhile
    const { body, lengths, first } = pack(frames);
    forget(frames.splice(0, first));
    drawStill(this.view, frames[frames.length - 1].canvas);
    const headers = { "X-Source": "camera", "X-Pose": this.pose };
    this.held = { frames, body, headers: { ...headers, "X-Frames": lengths } };
    await this.send();
  }

  // Another frame of the burst: judged and sealed instead.
  async other(n) {
    if (this.state !== "taken") return;
    const buttons = [...this.film.children];
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(i === n)));
    const { canvas, bytes } = this.held.frames[n];
    const headers = { "X-Source": "camera", "X-Pose": this.held.headers["X-Pose"] };
    this.held = { frames: this.held.frames, body: bytes, headers };
    delete this.root.dataset.verdict;
    drawStill(this.view, canvas);
    await this.send();
  }

  async sendFile(body) {
    if (this.state === "busy") return;
    this.drop();
    this.view.width = 1;
    const headers = { "X-Source": "file", "X-Pose": this.pose };
    this.held = { frames: [], body, headers: { ...headers, "Content-Type": "application/octet-stream" } };
    await this.send();
  }

  async send() {
    const { held } = this;
    this.enter("busy");
    this.say(held.headers["X-Source"] === "file" ? SAYS.reading : SAYS.sending);
    const progress = document.getElementById("camera-progress");
    const slow = setTimeout(() => { progress.hidden = false; }, 1000);
    let answer = null;
    let sentence = SAYS.unsent;
    try {
      const response = await this.post(this.root.dataset.post, held.body, held.headers);
      const told = await response.json();
      if (response.ok) answer = told;
      else sentence = told.sentence ?? sentence;
      held.refused = response.status >= 400 && response.status < 500;
    } catch {
      // no answer: the shot stays in memory and "keep" sends it again
    }
    clearTimeout(slow);
    progress.hidden = true;
    if (this.held !== held) return;
    if (answer) this.judged(answer);
    else this.say(sentence);
    if (!answer && held.refused) held.answered = true; // sending the same again cannot help
    this.enter("taken");
  }

  judged(answer) {
    const { held } = this;
    Object.assign(held, { next: answer.next, photoId: answer.photo_id, answered: true });
    if (held.headers["X-Frames"]) {
      drawStill(this.view, held.frames[answer.taken].canvas);
      showFilm(this.film, held.frames, answer.taken, (n) => this.other(n));
    } else this.film.hidden = held.frames.length < 2;
    const shown = answer.afterwards ? 1 : 2;
    const advice = (answer.findings ?? []).slice(0, shown).map((f) => f.advice);
    this.say([...(advice.length ? advice : [SAYS.pass]), answer.afterwards ?? ""].join(""));
    this.root.dataset.verdict = answer.verdict;
    this.root.dispatchEvent(new CustomEvent("photo:judged", { detail: answer, bubbles: true }));
  }

  async keep() {
    if (this.state !== "taken" || !this.usable()) return;
    if (!this.held.answered) return this.send();
    const detail = { photo_id: this.held.photoId, next: this.held.next };
    const event = new CustomEvent("photo:kept", { detail, bubbles: true, cancelable: true });
    const go = this.root.dispatchEvent(event);
    if (go && detail.next) {
      const url = new URL(detail.next, location.href);
      if (url.origin === location.origin) location.assign(url);
    }
  }

  drop() {
    forget(this.held?.frames ?? []);
    this.held = null;
    this.film.replaceChildren();
    delete this.root.dataset.verdict;
  }

  retake() {
    if (this.state !== "taken") return;
    this.drop();
    if (!this.stream) {
      this.start();
      return;
    }
    this.say(SAYS.ready);
    this.enter("live");
    this.pulse.beat();
  }
}

const root = document.getElementById("camera");
if (root) new Camera(root).start();
