// What the county's tariff pays for what is being counted, beside the sum. Who ticks it once on a
// phone need not again: the amount then stands in the payment's field until somebody types another.
import { dayOf, offer } from "./tariff.js";

const PAYS = "pays-by-tariff";

function remembered() {
  try {
    return localStorage.getItem(PAYS) === "1";
  } catch {
    return false; // a browser without storage asks each time
  }
}

function remember(pays) {
  try {
    localStorage.setItem(PAYS, pays ? "1" : "0");
  } catch {
    // the next form asks again
  }
}

const yuan = (fen) => (fen / 100).toFixed(2);

// `input` takes the payment in yuan; the tick stands after `after`, in a label of a class. Returns
// what to call with (contents, grams or null) whenever they change: it answers {fen, basis}.
export function paying({ tariffs = [], input, after, className }) {
  if (!tariffs.some(({ scheme, fen }) => scheme === "buyback" && fen)) return () => ({ fen: 0, basis: "pieces" });
  const tick = Object.assign(document.createElement("input"), { type: "checkbox", checked: remembered() });
  const words = document.createElement("span");
  const label = Object.assign(document.createElement("label"), { className, hidden: true });
  label.append(tick, words);
  after.after(label);
  let typed = input.value !== "";
  let found = { fen: 0, basis: "pieces" };
  const fill = () => {
    if (!typed) input.value = tick.checked && found.fen ? yuan(found.fen) : "";
  };
  input.addEventListener("input", () => {
    typed = true;
    tick.checked = false;
  });
  tick.addEventListener("change", () => {
    remember(tick.checked);
    typed = false;
    fill();
  });
  return (contents, mass_g) => {
    found = offer(tariffs, dayOf(), contents, mass_g);
    label.hidden = !found.fen;
    words.textContent = `按县里标准付给交回人 ${yuan(found.fen)}\u00a0元`;
    fill();
    return found;
  };
}
