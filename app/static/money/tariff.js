// What 有偿回收 pays for a hand-in, in whole fen: the twin of app/tariffs/tariff.py, held to it by
// tests/tariff_vectors.json. A tariff is as /api/v1/tariffs gives it; a day is "2026-05-01".
const PESTICIDE = "pesticide";
const UNITS_G = { kg: 1000, tonne: 1_000_000 };

const holds = ({ valid_from, valid_to }, on) => valid_from <= on && (!valid_to || on <= valid_to);
const rank = ({ form, size, material, valid_from }) => [form ? 1 : 0, size ? 1 : 0, material ? 1 : 0, valid_from];
const fits = (one, sort) => ["material", "form", "size"].every((part) => !one[part] || one[part] === sort[part]);

function before(a, b) {
  const [left, right] = [rank(a), rank(b)];
  const n = left.findIndex((part, i) => part !== right[i]);
  return n >= 0 && left[n] < right[n];
}

export function rate(tariffs, on, { scheme, payee, per, sort = {} }) {
  const held = tariffs.filter((one) =>
    one.scheme === scheme && one.payee === payee && one.per === per && holds(one, on) && fits(one, sort));
  return held.length ? held.reduce((best, one) => (before(best, one) ? one : best)).fen : null;
}

// To the nearest fen, halves away from zero. BigInt: tonnes of grams times fen pass 2^53.
export function ofGrams(fen, per, mass_g) {
  const unit = BigInt(UNITS_G[per]);
  const worth = (2n * BigInt(fen) * BigInt(Math.abs(mass_g)) + unit) / (2n * unit);
  return Number(mass_g >= 0 ? worth : -worth);
}

export function offer(tariffs, on, contents, mass_g = null, basis = null) {
  const ours = ({ scope = PESTICIDE }) => scope === PESTICIDE;
  const each = contents.map((line) =>
    ours(line) ? rate(tariffs, on, { scheme: "buyback", payee: "shop", per: "piece", sort: line }) : null);
  const byPieces = contents.reduce((sum, line, n) => sum + (each[n] ?? 0) * line.pieces, 0);
  const aKilogram = rate(tariffs, on, { scheme: "buyback", payee: "shop", per: "kg" });
  const byWeight = aKilogram && mass_g && contents.every(ours) ? ofGrams(aKilogram, "kg", mass_g) : 0;
  const by = basis ?? (byWeight && !byPieces ? "weight" : "pieces");
  return { fen: by === "weight" ? byWeight : by === "points" ? 0 : byPieces, basis: by, each };
}

// The calendar day of the province, which is what a tariff's days are.
export const dayOf = (at = new Date()) =>
  new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai" }).format(at);
