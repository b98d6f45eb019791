// The table of denominations: sums while typing; Enter and the arrows go from row to row.
// Without this script the server adds up the same numbers.
for (const form of document.querySelectorAll("form[data-tally]")) {
  const coins = [...form.querySelectorAll("[data-coin]")];
  const expected = Number(form.dataset.expected);
  const yen = (n) => `${Math.abs(n).toLocaleString("ja-JP")}円`;
  const pieces = (input) => {
    const text = input.value.normalize("NFKC").replace(/[,枚\s]/g, "");
    return /^\d*$/.test(text) ? Number(text) : NaN;
  };

  function add() {
    let sum = 0;
    for (const input of coins) {
      const part = pieces(input) * Number(input.dataset.coin);
      sum += part;
      const shown = input.value && !Number.isNaN(part) ? yen(part) : "";
      form.querySelector(`[data-sub="${input.dataset.coin}"]`).textContent = shown;
    }
    const known = !Number.isNaN(sum) && coins.some((input) => input.value);
    const off = sum - expected;
    const sign = off > 0 ? "＋" : off < 0 ? "－" : "";
    form.querySelector("[data-sum]").textContent = known ? yen(sum) : "－";
    const diff = form.querySelector("[data-diff]");
    diff.textContent = known ? sign + yen(off) : "－";
    diff.parentElement.classList.toggle("is-off", known && off !== 0);
    diff.parentElement.classList.toggle("is-even", known && off === 0);
  }

  coins.forEach((input, at) => {
    input.addEventListener("input", add);
    input.addEventListener("focus", () => input.select());
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      const step = { Enter: 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      const next = coins[at + step];
      if (event.key === "Enter" && !next) return; // the last row: Enter sends, as everywhere
      event.preventDefault();
      if (next) next.focus();
    });
  });
  add();
}
