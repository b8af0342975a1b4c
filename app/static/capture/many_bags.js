// 发运, 签收, 入库: forms about many bags at once, ticked in a list, scanned or typed.
import { KINDS, SEALED, STATUSES, comingTo, doubtOf, heldAt } from "./bags.js";
import { Mistyped, codeTyped, element, grams, kilograms, offerScan, onSubmit, show } from "./view.js";

const MOST = 500;
const MOST_GROUP_G = 60_000_000;
const PLATE = /^[\p{Script=Han}][A-Z][0-9A-Z挂]{5,6}$/u;

const MOST_SHOWN = 100;

// A list of ticks: `bags` to choose from, the newest last, `chosen` those ticked at first. More are typed or
// scanned. The newest are shown first, a hundred at a time: what is not shown keeps its tick.
function ticks(find, bags, { chosen, unknown }) {
  const list = find("[data-ticks]");
  const rest = find("[data-rest]");
  const rows = new Map();
  const hidden = [];
  const say = () => {
    const on = [...rows.values()].filter(({ box }) => box.checked);
    const sum = on.reduce((total, { bag }) => total + (bag?.mass_g ?? 0), 0);
    find("[data-ticked]").textContent = `已选 ${on.length} / ${rows.size} 袋，共 ${kilograms(sum)}`;
    find("[data-all]").textContent = allOn() ? "全部不选" : hidden.length ? "勾选下面列出的" : "全部勾选";
    find("[data-all]").hidden = !rows.size;
    rest.hidden = !hidden.length;
    rest.textContent = `还有 ${hidden.length} 袋没有列出，再列 ${Math.min(MOST_SHOWN, hidden.length)} 袋`;
  };
  const shown = () => [...rows.values()].filter(({ line }) => line.isConnected);
  const allOn = () => shown().length > 0 && shown().every(({ box }) => box.checked);
  const reveal = () => {
    list.append(...hidden.splice(0, MOST_SHOWN));
    say();
  };
  const add = (code, bag, on) => {
    if (rows.has(code)) {
      const { box, line } = rows.get(code);
      box.checked = true;
      if (hidden.includes(line)) list.prepend(...hidden.splice(hidden.indexOf(line), 1));
      say();
      return;
    }
    const { line } = put(code, bag, on);
    list.prepend(line);
    say();
  };
  const put = (code, bag, on) => {
    const box = element("input", { type: "checkbox", value: code, checked: on });
    const words = bag ? `${kilograms(bag.mass_g)}　${STATUSES[bag.status] ?? ""}` : unknown;
    const line = element("li", {}, element("label", { className: "check" }, box,
      element("span", {}, element("b", { className: "code", textContent: code }), element("br"), words)));
    rows.set(code, { box, bag, line });
    return { line };
  };
  // Puts others into the list for those that nobody has ticked.
  const offer = (those) => {
    hidden.length = 0;
    for (const [code, { box, line }] of rows) {
      if (box.checked) continue;
      line.remove();
      rows.delete(code);
    }
    for (const bag of [...those].reverse()) if (!rows.has(bag.code)) hidden.push(put(bag.code, bag, chosen.has(bag.code)).line);
    reveal();
  };
  rest.addEventListener("click", reveal);
  list.addEventListener("change", say);
  find("[data-all]").addEventListener("click", () => {
    const on = !allOn();
    for (const { box } of on ? shown() : rows.values()) box.checked = on;
    say();
  });
  offer(bags);
  return {
    add,
    offer,
    has: (code) => rows.has(code),
    ticked: () => [...rows].filter(([, { box }]) => box.checked).map(([code]) => code),
    left: () => [...rows].filter(([, { box }]) => !box.checked).map(([code]) => code),
  };
}

// Says what is wrong with a bag, with the step that comes first, and where the platform would take it all the
// same, a way to insist: what the phone knows may be old.
function sayDoubt(find, code, { says, next, refused }, insist) {
  const places = find("[data-doubts]");
  const one = element("li", { className: "notice warm" },
    element("p", {}, element("b", { className: "code", textContent: code }), element("br"), says));
  const ways = element("p", { className: "links" });
  if (next) ways.append(element("a", { className: "button quiet", href: `#${next}/${code}`, textContent: KINDS[next] }));
  if (!refused) {
    const button = element("button", { type: "button", className: "button quiet", textContent: "核对过，照样加上" });
    button.addEventListener("click", () => {
      one.remove();
      insist();
    });
    ways.append(button);
  }
  if (ways.childElementCount) one.append(ways);
  one.dataset.doubt = code;
  places.querySelector(`[data-doubt="${code}"]`)?.remove();
  places.append(one);
  one.scrollIntoView({ block: "center" });
}

// A driver, who has no site, records departures alone; bags are sealed at points and stations.
const mayRecord = (step, site) => step && site && (step !== "collect" || "PS".includes(site.kind));

// More bags than are listed, typed or scanned; `first(bag)` is done before one is looked at.
function withMore(find, list, known, { kind, site, pack, first }) {
  const field = find("[data-name=code]");
  const named = []; // what a person typed or scanned, in whatever number of goes
  const put = (code) => {
    named.push(code);
    list.add(code, known.get(code), true);
  };
  const take = (text) => {
    try {
      const code = codeTyped(text);
      field.value = "";
      find("[data-error]").hidden = true;
      first?.(known.get(code));
      const doubt = list.has(code) ? null : doubtOf(kind, known.get(code), site());
      if (!doubt) return put(code);
      sayDoubt(find, code, { ...doubt, next: mayRecord(doubt.next, pack.site) ? doubt.next : null }, () => put(code));
      return doubt.says; // the scanner says it too
    } catch (error) {
      find("[data-error]").textContent = error.message;
      find("[data-error]").hidden = false;
      find("[data-error]").scrollIntoView({ block: "center" });
      return undefined;
    }
  };
  find("[data-more]").addEventListener("click", () => take(field.value));
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return; // a scanner that types ends with Enter
    event.preventDefault();
    take(field.value);
  });
  offerScan(find("[data-scan]"), { title: "连续扫标签", continuous: true, known: [...known.keys()], taken: named }, take);
  return take;
}

function together(find) {
  const mass_g = grams(find("[data-name=kg]").value, MOST_GROUP_G);
  return mass_g ? { group_mass_g: mass_g } : {};
}

const refs = (codes) => {
  if (!codes.length) throw new Mistyped("还没有勾选。请勾上这次的袋，或输入标签编码。");
  if (codes.length > MOST) throw new Mistyped(`一次最多 ${MOST} 袋，请分几次登记。`);
  return codes.map((code) => ({ code }));
};

function about(codes, known, extra = []) {
  const mass_g = codes.reduce((sum, code) => sum + (known.get(code)?.mass_g ?? 0), 0);
  return { pieces: 0, mass_g, lines: codes.slice(0, 40), facts: [["袋数", `${codes.length} 袋`], ["重量", kilograms(mass_g)], ...extra] };
}

function frame(title, says, legend, submit) {
  const find = show("bags");
  find("[data-title]").textContent = title;
  find("[data-says]").textContent = says;
  find("[data-says]").hidden = !says;
  find("[data-legend]").textContent = legend;
  find("[data-submit]").textContent = submit;
  return find;
}

// What the phone does not know because there is too much of it, in plain words.
function sayCut(find, cut, words) {
  find("[data-cut]").hidden = !cut;
  find("[data-cut]").textContent = words;
}
const UNKNOWN = "手机里没有这一袋的资料";
const OLDER = "袋太多，手机里只有最近的。没有列出的，请扫标签或输入编码。";

const option = ([value, textContent]) => element("option", { value, textContent });

export function store({ pack, known, code, record, then }) {
  const find = frame("入库", "", "哪些袋入库", "登记入库");
  sayCut(find, pack.bags_cut, OLDER);
  const bags = heldAt(known, pack.site.code, ["collected", "received"]);
  const list = ticks(find, bags, { chosen: new Set(code ? [code] : []), unknown: UNKNOWN });
  const take = withMore(find, list, known, { kind: "store", site: () => pack.site.code, pack });
  if (code) take(code);
  onSubmit(find("form"), find, async () => {
    const codes = list.ticked();
    const event = { kind: "store", site: pack.site.code, batches: refs(codes), ...together(find) };
    then(await record(event, about(codes, known)));
  });
}

export function depart({ pack, known, code, record, then }) {
  const find = frame("发运", "", "装哪些袋", "登记发运");
  const site = pack.site?.code ?? "";
  sayCut(find, site ? pack.bags_cut : pack.near_cut, OLDER);
  find("[data-departing]").hidden = false;
  find("[data-place]").hidden = Boolean(site);
  find("[data-name=place]").append(...pack.places.map(option));
  find("[data-name=destination]").append(...pack.destinations.map(option));
  find("#plates").append(...pack.vehicles.map((plate) => element("option", { value: plate })));
  if (pack.destinations.length === 1) find("[data-name=destination]").value = pack.destinations[0][0];
  if (pack.vehicles.length === 1) find("[data-name=vehicle]").value = pack.vehicles[0];
  const place = find("[data-name=place]");
  const from = () => site || place.value;
  const bags = () => heldAt(known, from(), SEALED).filter((bag) => !bag.container);
  const list = ticks(find, bags(), { chosen: new Set(code ? [code] : []), unknown: UNKNOWN });
  place.addEventListener("change", () => list.offer(bags()));
  // A driver's first bag tells where he stands.
  const first = (bag) => {
    if (from() || !pack.places.some(([one]) => one === bag?.site)) return;
    place.value = bag.site;
    list.offer(bags());
  };
  const take = withMore(find, list, known, { kind: "depart", site: from, pack, first });
  if (code) take(code);
  onSubmit(find("form"), find, async () => {
    const destination = find("[data-name=destination]").value;
    if (!from()) throw new Mistyped("请选在哪里装货。");
    if (!destination) throw new Mistyped("请选运到哪里。");
    const vehicle = find("[data-name=vehicle]").value.normalize("NFKC").toUpperCase().replace(/[\s·]/g, "");
    if (!PLATE.test(vehicle)) throw new Mistyped("请填车牌号，例如 冀A12345。");
    const codes = list.ticked();
    const event = { kind: "depart", site: from(), destination, vehicle, batches: refs(codes), ...together(find) };
    const name = pack.destinations.find(([place]) => place === destination)?.[1] ?? destination;
    then(await record(event, about(codes, known, [["运到", name], ["车牌", vehicle]])));
  });
}

export function arrive({ pack, known, trip, code, record, then }) {
  const chosen = comingTo(pack, known).find(({ id, bags }) => id === trip || bags.some((bag) => bag.code === code));
  const says = chosen
    ? `${chosen.from} → 本站，车牌 ${chosen.vehicle}，交接单 ${chosen.number}`
    : "手机里没有这一车的资料，按标签登记，发运的一方上传后自动对上。";
  const find = frame("签收", says, "到了哪些袋", "登记签收");
  sayCut(find, pack.coming_cut, "正在运来的袋太多，手机里不全。没有列出的，请扫标签或输入编码。");
  const bags = chosen?.bags ?? [];
  const list = ticks(find, bags, { chosen: new Set(bags.map((bag) => bag.code)), unknown: "不在这一车的清单里" });
  const take = withMore(find, list, known, { kind: "arrive", site: () => pack.site.code, pack });
  if (code) take(code);
  const reason = find("[data-reason]");
  const ask = () => (reason.hidden = !list.left().length);
  find("[data-ticks]").addEventListener("change", ask);
  find("[data-all]").addEventListener("click", ask);
  onSubmit(find("form"), find, async () => {
    const codes = list.ticked();
    const why = find("[data-name=reason]").value.trim();
    // Without a reason what is left is taken to come later; with one it is told as missing.
    const missing = why ? list.left().map((one) => ({ code: one, outcome: "missing", reason: why })) : [];
    const event = {
      kind: "arrive",
      site: pack.site.code,
      batches: missing.length && !codes.length ? [] : refs(codes),
      ...(chosen ? { trip: chosen.id } : {}),
      ...(missing.length ? { exceptions: missing } : {}),
      ...together(find),
    };
    then(await record(event, about(codes, known, missing.length ? [["没有到", `${missing.length} 袋`]] : [])));
  });
}
