// A repack adds up to the gram: says while typing what is missing or too many, in the words that
// app/events/filled_custody.py (off_balance) has. The server checks again.
const sum = document.querySelector("[data-sum]");

const grams = (input) => {
  const text = input.value.normalize("NFKC").replace("。", ".").trim();
  return /^\d+(\.\d{1,3})?$/.test(text) ? Math.round(Number(text) * 1000) : 0;
};
const total = (inputs) => [...inputs].reduce((all, input) => all + grams(input), 0);
const shown = (amount) =>
  `${(amount / 1000).toLocaleString("zh-CN", { minimumFractionDigits: 2, maximumFractionDigits: 3 })} kg`;

function typedIn() {
  const lines = document.querySelector("#codes")?.value.split("\n") ?? [];
  return lines.reduce((all, line) => {
    const weight = line.match(/\s(\d+[.．]\d{1,3})\s*(kg|千克|公斤)?\s*$/i);
    return all + (weight ? Math.round(Number(weight[1].replace("．", ".")) * 1000) : 0);
  }, 0);
}

function show() {
  const ticked = [...document.querySelectorAll("#pick [type=checkbox]:checked")];
  const into = ticked.flatMap((tick) => [...tick.closest("li").querySelectorAll("[name^=mass_kg-]")]);
  const input = total(into) + typedIn();
  const output = total(document.querySelectorAll("[data-output] [name$=-kg]"));
  const removed = total(document.querySelectorAll("[name^=removed_kg-]"));
  const left = input - output - removed;
  sum.classList.toggle("wrong", false);
  sum.classList.toggle("even", input > 0 && left === 0);
  const adds = sum.querySelector("[data-adds]");
  adds.hidden = false;
  adds.textContent = `投入 ${shown(input)} = 产出 ${shown(output)} + 剔除 ${shown(removed)}`;
  const says = sum.querySelector("[data-says]");
  says.className = left ? "warm" : "";
  if (!input && !output) says.textContent = "投入应等于产出加剔除，一克不差。";
  else if (left > 0) says.textContent = `还有 ${left} 克没有着落：投入比产出加剔除多。`;
  else if (left < 0) says.textContent = `多出 ${-left} 克：产出加剔除比投入多。`;
  else says.textContent = "正好：投入等于产出加剔除。";
}

if (sum) {
  const form = document.querySelector("#record");
  form.addEventListener("input", show);
  form.addEventListener("change", show);
  show();
}
