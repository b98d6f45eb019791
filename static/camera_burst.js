// One press of the shutter: the last three frames before it, the one at it (more only where the view
// has just begun), and the camera's own still picture where that is larger. Nobody waits for a frame
// after the press: the verdict comes sooner. All in memory; `forget` overwrites them.
import { grab, toJpeg, turnedSize } from "./camera_view.js";

const EVERY = 110; // ms between frames of a burst
const RECENT = 450; // ms: an older frame is not of this burst
const BEFORE = 3;
const LEAST = 3;
const LARGER = 1.2;
const STILL_WAIT = 2000;
const BODY = 20 * 1024 * 1024;

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// Frames before the press: a blink or a shake at the moment of the press costs nothing.
export class Ring {
  constructor() {
    this.kept = []; // oldest first: {canvas, at}
    this.turns = 0;
  }

  see(video, turns, now) {
    const last = this.kept[this.kept.length - 1];
    if (turns !== this.turns) this.forget();
    else if (last && now - last.at < EVERY) return;
    this.turns = turns;
    const old = this.kept.length >= BEFORE ? this.kept.shift() : null;
    this.kept.push({ canvas: grab(video, turns, Infinity, old?.canvas), at: now });
  }

  take(now) {
    const fresh = this.kept.filter((frame) => now - frame.at < RECENT);
    this.kept = [];
    return fresh.map((frame) => frame.canvas);
  }

  forget() {
    for (const { canvas } of this.kept) canvas.width = 1;
    this.kept = [];
  }
}

// {canvas, bytes} of each frame, in the order in which they were taken.
export async function takeBurst(video, turns, ring, still) {
  const large = still?.take(turns) ?? null;
  const canvases = ring.take(performance.now());
  canvases.push(grab(video, turns));
  const coded = canvases.map((canvas) => toJpeg(canvas, 0.95));
  while (canvases.length < LEAST) {
    await pause(EVERY);
    canvases.push(grab(video, turns));
    coded.push(toJpeg(canvases[canvases.length - 1], 0.95));
  }
  const picture = await large;
  if (picture) {
    canvases.push(picture);
    coded.push(toJpeg(picture, 0.95));
  }
  const bytes = await Promise.all(coded);
  return canvases.map((canvas, n) => ({ canvas, bytes: bytes[n] }));
}

// The frames as one body; the oldest stay behind where it would grow too long for the server.
export function pack(frames) {
  let first = 0;
  const sum = () => frames.slice(first).reduce((n, frame) => n + frame.bytes.length, 0);
  while (first < frames.length - 1 && sum() > BODY) first += 1;
  const body = new Uint8Array(sum());
  let at = 0;
  for (const { bytes } of frames.slice(first)) {
    body.set(bytes, at);
    at += bytes.length;
  }
  return { body, lengths: frames.slice(first).map((f) => f.bytes.length).join(","), first };
}

export function forget(frames) {
  for (const { canvas, bytes } of frames) {
    canvas.width = 1;
    bytes.fill(0);
  }
}

// takePhoto, where the camera's still picture is larger than its video and comes in time.
export class Still {
  constructor(track, video) {
    this.video = video;
    this.camera = "ImageCapture" in window ? new ImageCapture(track) : null;
    this.settings = null;
    this.camera?.getPhotoCapabilities().then((can) => this.hear(can)).catch(() => undefined);
  }

  hear({ imageWidth, imageHeight }) {
    const most = (imageWidth?.max ?? 0) * (imageHeight?.max ?? 0);
    const [w, h] = turnedSize(this.video, 0);
    if (most <= LARGER * w * h) return;
    this.settings = { imageWidth: imageWidth.max, imageHeight: imageHeight.max };
  }

  async take(turns) {
    if (!this.settings) return null;
    const [w, h] = turnedSize(this.video, 0);
    try {
      const blob = await Promise.race([this.camera.takePhoto(this.settings), pause(STILL_WAIT)]);
      if (!blob) throw new Error("too slow");
      const bitmap = await createImageBitmap(blob);
      const better = bitmap.width * bitmap.height > LARGER * w * h;
      const picture = better ? grab(bitmap, turns) : null;
      bitmap.close();
      if (!picture) this.settings = null;
      return picture;
    } catch {
      this.settings = null; // once too slow or refused: the video frames are good enough
      return null;
    }
  }
}

// The frames as small pictures to choose from; `best` is the one that the server proposed.
export function showFilm(film, frames, best, choose) {
  film.replaceChildren();
  film.hidden = frames.length < 2;
  frames.forEach(({ canvas }, n) => {
    const button = document.createElement("button");
    const small = document.createElement("canvas");
    small.height = 144;
    small.width = Math.round((canvas.width / canvas.height) * small.height);
    small.getContext("2d").drawImage(canvas, 0, 0, small.width, small.height);
    const label = document.createElement("span");
    label.textContent = n === best ? `${n + 1}枚目 おすすめ` : `${n + 1}枚目`;
    button.type = "button";
    button.className = "film-frame";
    button.setAttribute("aria-pressed", String(n === best));
    button.append(small, label);
    button.addEventListener("click", () => choose(n));
    film.append(button);
  });
}
