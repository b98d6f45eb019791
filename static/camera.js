// Camera page: live view with a head guide, burst, post, advice. Frames live in memory only:
// no <img>, no object URL, no storage. What is told to whom:
//   every 700 ms   one small frame -> data-guide -> one sentence
//   shoot          3 frames -> the sharpest -> data-post -> "photo:judged" event
//   camera lost    a sentence with what to do; a frame already taken stays and can be sent again
import { LOST, SAYS, drawGuide, grab, sharpness, toJpeg } from "./camera_parts.js";

const SIDE = 640;
const EVERY = 700;
const BURST = 3;
const BURST_GAP = 120;

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

class Camera {
  constructor(root) {
    this.root = root;
    this.video = root.querySelector("video");
    this.view = root.querySelector("canvas.camera-view");
    this.status = document.getElementById("camera-says");
    this.stream = null;
    this.device = null;
    this.state = "off"; // off -> starting -> live -> busy -> taken -> (live)
    this.held = null; // {blob, width, height, next} of the last shot, until kept or retaken
    this.guideFaults = 0;
    this.guideState = "none";
    for (const act of ["shoot", "retake", "keep", "switch"]) {
      this.button(act)?.addEventListener("click", () => this[act]());
    }
    navigator.mediaDevices?.addEventListener("devicechange", () => this.devicesChanged());
    window.addEventListener("pagehide", () => this.close());
    window.addEventListener("pageshow", (event) => event.persisted && this.start());
  }

  button(act) {
    return this.root.querySelector(`[data-act=${act}]`);
  }

  say(text) {
    if (this.status && this.status.textContent !== text) this.status.textContent = text;
  }

  enter(state) {
    this.state = state;
    this.root.dataset.state = state;
    const taken = state === "taken";
    this.show("shoot", !taken, state === "busy" || state === "starting");
    this.show("retake", taken, false);
    this.show("keep", taken && this.usable(), false);
    if (taken) (this.held?.next ? this.button("keep") : this.button("retake"))?.focus();
  }

  // there is a crop to look at, or the shot has still to be sent
  usable() {
    return Boolean(this.held && (this.held.photoId || !this.held.answered));
  }

  show(act, visible, disabled) {
    const button = this.button(act);
    if (!button) return;
    button.hidden = !visible;
    button.disabled = disabled;
  }

  async start() {
    if (this.state === "starting") return;
    if (!navigator.mediaDevices?.getUserMedia) return this.lost("insecure");
    this.stop();
    this.enter("starting");
    this.say(SAYS.starting);
    const wanted = { width: { ideal: 1920 }, height: { ideal: 1080 } };
    if (this.device) wanted.deviceId = { exact: this.device };
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
      this.stream = stream;
      const [track] = stream.getVideoTracks();
      this.device = track.getSettings().deviceId ?? null;
      track.addEventListener("ended", () => this.stream === stream && this.lost("ended"));
      this.video.srcObject = stream;
      this.video.muted = true;
      this.video.playsInline = true;
      await this.video.play();
    } catch (error) {
      if (error.name === "OverconstrainedError") this.device = null;
      return this.lost(error.name);
    }
    this.enter(this.held ? "taken" : "live");
    this.drawLoop();
    this.guideLoop();
    this.countCameras();
  }

  stop() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    if (this.video) this.video.srcObject = null;
  }

  close() {
    this.stop();
    this.held = null;
    this.state = "off";
    this.view.width = 1; // forget the pixels
  }

  lost(name) {
    this.stop();
    this.say(LOST[name] ?? LOST.other);
    this.enter(this.held ? "taken" : "off");
    this.root.dispatchEvent(new CustomEvent("photo:camera-lost", { detail: { name }, bubbles: true }));
  }

  async cameras() {
    const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    return devices.filter((d) => d.kind === "videoinput");
  }

  async countCameras() {
    const several = (await this.cameras()).length > 1;
    const button = this.button("switch");
    if (button) button.hidden = !several;
  }

  async devicesChanged() {
    await this.countCameras();
    if (this.state === "off" && (await this.cameras()).length) this.start();
  }

  async switch() {
    const ids = (await this.cameras()).map((d) => d.deviceId);
    if (!ids.length) return this.lost("NotFoundError");
    this.device = ids[(ids.indexOf(this.device) + 1) % ids.length];
    await this.start();
  }

  // ---- live view -------------------------------------------------------------------------
  drawLoop() {
    const stream = this.stream;
    const draw = () => {
      if (this.stream !== stream || !stream) return;
      if (this.state === "live" && this.video.videoWidth) this.drawLive();
      requestAnimationFrame(draw);
    };
    requestAnimationFrame(draw);
  }

  drawLive() {
    const { videoWidth: w, videoHeight: h } = this.video;
    if (this.view.width !== w || this.view.height !== h) {
      this.view.width = w;
      this.view.height = h;
    }
    const pen = this.view.getContext("2d");
    pen.drawImage(this.video, 0, 0, w, h);
    drawGuide(pen, w, h, this.guideState === "ok");
  }

  async guideLoop() {
    const stream = this.stream;
    while (this.stream === stream && stream) {
      await pause(EVERY);
      if (this.state !== "live" || document.hidden || !this.video.videoWidth) continue;
      const answer = await this.askGuide();
      if (this.state === "live" && this.stream === stream) this.heardGuide(answer);
    }
  }

  async askGuide() {
    const scale = Math.min(1, SIDE / Math.max(this.video.videoWidth, this.video.videoHeight));
    try {
      const blob = await toJpeg(grab(this.video, scale), 0.8);
      const full = { "X-Frame-Height": String(this.video.videoHeight) };
      const response = await this.post(this.root.dataset.guide, blob, full);
      return response.ok ? await response.json() : null;
    } catch {
      return null;
    }
  }

  heardGuide(answer) {
    this.guideFaults = answer ? 0 : this.guideFaults + 1;
    this.guideState = answer?.state ?? "none";
    if (answer?.says) this.say(answer.says);
    else if (this.guideFaults >= 3) this.say(SAYS.noguide);
  }

  post(url, blob, more = {}) {
    const token = { "X-CSRF-Token": this.root.dataset.csrf };
    const headers = { "Content-Type": "image/jpeg", ...token, ...more };
    return fetch(url, { method: "POST", body: blob, headers, cache: "no-store",
      credentials: "same-origin", redirect: "error" });
  }

  // ---- the shot --------------------------------------------------------------------------
  async shoot() {
    if (!this.stream) return this.start();
    if (this.state !== "live" || !this.video.videoWidth) return;
    this.enter("busy");
    this.say(SAYS.sending);
    let best = null;
    for (let i = 0; i < BURST && this.stream; i += 1) {
      if (i) await pause(BURST_GAP);
      const frame = grab(this.video, 1);
      const sharp = sharpness(frame);
      if (!best || sharp >= best.sharp) best = { frame, sharp };
    }
    const { frame } = best;
    this.view.width = frame.width;
    this.view.height = frame.height;
    this.view.getContext("2d").drawImage(frame, 0, 0);
    const blob = await toJpeg(frame, 0.95);
    this.held = { blob, width: frame.width, height: frame.height, next: null };
    await this.send();
  }

  async send() {
    this.enter("busy");
    this.say(SAYS.sending);
    const held = this.held;
    let answer = null;
    let sentence = SAYS.unsent;
    try {
      const response = await this.post(this.root.dataset.post, held.blob);
      const body = await response.json();
      if (response.ok) answer = body;
      else sentence = body.sentence ?? sentence;
    } catch {
      // no answer: the shot stays in memory and "keep" sends it again
    }
    if (this.held !== held) return;
    if (answer) this.judged(answer);
    else this.say(sentence);
    this.enter("taken");
  }

  judged(answer) {
    this.held.next = answer.next ?? null;
    this.held.photoId = answer.photo_id;
    this.held.answered = true;
    const advice = (answer.findings ?? []).slice(0, 2).map((f) => f.advice);
    this.say(advice.length ? advice.join(" ") : SAYS.pass);
    this.root.dataset.verdict = answer.verdict;
    this.root.dispatchEvent(new CustomEvent("photo:judged", { detail: answer, bubbles: true }));
  }

  async keep() {
    if (!this.held || this.state !== "taken") return;
    if (!this.held.photoId) return this.send();
    const detail = { photo_id: this.held.photoId, next: this.held.next };
    const event = new CustomEvent("photo:kept", { detail, bubbles: true, cancelable: true });
    const go = this.root.dispatchEvent(event);
    if (go && detail.next) {
      const url = new URL(detail.next, location.href);
      if (url.origin === location.origin) location.assign(url);
    }
  }

  retake() {
    if (this.state !== "taken") return;
    this.held = null;
    delete this.root.dataset.verdict;
    if (!this.stream) return this.start();
    this.enter("live");
    this.button("shoot")?.focus();
  }
}

const root = document.getElementById("camera");
if (root) new Camera(root).start();
