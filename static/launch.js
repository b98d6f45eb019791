// The first page of a window: takes the one-time token off the address, spends it, goes on to the login.
// The token stands behind `#`, so it was never sent; here it leaves the address bar and the history too.
// Nothing is written to any store of the browser. Whether the window is private cannot be asked from a
// page (Chromium 156 answers alike in both); the launcher looks at the profile's bytes instead.
(function () {
  "use strict";
  const token = location.hash.slice(1);
  const says = document.getElementById("launch-says");
  if (!token) return;
  history.replaceState(null, "", "/launch");
  says.textContent = "開いています…";

  async function enter() {
    const answer = await fetch("/launch", {
      method: "POST",
      credentials: "same-origin",
      cache: "no-store",
      headers: { "Content-Type": "text/plain" },
      body: token,
    });
    if (answer.status === 204) {
      location.replace("/login");
      return;
    }
    const told = answer.status === 403 ? await answer.json().catch(() => null) : null;
    says.textContent = (told && told.says) || "開けませんでした。キットから開き直してください。";
  }
  enter().catch(() => { says.textContent = "キットが動いていません。キットを始めてから開き直してください。"; });
})();
