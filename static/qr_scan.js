// Reads the QR of the visit sheet: sends a frame (raw JPEG, at most 1280 px) every 500 ms to
// data-post; the server answers {found, says, next}. Frames live in memory only.
(function () {
  "use strict";
  const EVERY = 500, LONGEST = 1280;
  const area = document.getElementById("qr-scan");
  if (!area) return;
  const video = area.querySelector("video"), says = document.getElementById("qr-says");
  const button = area.querySelector("[data-act=start]"), idle = area.querySelector(".scan-idle");
  const canvas = document.createElement("canvas");
  let stream = null, busy = false, timer = 0;

  function say(text) { if (text && says.textContent !== text) says.textContent = text; }

  function stop() {
    clearInterval(timer);
    if (stream) stream.getTracks().forEach((t) => t.stop());
    stream = null;
    video.srcObject = null;
    video.hidden = true;
    idle.hidden = false;
    button.hidden = false;
    canvas.width = canvas.height = 0;
  }

  async function look() {
    if (busy || !stream || !video.videoWidth) return;
    busy = true;
    try {
      const scale = Math.min(1, LONGEST / Math.max(video.videoWidth, video.videoHeight));
      canvas.width = Math.round(video.videoWidth * scale);
      canvas.height = Math.round(video.videoHeight * scale);
      canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
      const frame = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9));
      const answer = await fetch(area.dataset.post, {
        method: "POST", body: frame, credentials: "same-origin",
        headers: { "Content-Type": "image/jpeg", "X-CSRF-Token": area.dataset.csrf },
      });
      if (!answer.ok) throw new Error("status " + answer.status);
      const told = await answer.json();
      if (!stream) return;
      say(told.says);
      if (told.found) {
        stop();
        if (typeof told.next === "string" && /^\/(?!\/)/.test(told.next)) location.assign(told.next);
      }
    } catch (_) {
      say("読み取れません。26文字の入力でも開けられます。");
    } finally {
      busy = false;
    }
  }

  button.addEventListener("click", async function () {
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: false, video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 } },
      });
    } catch (_) {
      say("カメラを使えません。26文字の欄に予定表の文字を入力してください。");
      return;
    }
    video.srcObject = stream;
    video.hidden = false;
    idle.hidden = true;
    button.hidden = true;
    await video.play();
    say("QRを枠いっぱいに写してください。");
    timer = setInterval(look, EVERY);
  });
  window.addEventListener("pagehide", stop);
})();
