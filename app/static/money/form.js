// The form 登记交回 of the server: what the county's tariff pays, as the pieces are counted, and which
// bottles' deposits can be handed back.
import { tellDeposits } from "./deposits.js";
import { paying } from "./pay.js";

const total = document.querySelector("[data-tariffs]");
const input = document.querySelector("#payment_yuan");
const basis = document.querySelector("[name=payment_basis]");

const contents = () =>
  [...document.querySelectorAll("[data-lines] .line")].flatMap((line) => {
    const pieces = line.querySelector(".count input").value.trim();
    const sort = Object.fromEntries(["material", "form", "size"].map((part) =>
      [part, line.querySelector(`[name$="-${part}"]`).value]));
    return /^[1-9]\d{0,5}$/.test(pieces) && Object.values(sort).every(Boolean) ? [{ ...sort, pieces: Number(pieces) }] : [];
  });

const grams = () => {
  const typed = document.querySelector("#mass_kg").value.normalize("NFKC").replace("。", ".").trim();
  return /^\d{1,4}(\.\d{1,3})?$/.test(typed) ? Math.round(Number(typed) * 1000) : null;
};

if (total && input) {
  const reckon = paying({ tariffs: JSON.parse(total.dataset.tariffs), input, after: total, className: "choice" });
  const form = input.form;
  const say = () => (basis.value = reckon(contents(), grams()).basis);
  for (const event of ["input", "change", "click"]) form.addEventListener(event, say);
  say();
}

// Who ticks what was weighed and not counted has its weight to fill in, further down.
document.querySelector("[data-uncounted]")?.addEventListener("change", () => {
  document.querySelector("[data-weighed]").open = true;
});

const codes = document.querySelector("#unit_codes");
if (codes) tellDeposits(codes);
