// 交回: tiles with +1 and +10 and a running sum, or one weight and the kinds that are in it; the money, and
// who brought it if he agrees.
import { paying } from "../money/pay.js";
import { recognise } from "../scan/codes.js";
import { Mistyped, element, grams, kilograms, offerScan, onSubmit, show, template, whole, yuan } from "./view.js";

const MOST_PIECES = 1_000_000;
const MOST_UNITS = 200;

const keyOf = ([material, form, size]) => `${material}/${form}/${size}`;

export function sortsOf({ materials, forms, sizes, usual, weights }) {
  const name = (words, slug) => words.find((word) => word.slug === slug)?.name ?? slug;
  const labels = new Map(usual.map((sort) => [keyOf(sort), sort[3]]));
  return weights.map(([material, form, size, mg]) => {
    const key = keyOf([material, form, size]);
    const spelled = `${name(materials, material)} ${name(forms, form)}，${name(sizes, size)}`;
    return { key, material, form, size, mg, label: labels.get(key) ?? spelled, usual: labels.has(key) };
  });
}

// Grams that so many pieces are taken for: as the server counts, whole grams a scope, at least one.
export const counted = (lines) =>
  lines.length ? Math.max(1, Math.round(lines.reduce((sum, { sort, pieces }) => sum + sort.mg * pieces, 0) / 1000)) : 0;

// The codes on bottles and bags in a text with one a line, each once.
function unitCodes(text) {
  const codes = new Set();
  for (const [n, line] of text.split("\n").entries()) {
    if (!line.trim()) continue;
    const { kind, code, says } = recognise(line);
    if (kind !== "unit") throw new Mistyped(`瓶上的码，第 ${n + 1} 行不是农药包装上的码：${says}`);
    codes.add(code);
  }
  if (codes.size > MOST_UNITS) throw new Mistyped(`一次至多 ${MOST_UNITS} 个瓶上的码，请分几次登记。`);
  return [...codes];
}

// The field for them: what is scanned goes a line further down; beside it, with a network, what is handed
// back of deposits. Returns what that says.
function unitField(find) {
  const area = find("[data-name=units]");
  let saysDeposits = () => "";
  find("[data-units]").addEventListener("toggle", () => {
    import("../money/deposits.js").then(({ tellDeposits }) => (saysDeposits = tellDeposits(area))).catch(() => {});
  }, { once: true });
  offerScan(find("[data-scan-units]"), { title: "扫瓶袋上的码", accept: ["unit"], continuous: true }, (code) => {
    if (area.value.split("\n").some((line) => recognise(line).code === code)) return "这个码已经有了，没有重复算。";
    area.value = `${area.value.trimEnd()}\n${code}\n`.trimStart();
    area.dispatchEvent(new Event("input", { bubbles: true }));
    return undefined;
  });
  return () => saysDeposits();
}

export function handIn({ pack, bag, record, then }) {
  const find = show("hand_in");
  const sorts = sortsOf(pack.packaging);
  const pieces = new Map();
  const weighed = new Set(); // kinds that were weighed together and not counted
  find("[data-code]").textContent = bag.code;
  find("[data-in]").textContent = bag.pieces ? `已有 ${bag.pieces} 件，${kilograms(bag.mass_g)}` : "还是空袋";

  const value = (name) => find(`[data-name=${name}]`).value.trim();
  const byWeight = () => find("[name=by]:checked").value === "weight";
  const lines = () => sorts
    .filter(({ key }) => (byWeight() ? weighed.has(key) : pieces.get(key)))
    .map((sort) => ({ sort, pieces: byWeight() ? 0 : pieces.get(sort.key) }));
  const contents = () => lines().map(({ sort: { material, form, size }, pieces: count }) =>
    ({ material, form, size, pieces: count, rinse: "unchecked", scope: "pesticide" }));
  const reckon = paying({
    tariffs: pack.tariffs, input: find("[data-name=yuan]"), after: find("[data-sum]"), className: "check",
  });
  const massField = () => (byWeight() ? "only-kg" : "kg");
  const massTyped = () => {
    try {
      return grams(value(massField()));
    } catch {
      return null; // said when the form is sent
    }
  };
  const pay = () => reckon(contents(), massTyped());
  const say = () => {
    pay();
    const total = lines().reduce((sum, one) => sum + one.pieces, 0);
    find("[data-sum]").textContent = byWeight() ? `${weighed.size} 种，${value("only-kg") || "？"} kg`
      : total ? `${total} 件，约 ${kilograms(counted(lines()))}` : "还没有点件数";
  };
  const tile = (sort) => {
    const made = template("tile").firstElementChild;
    made.querySelector("[data-label]").textContent = sort.label;
    const shown = made.querySelector("[data-pieces]");
    for (const button of made.querySelectorAll("[data-add]")) {
      button.setAttribute("aria-label", `${sort.label}，${Number(button.dataset.add) > 0 ? "加" : "减"} ${Math.abs(button.dataset.add)}`);
      button.addEventListener("click", () => {
        const now = Math.min(MOST_PIECES, Math.max(0, (pieces.get(sort.key) ?? 0) + Number(button.dataset.add)));
        pieces.set(sort.key, now);
        shown.textContent = now;
        mark(made, sort);
      });
    }
    const has = made.querySelector("[data-has]");
    has.setAttribute("aria-label", `${sort.label}，有这种`);
    has.addEventListener("click", () => {
      if (!weighed.delete(sort.key)) weighed.add(sort.key);
      has.setAttribute("aria-pressed", weighed.has(sort.key));
      has.textContent = weighed.has(sort.key) ? "✓ 有这种" : "有这种";
      mark(made, sort);
    });
    mark(made, sort);
    return made;
  };
  const mark = (made, { key }) => {
    for (const one of made.querySelectorAll(".pieces, .taps:not([data-kind])")) one.hidden = byWeight();
    made.querySelector("[data-kind]").hidden = !byWeight();
    made.classList.toggle("has", byWeight() ? weighed.has(key) : (pieces.get(key) ?? 0) > 0);
    made.dataset.key = key;
    say();
  };
  find("[data-by]").addEventListener("change", () => {
    find("[data-weigh]").hidden = !byWeight();
    find("[data-both]").hidden = byWeight();
    for (const made of find("[data-tiles]").children) mark(made, made.dataset);
    say();
    if (byWeight()) find("[data-name=only-kg]").focus();
  });
  find("[data-name=only-kg]").addEventListener("input", say);
  const usual = sorts.filter((sort) => sort.usual);
  const order = new Map(pack.packaging.usual.map((sort, n) => [keyOf(sort), n]));
  usual.sort((a, b) => order.get(a.key) - order.get(b.key));
  find("[data-tiles]").append(...usual.map(tile));
  const others = find("[data-others]");
  others.append(...sorts.filter((sort) => !sort.usual).map(({ key, label }) => element("option", { value: key, textContent: label })));
  others.addEventListener("change", () => {
    const sort = sorts.find(({ key }) => key === others.value);
    if (!sort) return;
    find("[data-tiles]").append(tile(sort));
    others.selectedOptions[0].remove();
    others.value = "";
    find("[data-tiles]").lastElementChild.scrollIntoView({ block: "center" });
  });
  find("[data-name=kg]").addEventListener("input", pay);
  const deposits = unitField(find);
  say();
  const seal = find("[data-seal]");
  seal.href = `#collect/${bag.code}`;
  seal.hidden = !bag.hand_ins;

  onSubmit(find("form"), find, async () => {
    const only = byWeight();
    const filled = lines();
    const mass_g = grams(value(massField()));
    if (only && !mass_g) throw new Mistyped("请填秤上净重，例如 2.50。");
    if (!filled.length) throw new Mistyped(only ? "请点一下都有哪几种。" : "还没有点件数。点 +1 或 +10，数出交回的件数。");
    const units = unitCodes(value("units"));
    const fen = whole(value("yuan"), 2, "付款请填元数，例如 1.50。");
    const event = {
      kind: "hand_in",
      site: pack.site.code,
      batches: [{ code: bag.code, ...(mass_g ? { mass_g } : {}) }],
      contents: contents(),
      ...(units.length ? { unit_codes: units } : {}),
      ...(fen ? { payment: { fen, basis: only ? "weight" : pay().basis } } : {}),
      ...giver(),
    };
    const pieceCount = filled.reduce((sum, one) => sum + one.pieces, 0);
    const grammes = mass_g ?? counted(filled);
    then(await record(event, {
      pieces: pieceCount,
      mass_g: grammes,
      lines: filled.map(({ sort, pieces: count }) => (only ? sort.label : `${sort.label}　${count} 件`)),
      facts: [...(only ? [] : [["件数", `${pieceCount} 件`]]), [mass_g ? "净重" : "估重", kilograms(grammes)],
        ...(units.length ? [["瓶上的码", [`${units.length} 个。`, deposits()].join("")]] : []),
        ...(fen ? [["付款", yuan(fen)]] : [])],
    }));
  });

  function giver() {
    const chosen = find("[name=giver]:checked")?.value;
    const personal = { name: value("name"), village: value("village"), phone: value("phone").normalize("NFKC") };
    const said = Object.fromEntries(Object.entries(personal).filter(([, text]) => text));
    if ((said.name || said.phone) && !find("[data-name=consent]").checked) {
      throw new Mistyped("请先问交回人是否同意登记姓名和电话。同意就勾上，不同意就清空姓名和电话。");
    }
    if (said.phone && !/^[0-9+\- ]{5,20}$/.test(said.phone)) throw new Mistyped("电话只填数字，例如 13800001234。");
    return chosen || Object.keys(said).length ? { giver: { kind: chosen ?? "unknown", ...said } } : {};
  }
}

export function collect({ pack, bag, record, then }) {
  const find = show("collect");
  find("[data-code]").textContent = bag.code;
  find("[data-counted]").hidden = !bag.hand_ins;
  find("[data-hand-ins]").textContent = `${bag.hand_ins} 次`;
  find("[data-pieces]").textContent = `${bag.pieces} 件`;
  find("[data-mass]").textContent = kilograms(bag.mass_g);
  const weight = find("[data-name=kg]");
  const difference = find("[data-difference]");
  weight.addEventListener("input", () => {
    let typed = null;
    try {
      typed = grams(weight.value);
    } catch {
      // said when the form is sent
    }
    const more = typed === null ? 0 : typed - bag.mass_g;
    difference.hidden = !bag.hand_ins || typed === null;
    difference.textContent = more === 0 ? "和登记的一样。"
      : `秤上比登记的${more > 0 ? "多" : "少"} ${kilograms(Math.abs(more))}。差得多就再称一次。`;
  });
  weight.focus();
  onSubmit(find("form"), find, async () => {
    const mass_g = grams(weight.value);
    if (mass_g === null) throw new Mistyped("请填秤上净重，例如 6.25。");
    const event = { kind: "collect", site: pack.site.code, batches: [{ code: bag.code, mass_g }] };
    then(await record(event, { pieces: bag.pieces, mass_g, facts: [["净重", kilograms(mass_g)], ...(bag.pieces ? [["件数", `${bag.pieces} 件`]] : [])] }));
  });
}

