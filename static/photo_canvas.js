// Shows stored photos: <canvas data-photo="/url">. Bytes go straight to a canvas, never to an
// <img>, an object URL or a cache, so that the browser leaves nothing on the disk.
//   data-places='[[1, x, y, w, h], …]'  shares 0..1: a black and yellow rectangle there, numbered
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
  drawPlaces(canvas);
  canvas.dataset.state = "shown";
  return undefined;
}

export function drawPlaces(canvas) {
  for (const [number, x, y, w, h] of readPlaces(canvas.dataset.places)) {
    const box = [x * canvas.width, y * canvas.height, w * canvas.width, h * canvas.height];
    drawPlace(canvas, number, box);
  }
}

// The box, and its number on a disc at the corner that lies inside the picture.
function drawPlace(canvas, number, [x, y, w, h]) {
  const pen = canvas.getContext("2d");
  const line = Math.max(4, canvas.width / 80);
  const disc = Math.max(16, canvas.width / 16);
  pen.save();
  pen.lineWidth = line;
  pen.strokeStyle = "#000000";
  pen.strokeRect(x, y, w, h);
  pen.lineWidth = line / 2;
  pen.strokeStyle = "#ffd43d";
  pen.strokeRect(x, y, w, h);
  // the second disc stands at the other corner: two boxes may be the same
  const at = number % 2 ? x : x + w;
  const cx = Math.min(Math.max(at, disc), canvas.width - disc);
  const cy = Math.min(Math.max(y, disc), canvas.height - disc);
  pen.beginPath();
  pen.arc(cx, cy, disc, 0, 2 * Math.PI);
  pen.fillStyle = "#000000";
  pen.fill();
  pen.stroke();
  pen.fillStyle = "#ffffff";
  pen.font = `bold ${Math.round(disc * 1.3)}px sans-serif`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(String(number), cx, cy + disc / 12);
  pen.restore();
}

function readPlaces(text) {
  if (!text) return [];
  try {
    const places = JSON.parse(text);
    const good = (place) => Array.isArray(place) && place.length === 5 && place.every(Number.isFinite);
    return Array.isArray(places) ? places.filter(good) : [];
  } catch {
    return [];
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
