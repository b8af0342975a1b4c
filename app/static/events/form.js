// The event forms work without this file; it adds the +1 and +10 buttons, the running total,
// and keeps an impatient second tap from leaving the page (the server would record it once anyway).
const lines = [...document.querySelectorAll("[data-lines] .line")];

const piecesOf = (line) => {
  const text = line.querySelector(".count input").value.trim();
  return /^\d+$/.test(text) ? Number(text) : 0;
};

function showTotal() {
  const total = document.querySelector("[data-total]");
  if (!total) return;
  const pieces = lines.reduce((sum, line) => sum + piecesOf(line), 0);
  const weighed = lines.filter((line) => piecesOf(line) > 0);
  const known = weighed.every((line) => line.dataset.weightMg);
  const kg = weighed.reduce((sum, line) => sum + piecesOf(line) * line.dataset.weightMg, 0) / 1e6;
  total.querySelector("b").textContent =
    `${pieces} 件${known && pieces ? `，约 ${kg.toFixed(2)} kg` : ""}`;
  total.hidden = false;
}

for (const line of lines) {
  const input = line.querySelector(".count input");
  input.addEventListener("input", showTotal);
  for (const button of line.querySelectorAll("[data-add]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      input.value = piecesOf(line) + Number(button.dataset.add);
      showTotal();
    });
  }
}
showTotal();

for (const button of document.querySelectorAll("[data-once]")) {
  button.form.addEventListener("submit", () => {
    button.disabled = true;
    // Coming back to a kept page must not meet a dead button.
    addEventListener("pageshow", () => (button.disabled = false), { once: true });
  });
}
