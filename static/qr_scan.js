// Reads a QR (visit sheet, application form): sends a frame (raw JPEG, at most 1280 px) every 500 ms
// to data-post; the server answers {found, says, id?, next}. Frames live in memory only.
//   data-fill: the field that gets the id;  data-aim, data-otherwise: what to do, without a camera too.
(function () {
  "use strict";
  const EVERY = 500, LONGEST = 1280;
  const area = document.getElementById("qr-scan");
  if (!area) return;
  const video = area.querySelector("video"), says = document.getElementById("qr-says");
  const button = area.querySelector("[data-act=start]"), idle = area.querySelector(".scan-idle");
  const ends = area.querySelector("[data-act=stop]"), view = area.querySelector(".scan-view"), folded = view.hidden;
  const canvas = document.createElement("canvas");
  let stream = null, busy = false, timer = 0;

  function say(text) { if (text && says.textContent !== text) says.textContent = text; }

  function show(on) {
    video.hidden = !on;
    idle.hidden = on;
    button.hidden = on;
    view.hidden = folded && !on;
    if (ends) ends.hidden = !on;
  }

  // What was typed on this page is saved before the next page is asked for.
  async function goOn(told) {
    const field = area.dataset.fill && document.getElementById(area.dataset.fill);
    if (field && typeof told.id === "string") {
      field.value = told.id;
      field.readOnly = true;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    if (window.kitAutosave) await window.kitAutosave.flush();
    if (typeof told.next === "string" && /^\/(?!\/)/.test(told.next)) location.assign(told.next);
  }

  function stop() {
    clearInterval(timer);
    if (stream) stream.getTracks().forEach((t) => t.stop());
    stream = null;
    video.srcObject = null;
    show(false);
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
        await goOn(told);
      }
    } catch (_) {
      say("読み取れません。" + area.dataset.otherwise);
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
      say("カメラを使えません。" + area.dataset.otherwise);
      return;
    }
    video.srcObject = stream;
    show(true);
    await video.play();
    say(area.dataset.aim);
    timer = setInterval(look, EVERY);
  });
  if (ends) ends.addEventListener("click", () => { stop(); button.focus(); });
  window.addEventListener("pagehide", stop);
})();
