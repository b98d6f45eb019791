// Long acts on a camera card, in short steps: <form data-steps data-next="/…"> is posted again and
// again until the kit says that it is done. Without it each press of the button is one step.
for (const form of document.querySelectorAll("form[data-steps]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    if (form.dataset.running) return;
    run(form);
  });
  form.querySelector("[data-stop]")?.addEventListener("click", () => {
    delete form.dataset.running;
    say(form, "止めました。もう一度押すと、続きから始めます。");
  });
}

async function run(form) {
  const bar = form.querySelector("progress");
  const stop = form.querySelector("[data-stop]");
  form.dataset.running = "1";
  bar.hidden = stop.hidden = false;
  while (form.dataset.running) {
    const step = await post(form);
    if (step.done) return location.assign(form.dataset.next);
    if (step.sentence) {
      delete form.dataset.running;
      say(form, step.sentence, true);
    } else if (form.dataset.running) {
      bar.value = step.share;
      say(form, step.says);
    }
  }
  bar.hidden = stop.hidden = true;
  return undefined;
}

async function post(form) {
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      headers: { Accept: "application/json" },
      credentials: "same-origin",
      cache: "no-store",
    });
    const told = await answer.json();
    return answer.ok ? told : { sentence: told.sentence };
  } catch {
    return { sentence: "続けられませんでした。画面を開き直してから、もう一度押してください。" };
  }
}

function say(form, text, wrong = false) {
  const status = form.querySelector("[role=status]");
  status.classList.toggle("is-error", wrong);
  if (status.textContent !== text) status.textContent = text;
}
