// Shows stored photos: <canvas data-photo="/url">. Bytes go straight to a canvas, never to an
// <img>, an object URL or a cache, so that the browser leaves nothing on the disk.
//   data-place='[x, y, w, h]'  shares 0..1: draws a yellow and black rectangle there
//   410                        the photo is sealed: the server's sentence goes to [role=status]
const SEALED = "この写真は封印済みです。再表示できません（市サーバには送信されます）。";
const FAILED = "写真を表示できませんでした。もう一度開いてください。";
const BROKEN = "写真を読めませんでした。担当者に連絡してください。";

export async function showPhoto(canvas) {
  const url = canvas.dataset.photo;
  canvas.dataset.state = "loading";
  say(canvas, "");
  let response;
  try {
    response = await fetch(url, { cache: "no-store", credentials: "same-origin" });
  } catch {
    return fail(canvas, FAILED);
  }
  if (response.status === 410) return fail(canvas, (await sentence(response)) || SEALED);
  if (!response.ok || !(response.headers.get("Content-Type") ?? "").startsWith("image/")) {
    return fail(canvas, FAILED);
  }
  try {
    const bitmap = await createImageBitmap(await response.blob());
    if (canvas.dataset.photo !== url) return bitmap.close(); // another photo was asked for since
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
    bitmap.close();
  } catch {
    return fail(canvas, BROKEN);
  }
  drawPlace(canvas);
  canvas.dataset.state = "shown";
  return undefined;
}

export function drawPlace(canvas) {
  const place = readPlace(canvas.dataset.place);
  if (!place) return;
  const [x, y, w, h] = place;
  const pen = canvas.getContext("2d");
  const line = Math.max(4, canvas.width / 80);
  const box = [x * canvas.width, y * canvas.height, w * canvas.width, h * canvas.height];
  pen.save();
  pen.lineWidth = line;
  pen.strokeStyle = "#000000";
  pen.strokeRect(...box);
  pen.lineWidth = line / 2;
  pen.strokeStyle = "#ffd43d";
  pen.strokeRect(...box);
  pen.restore();
}

function readPlace(text) {
  if (!text) return null;
  try {
    const place = JSON.parse(text);
    const good = Array.isArray(place) && place.length === 4 && place.every(Number.isFinite);
    return good ? place : null;
  } catch {
    return null;
  }
}

async function sentence(response) {
  const text = await response.text();
  try {
    return JSON.parse(text).sentence ?? "";
  } catch {
    return text.length < 200 && !text.includes("<") ? text : "";
  }
}

function say(canvas, text) {
  const status = canvas.parentElement?.querySelector("[role=status]");
  if (status) status.textContent = text;
}

function fail(canvas, text) {
  canvas.dataset.state = "failed";
  canvas.width = 1;
  canvas.height = 1;
  say(canvas, text);
}

window.addEventListener("pagehide", () => {
  for (const canvas of document.querySelectorAll("canvas[data-photo]")) canvas.width = 1;
});
window.addEventListener("pageshow", (event) => event.persisted && showAll());

function showAll() {
  for (const canvas of document.querySelectorAll("canvas[data-photo]")) showPhoto(canvas);
}

showAll();
