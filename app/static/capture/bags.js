// What this phone knows of bags: the pack, and over it everything that was recorded here since. Pure.

export const KINDS = {
  hand_in: "交回", collect: "封袋", store: "入库", depart: "发运", arrive: "签收", pack: "装箱",
  unpack: "拆箱", repack: "分拣、合并", stock_count: "盘点", dispose: "处理",
};
export const STATUSES = {
  unused: "未启用", open: "装袋中", collected: "已封袋", stored: "在库", in_transit: "运输中", received: "已签收",
};
const ENDED = { disposed: "已经处理", written_off: "已经核销", repacked: "已经分拣、换过标签" };
export const SEALED = ["collected", "received", "stored"];

// The labels that a row of the queue, a refusal or a receipt names.
export const codesOf = ({ body }) => (body.batches ?? []).map(({ code }) => code);

// Bags by code, each {code, kind, status, site, mass_g, pieces, hand_ins, trip, container}; those that
// were touched last stand last, as in the pack, which has the newest first, and over it what came since.
export function known(pack, events) {
  const bags = new Map();
  for (const kind of ["bag", "container"]) {
    for (const code of pack.labels[kind]) bags.set(code, unused(code, kind));
  }
  const touch = (code, bag) => {
    bags.delete(code);
    bags.set(code, bag);
  };
  for (const bag of [...pack.bags].reverse()) touch(bag.code, bag);
  for (const event of events) for (const [code, bag] of changes(event, bags)) touch(code, bag);
  return bags;
}

const unused = (code, kind = "bag") => ({
  code, kind, status: "unused", site: null, mass_g: 0, pieces: 0, hand_ins: 0, trip: null, container: null,
});

// What an event that this phone recorded makes of the bags that it names: `{kind, site, refs, pieces, mass_g}`.
function changes(event, bags) {
  const changed = [];
  for (const { code, mass_g: weighed } of event.refs) {
    const bag = bags.get(code) ?? unused(code);
    const mass_g = weighed ?? bag.mass_g;
    const at = { site: event.site, trip: null };
    if (event.kind === "hand_in") {
      const more = { mass_g: bag.mass_g + event.mass_g, pieces: bag.pieces + event.pieces, hand_ins: bag.hand_ins + 1 };
      changed.push([code, { ...bag, ...at, ...more, status: "open" }]);
    } else if (event.kind === "collect") changed.push([code, { ...bag, ...at, mass_g, status: "collected" }]);
    else if (event.kind === "store") changed.push([code, { ...bag, ...at, mass_g, status: "stored" }]);
    else if (event.kind === "arrive") changed.push([code, { ...bag, ...at, mass_g, status: "received" }]);
    else if (event.kind === "depart") changed.push([code, { ...bag, mass_g, trip: event.trip, status: "in_transit" }]);
  }
  return changed;
}

// The bag that a point filled last and has not sealed.
export function openBag(bags, site) {
  return [...bags.values()].filter((bag) => bag.status === "open" && bag.site === site).pop() ?? null;
}

export const heldAt = (bags, site, statuses) =>
  [...bags.values()].filter((bag) => bag.site === site && statuses.includes(bag.status) && bag.kind === "bag");

export const comingTo = (pack, bags) =>
  pack.trips.map((trip) => ({
    ...trip,
    bags: [...bags.values()].filter((bag) => bag.trip === trip.id && bag.status === "in_transit"),
  })).filter((trip) => trip.bags.length);

const refuse = (says, next = null) => ({ says, next, refused: true });
const warn = (says, next = null) => ({ says, next, refused: false });

// What is wrong with recording a step on a bag at a site, as far as the phone knows, which may be long ago: null or
// {says, next, refused}. `refused` where the platform refuses it too (model.md, conflict); what it records and flags,
// a person may insist on. `next` is the step that comes first.
export function doubtOf(kind, bag, site) {
  if (!bag) return null;
  if (bag.status in ENDED) return refuse(`这一袋${ENDED[bag.status]}，不能再登记。请核对标签。`);
  if (kind === "hand_in" || kind === "collect") return doubtOfFilling(kind, bag, site);
  if (bag.kind === "container") return null;
  if (bag.container) return refuse(`这一袋在容器 ${bag.container} 里。请登记那个容器；要单独登记这一袋，先拆箱。`);
  return kind === "arrive" ? doubtOfArrival(bag, site) : doubtOfHolding(kind, bag, site);
}

function doubtOfFilling(kind, bag, site) {
  if (bag.kind === "container") return refuse("这是容器的标签，不是袋的。请扫袋上的标签。");
  if (bag.status === "open" && bag.site !== site) return refuse("这一袋正在别的站点装，这里不能登记。请换一张新标签。");
  if (["unused", "open"].includes(bag.status)) return null;
  const then = kind === "hand_in" ? "不能再装。请换一张新标签贴在空袋上。" : "不用再封。";
  return refuse(`这一袋${STATUSES[bag.status]}，${then}`, bag.site === site && SEALED.includes(bag.status) ? "depart" : null);
}

function doubtOfArrival(bag, site) {
  if (bag.status === "unused") return warn("这张标签还没有装过东西。请核对编码。");
  if (bag.status === "in_transit" || bag.site !== site) return null;
  return refuse("这一袋已经在本站点，不用再签收。");
}

function doubtOfHolding(kind, bag, site) {
  if (bag.status === "open") return warn(`这一袋还没有封。先封袋、称重，再${KINDS[kind]}。`, bag.site === site ? "collect" : null);
  if (bag.status === "unused") return warn(`这张标签还没有装过东西。请核对编码；装满了的，先封袋，再${KINDS[kind]}。`, "collect");
  if (bag.status === "in_transit" && bag.site === site && kind === "depart") {
    return refuse("这一袋已经登记发运，还在路上。拉回来了，先签收。", "arrive");
  }
  if (bag.status === "in_transit") return warn(`这一袋还在路上，没有签收。先签收，再${KINDS[kind]}。`, "arrive");
  if (site && bag.site !== site) return warn("手机里的资料说，这一袋在别的站点。请核对编码。");
  return null;
}
