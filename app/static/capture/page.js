// 现场登记: what is shown for which address, and what keeps going beside it: the queue, the pack, the
// receipts. Everything works from the phone's own store; the network is a matter of later.
import { NotHere, SignedOut, kept, refresh } from "./pack.js"; // it asks the platform as soon as it is there
import { ask } from "./ask.js";
import { all } from "./store.js";
import { helpWith, parseLabel } from "../scan/codes.js";
import { known, openBag, comingTo, doubtOf, KINDS, STATUSES } from "./bags.js";
import { collect, handIn } from "./hand_in.js";
import { nextStep } from "./next_step.js";
import { inOrder, queue } from "./outbox.js";
import { holder, peopleView } from "./people.js";
import { keepSending, waiting } from "./sync.js";
import { codeTyped, element, offerScan, show } from "./view.js";

// What the first form does not need comes beside it, and does not hold it up.
const LATER = {
  bags: () => import("./many_bags.js"),
  queue: () => import("./queue_view.js"),
  receipt: () => import("./receipt_view.js"),
  receipts: () => import("./receipts.js"),
};
const FRESH_MS = 60_000;
const OFFLINE = ["hand_in", "collect", "store", "depart", "arrive"];

let row = null; // the pack as it is kept
let state = "sending";
let caution = "";
let redraw = null; // what the view on the screen shows again when something was sent
const elsewhere = "BroadcastChannel" in globalThis ? new BroadcastChannel("capture") : null;

// --- what is known

async function bagsNow() {
  const [outbox, receipts] = await Promise.all([all("outbox"), all("receipts")]);
  const rows = inOrder([...receipts.filter(({ settled }) => settled > row.at), ...outbox]);
  const events = rows.filter(isMine).map(eventOf);
  return known(row.pack, events);
}

const eventOf = (one) => ({
  kind: one.body.kind,
  site: one.site,
  refs: one.refs ?? [],
  pieces: one.pieces ?? 0,
  mass_g: one.mass_g ?? 0,
  trip: one.id,
});

async function record(event, more) {
  const { pack } = row;
  const refs = event.batches.map(({ code, mass_g }) => ({ code, ...(mass_g ? { mass_g } : {}) }));
  const by = await holder(pack);
  const said = by?.id ? { ...event, author: by.id } : event;
  const kept = { ...more, refs, site: event.site, account: pack.account.id, person: by?.name ?? "" };
  const made = await queue(said, kept, row.head);
  changed();
  go();
  return made.id;
}

// --- the head of the page

async function drawHead() {
  const { outbox, refused } = await waiting();
  const pill = document.querySelector("[data-waiting]");
  pill.textContent = refused ? `待上传 ${outbox} 条 · 待处理 ${refused} 条` : `待上传 ${outbox} 条`;
  pill.classList.toggle("some", outbox + refused > 0);
  if (row) {
    document.querySelector("[data-site]").textContent = row.pack.site?.name ?? row.pack.county.name;
    document.querySelector("[data-who]").textContent = row.pack.account.name;
    const person = document.querySelector("[data-person]");
    person.hidden = !row.pack.people.length;
    person.textContent = (await holder(row.pack))?.name || "选人";
  }
  notice("full", row?.unkept && "手机存储空间满了，本站点的资料没有存下：关掉本页后，没有信号就打不开。请删除一些照片或视频。");
  notice("signed-out", state === "signed-out" && outbox > 0 && [
    "登录已过期。登记都在手机里，没有丢。", element("a", { href: "/sign-in?next=/capture", textContent: "登录后接着上传" }),
  ]);
}

function notice(name, parts) {
  const place = document.querySelector("[data-notices]");
  place.querySelector(`[data-notice=${name}]`)?.remove();
  if (!parts) return;
  const made = element("p", { className: "notice warm" }, ...[parts].flat());
  made.dataset.notice = name;
  made.setAttribute("role", "status");
  place.append(made);
}

function changed(tell = true) {
  if (tell) elsewhere?.postMessage("changed");
  drawHead();
  redraw?.(state);
}

// --- views

const then = (id) => (location.hash = `#receipt/${id}`);

function links(kind, codes) {
  const one = codes[0] ?? "";
  const after = {
    hand_in: [["#home", "再登记一次交回"], [`#collect/${one}`, "装满了，封袋"]],
    collect: [["#other", "用新袋登记交回"], ["#depart", "发运"]],
    depart: [["#depart", "再登记一次发运"]],
    arrive: [["#store", "入库"]],
    store: [["#depart", "发运"]],
  };
  return [...(after[kind] ?? []), ["#other", "扫别的标签"]];
}

async function home({ other = false } = {}) {
  const { pack } = row;
  const bags = await bagsNow();
  const bag = pack.account.role === "collector" && !other ? openBag(bags, pack.site.code) : null;
  if (bag) return handIn({ pack, bag, record, then });
  const find = show("home");
  find("[data-title]").textContent = pack.account.role === "collector" ? "取一张新标签贴在空袋上，扫它开始装袋" : "现场登记";
  for (const link of find("nav").querySelectorAll("[data-to]")) {
    link.hidden = link.dataset.to === "store" ? pack.account.role !== "keeper" : false;
  }
  find("[data-first]").hidden = !pack.account.first;
  const coming = pack.site ? comingTo(pack, bags) : [];
  find("[data-coming]").hidden = !coming.length;
  find("[data-coming] ul").append(...coming.map((trip) => element("li", {},
    element("p", {}, element("b", { textContent: trip.from }), `　${trip.bags.length} 袋，${trip.vehicle}`),
    element("a", { className: "button", href: `#arrive/${trip.id}`, textContent: "签收这一车" }))));
  const field = find("#code");
  const take = (text) => {
    try {
      location.hash = `#step/${codeTyped(text)}`;
    } catch (error) {
      find("#code-error").textContent = error.message;
      find("#code-error").hidden = false;
      field.focus();
    }
  };
  const help = find("[data-help]");
  const usual = help.textContent;
  field.addEventListener("input", () => {
    const { says, suggestions } = helpWith(field.value, [...bags.keys()]);
    help.textContent = [says, ...suggestions.map(({ why }) => why)].join(" ").trim() || usual;
  });
  find("[data-code-form]").addEventListener("submit", (event) => {
    event.preventDefault();
    take(field.value);
  });
  offerScan(find("[data-scan]"), { title: "扫标签", known: [...bags.keys()] }, take);
}

// A code was scanned: straight to the form of the next step, where there is no doubt which it is.
async function step(code) {
  const { pack } = row;
  const bags = await bagsNow();
  const bag = bags.get(code) ?? (await asked(code));
  const who = { role: pack.account.role, site: pack.site?.code };
  const holds = [...bags.values()].filter((one) => one.container === code).length;
  const next = bag ? nextStep(who, bag, holds) : null;
  if (next && OFFLINE.includes(next)) return form(next, code, bags, bag);
  const find = show("step");
  find("[data-code]").textContent = code;
  find("[data-title]").textContent = bag ? STATUSES[bag.status] ?? bag.status : "手机里没有这张标签";
  const link = (kind, n) => element("a", {
    className: n ? "button quiet" : "button", href: OFFLINE.includes(kind) ? `#${kind}/${code}` : `/record/${kind}?code=${code}`,
    textContent: OFFLINE.includes(kind) ? KINDS[kind] : `${KINDS[kind]}（要有网络）`,
  });
  if (next) {
    find("[data-says]").textContent = "下一步要在网上登记。";
    find("[data-steps]").append(link(next, 0));
  } else if (bag) {
    find("[data-says]").textContent = "这一袋在这里没有下一步。";
  } else {
    const cut = pack.labels_cut ? "本站点的标签太多，手机里只有最近发的。" : "别的站点的标签，或刚发的标签，手机里可能没有。";
    find("[data-says]").textContent = `${cut}看着实物选这一步：`;
    const kinds = { collector: ["hand_in", "collect"], keeper: ["arrive", "collect"], plant: ["arrive"], carrier: ["depart"] };
    find("[data-steps]").append(...(kinds[pack.account.role] ?? []).map(link));
  }
}

// What the platform says of a bag that the phone does not know; null without a network.
async function asked(code) {
  const answer = await ask(`/api/v1/batches/${code}`).catch(() => null);
  if (!answer?.ok || !answer.body?.status) return null;
  const { kind, status, site, mass_g, container } = answer.body;
  return { code, kind, status, site, mass_g: mass_g ?? 0, pieces: 0, hand_ins: 0, trip: null, container: container ?? null };
}

async function form(kind, code, bags, bag) {
  const { pack } = row;
  const found = bags ?? (await bagsNow());
  if (bag) found.set(code, bag); // the platform was asked for it
  const one = bag ?? found.get(code) ?? { code, kind: "bag", status: "unused", mass_g: 0, pieces: 0, hand_ins: 0 };
  const given = { pack, known: found, code, bag: one, record, then };
  if (kind === "hand_in" || kind === "collect") {
    const doubt = doubtOf(kind, one, pack.site?.code);
    if (doubt) return doubtful(code, one, doubt);
  }
  if (kind === "hand_in") return handIn(given);
  if (kind === "collect") return collect(given);
  return (await LATER.bags())[kind](given);
}

// Nothing to fill in: what is wrong with the bag, and what to do instead.
function doubtful(code, bag, { says, next }) {
  const find = show("step");
  find("[data-code]").textContent = code;
  find("[data-title]").textContent = STATUSES[bag.status] ?? "不能登记";
  find("[data-says]").textContent = says;
  const ways = [...(next ? [[`#${next}/${code}`, KINDS[next]]] : []), ["#other", "扫别的标签"]];
  find("[data-steps]").append(...ways.map(([href, words], n) =>
    element("a", { className: n ? "button quiet" : "button", href, textContent: words })));
}

const ROUTES = {
  home: () => home(),
  other: () => home({ other: true }),
  step,
  hand_in: (code) => form("hand_in", codeTyped(code)),
  collect: (code) => form("collect", codeTyped(code)),
  store: (code) => form("store", code && codeTyped(code)),
  depart: (code) => form("depart", code && codeTyped(code)),
  arrive: async (what = "") => {
    const code = parseLabel(what).code; // else it is a trip
    if (code) return form("arrive", code);
    return (await LATER.bags()).arrive({ pack: row.pack, known: await bagsNow(), trip: what, record, then });
  },
  people: () => peopleView({ pack: row.pack, then: chosen }),
  receipt: async (id) => (await LATER.receipt()).receiptView({ id, pack: row.pack, links }),
  queue: async () => (await LATER.queue()).queueView({ state: () => state, sendNow: () => go(), isMine, caution: () => caution }),
};

async function chosen() {
  await drawHead();
  if (location.hash === "#people") location.hash = "#home";
  else await route();
}

async function route() {
  const [name, argument] = location.hash.slice(1).split("/");
  redraw = null;
  if (!row && name !== "queue") return void show(notHere ? "not-here" : "start");
  const asks = row?.pack.people.length && name !== "queue" && !(await holder(row.pack));
  const view = asks ? ROUTES.people : ROUTES[name] ?? ROUTES.home;
  try {
    redraw = (await view(argument)) ?? null;
  } catch (error) {
    const find = show("step");
    find("[data-title]").textContent = "打不开这一步";
    find("[data-says]").textContent = error.message;
  }
}

// --- beginning, and what keeps going

// Anyone of a site may send what was recorded there; a driver, who has none, what is his own.
async function mine() {
  await freshen();
  return row && state !== "signed-out" ? isMine : null;
}

const isMine = (one) => (row?.pack.site ? one.site === row.pack.site.code : one.account === row?.pack.account.id);

let freshened = 0;
let notHere = false;
async function freshen(force = false) {
  if (!force && Date.now() - freshened < FRESH_MS) return;
  const first = !row;
  try {
    row = (await refresh()) ?? row;
    freshened = Date.now();
    if (state === "signed-out") state = "sending";
  } catch (error) {
    if (error instanceof SignedOut) state = "signed-out";
    if (error instanceof NotHere) notHere = true;
  }
  if (first && row) await route();
}

const go = keepSending(mine, async (found) => {
  if (found) state = found;
  changed();
  if (found === "done") {
    await freshen(true);
    const again = await LATER.receipts().then(({ lookAfter }) => lookAfter(row?.head?.origin)).catch(() => 0);
    changed();
    if (again) go();
    fetchDecoder();
  }
});

// The decoder is large: it is fetched when nothing waits, so that the camera reads without a network too.
let fetched = false;
function fetchDecoder() {
  if (fetched || !navigator.serviceWorker?.controller || navigator.connection?.saveData) return;
  fetched = true;
  import("../scan/decode.js").then(({ ready }) => ready()).catch(() => (fetched = false));
}

async function keepForOffline() {
  if (!isSecureContext) {
    notice("http", "本页用的是 http：不能离线打开，也不能用摄像头扫码。请管理员给平台装上证书（https）。登记照样先存在手机里。");
    return;
  }
  const lasting = (await navigator.storage?.persist?.().catch(() => false)) ?? false;
  if (!lasting) caution = "这个浏览器不保证长期保存。有信号时请打开本页，让登记及时上传。";
  const worker = await navigator.serviceWorker?.register("/sw.js").catch(() => null);
  if (!worker) notice("worker", "这个浏览器不能离线打开本页。没有信号时请不要关闭本页；登记仍会存在手机里。");
}

async function begin() {
  try {
    row = await kept();
  } catch (error) {
    const find = show("step");
    find("[data-title]").textContent = "这个浏览器存不住登记";
    find("[data-says]").textContent = `${error.message} 请用网上的登记表，或换一个浏览器。`;
    find("[data-steps]").append(element("a", { className: "button", href: "/", textContent: "网上的登记表" }));
    return;
  }
  addEventListener("hashchange", route);
  elsewhere?.addEventListener("message", () => changed(false));
  if (!row) await freshen();
  await route();
  performance.mark("usable");
  await drawHead();
  document.body.dataset.ready = "";
  for (const load of Object.values(LATER)) load().catch(() => {});
  keepForOffline();
  go();
}

begin();
