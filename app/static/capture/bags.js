// What this phone knows of bags: the pack, and over it everything that was recorded here since. Pure.

export const KINDS = {
  hand_in: "交回", collect: "封袋", store: "入库", depart: "发运", arrive: "签收", pack: "装箱",
  unpack: "拆箱", repack: "分拣、合并", stock_count: "盘点", dispose: "处理",
};
export const STATUSES = {
  unused: "未启用", open: "装袋中", collected: "已封袋", stored: "在库", in_transit: "运输中", received: "已签收",
};
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
