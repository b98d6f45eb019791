// Small helpers of every page: focus on errors, fill the town, rename what htmx sends, stop double
// submits, hide the screen (F9, button, idle). Works without it too, except hiding by key and by idleness.
(function () {
  "use strict";

  // -- errors: focus the summary; its links go to the field ------------------------------------
  const summary = document.getElementById("error-summary");
  if (summary) summary.focus();
  document.addEventListener("click", function (e) {
    const link = e.target.closest && e.target.closest("#error-summary a[href^='#']");
    const field = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!field) return;
    e.preventDefault();
    const goal = field.matches("input,select,textarea,button") ? field : field.querySelector("input,select,textarea") || field;
    goal.focus();
    goal.scrollIntoView({ block: "center" });
  });

  // -- htmx: the server wants `text`, `kind`, `postal`, whatever the field is called ------------
  document.addEventListener("htmx:configRequest", function (e) {
    const param = e.detail.elt.dataset.param;
    if (!param) return;
    const from = e.detail.triggeringEvent && e.detail.triggeringEvent.target;
    const field = from && "value" in from ? from : e.detail.elt;
    Object.keys(e.detail.parameters).forEach((k) => delete e.detail.parameters[k]);
    e.detail.parameters[param] = field.value;
  });
  // Asked at the moment of sending: the last input event of a composition still says isComposing.
  let composing = false;
  document.addEventListener("compositionstart", () => { composing = true; });
  document.addEventListener("compositionend", () => { composing = false; });
  document.addEventListener("htmx:beforeRequest", (e) => { if (composing) e.preventDefault(); });

  // -- the town buttons -------------------------------------------------------------------------
  document.addEventListener("click", function (e) {
    const button = e.target.closest && e.target.closest("[data-fill]");
    if (!button) return;
    const field = document.getElementById(button.dataset.fill);
    const district = document.getElementById("district");
    if (district && button.dataset.fillDistrict) district.value = button.dataset.fillDistrict;
    if (!field) return;
    const tail = field.value.startsWith(button.dataset.value) ? field.value.slice(button.dataset.value.length) : "";
    field.value = button.dataset.value + tail;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  });

  // -- branches: after a saved change, ask the server which questions of this page apply now -----
  document.addEventListener("kit:saved", async function (e) {
    const form = e.target;
    if (!form.querySelector("[data-question]")) return;
    const answer = await fetch(form.action, { credentials: "same-origin", cache: "no-store" }).catch(() => null);
    if (!answer || !answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    fresh.querySelectorAll("[data-question]").forEach(function (now) {
      const here = form.querySelector(`[data-question="${CSS.escape(now.dataset.question)}"]`);
      if (here && !here.contains(document.activeElement)) here.hidden = now.hidden;
    });
  });

  // -- one press, one submit --------------------------------------------------------------------
  document.addEventListener("submit", function (e) {
    const form = e.target;
    if (form.dataset.sent) { e.preventDefault(); return; }
    form.dataset.sent = "1";
    const button = e.submitter;
    const says = setTimeout(() => { if (button) button.classList.add("is-busy"); }, 600);
    setTimeout(function () {
      clearTimeout(says);
      delete form.dataset.sent;
      if (button) button.classList.remove("is-busy");
    }, 8000);
  });
  window.addEventListener("pageshow", (e) => { if (e.persisted) location.reload(); });

  // -- hide the screen --------------------------------------------------------------------------
  const idle = Number(document.body.dataset.idle || 0);
  const lockForm = document.getElementById("lock-form");
  const curtain = document.getElementById("curtain");
  let hiding = false;

  function hide() {
    if (hiding || !lockForm) return;
    hiding = true;
    const at = document.activeElement && document.activeElement.id;
    curtain.hidden = false;
    document.documentElement.classList.add("is-hidden-now");
    document.title = "出張申請キット";
    const saved = window.kitAutosave ? window.kitAutosave.flush() : Promise.resolve();
    saved.catch(() => undefined).then(function () {
      lockForm.elements.back.value = location.pathname + (at ? "#" + at : "");
      HTMLFormElement.prototype.submit.call(lockForm);
      setTimeout(function () {
        document.getElementById("curtain-says").textContent = "画面を隠しています。つづけるには、この窓を閉じてキットを開き直してください。";
      }, 5000);
    });
  }
  if (lockForm) {
    lockForm.addEventListener("submit", (e) => { e.preventDefault(); e.stopPropagation(); hide(); });
    document.addEventListener("keydown", function (e) {
      // Also while an IME is composing (it tells the key by `code` only): what was typed is saved first.
      if (e.key === "F9" || e.code === "F9") { e.preventDefault(); hide(); }
    }, true);
  }
  if (lockForm && idle > 0) {
    let last = Date.now();
    const touch = () => { last = Date.now(); };
    ["pointerdown", "pointermove", "keydown", "input", "wheel", "touchstart"].forEach((name) =>
      document.addEventListener(name, touch, { passive: true, capture: true }));
    // By the clock, not by one long timer: a laptop that slept locks as soon as it wakes.
    setInterval(() => { if (Date.now() - last >= idle * 1000) hide(); }, 1000);
  }

  // -- after unlocking: back to the same field ---------------------------------------------------
  if (!summary && location.hash.length > 1) {
    const field = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (field && field.matches("input,select,textarea")) field.focus();
  }
})();
