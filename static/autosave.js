// Saves the draft of every <form data-autosave="/url"> while a person types.
//   input -> 600 ms pause, change -> at once, leaving the page -> before it goes.
// Never while an IME is composing; one request at a time; a failure keeps the text on the screen,
// says so in #saved, and is tried again. Nothing is ever put into the browser's own storage.
(function () {
  "use strict";
  const PAUSE = 600, RETRY = 3000, LEAVE_WAIT = 2000;
  const savers = [];

  function say(text, bad) {
    const place = document.getElementById("saved");
    if (!place) return;
    place.classList.toggle("is-error", bad);
    if (place.textContent !== text) place.textContent = text;
  }

  function saver(form) {
    const url = form.dataset.autosave;
    const state = { dirty: false, composing: false, failed: false, flying: null, timer: 0, stopped: false };

    function body() {
      const data = new URLSearchParams();
      for (const [k, v] of new FormData(form)) if (typeof v === "string") data.append(k, v);
      return data;
    }
    function send(keepalive) {
      clearTimeout(state.timer);
      state.dirty = false;
      const csrf = form.querySelector("input[name=csrf]");
      return fetch(url, {
        method: "POST", body: body(), credentials: "same-origin", keepalive: keepalive, redirect: "error",
        headers: { "X-CSRF-Token": csrf ? csrf.value : "", "X-Autosave": "1" },
      }).then(function (answer) {
        if (!answer.ok) throw new Error("status " + answer.status);
        return answer.json();
      }).then(function (told) {
        state.failed = false;
        say("保存しました " + told.saved, false);
      }).catch(function () {
        state.dirty = true;
        state.failed = true;
        say("保存できません。入力はこの画面に残っています。自動でやり直します。", true);
        if (!state.stopped) plan(RETRY);
      });
    }
    function save() {
      if (state.composing || state.stopped) return Promise.resolve();
      if (state.flying) return state.flying.then(() => (state.dirty && !state.failed ? save() : undefined));
      if (!state.dirty) return Promise.resolve();
      state.flying = send(false).finally(() => { state.flying = null; });
      return state.flying;
    }
    function plan(wait) {
      clearTimeout(state.timer);
      state.timer = setTimeout(save, wait);
    }
    form.addEventListener("compositionstart", () => { state.composing = true; clearTimeout(state.timer); });
    form.addEventListener("compositionend", () => { state.composing = false; state.dirty = true; plan(PAUSE); });
    form.addEventListener("input", (e) => {
      state.dirty = true;
      if (!state.composing && !e.isComposing) plan(PAUSE);
    });
    form.addEventListener("change", () => {
      state.dirty = true;
      save().then(() => { if (!state.failed) form.dispatchEvent(new CustomEvent("kit:saved", { bubbles: true })); });
    });
    form.addEventListener("submit", () => { state.stopped = true; clearTimeout(state.timer); });
    return {
      form, state, save,
      // What is on the screen now goes, even in the middle of a composition.
      flush() { state.composing = false; return save(); },
      last() { if (state.dirty && !state.stopped) send(true); },
    };
  }

  function flush() {
    const all = Promise.all(savers.map((s) => s.flush()));
    return Promise.race([all, new Promise((done) => setTimeout(done, LEAVE_WAIT))]);
  }

  document.querySelectorAll("form[data-autosave]").forEach((form) => savers.push(saver(form)));
  window.kitAutosave = { flush: flush };

  // A link inside the kit waits for the save.
  document.addEventListener("click", function (e) {
    const link = e.target.closest && e.target.closest("a[href]");
    if (!link || e.defaultPrevented || e.button || e.ctrlKey || e.metaKey || e.shiftKey || link.target) return;
    if (link.getAttribute("href").startsWith("#") || link.origin !== location.origin) return;
    if (!savers.some((s) => s.state.dirty || s.state.flying)) return;
    e.preventDefault();
    flush().then(() => location.assign(link.href));
  });
  window.addEventListener("pagehide", () => savers.forEach((s) => s.last()));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") savers.forEach((s) => s.save());
  });
  window.addEventListener("beforeunload", function (e) {
    if (savers.some((s) => s.state.failed && s.state.dirty && !s.state.stopped)) e.preventDefault();
  });
})();
