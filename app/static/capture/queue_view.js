// The phone's queue as people see it: what waits, what was refused and what to do, what was promised.
import { KINDS, codesOf } from "./bags.js";
import { inOrder } from "./outbox.js";
import { all, remove } from "./store.js";
import { comesAgain } from "./sync.js";
import { element, moment, show } from "./view.js";

export const STATES = {
  done: "都已上传。",
  left: "没有等着上传的了。平台没有收下的，在下面“待处理”里。",
  sending: "正在上传…",
  elsewhere: "本页的另一个窗口正在上传。",
  offline: "现在没有网络。登记都存在手机里，有网络时自动上传。",
  busy: "网络不好或平台忙，过一会儿自动再试。",
  "signed-out": "登录已过期。登记都在手机里，没有丢；登录后接着上传。",
  stopped: "平台不让这个账号上传。请退出后用本站点的账号登录。",
};
const MOST_SHOWN = 100;

export const named = (codes) => (codes.length > 1 ? `${codes[0]} 等 ${codes.length} 袋` : codes[0] ?? "");

// Where nothing waits, the state of sending says nothing any more.
const wordsOf = (now, outbox, refused) => STATES[outbox.length ? now : refused.length ? "left" : "done"] ?? "";

// What to do about a refused item, in plain words.
export function remedy(row) {
  if (row.problem?.type?.endsWith("/time-out-of-range") && row.retry) {
    return "登记时手机的时间快了。请核对手机的日期和时间；到了那个时间，手机会自己再试。";
  }
  if (row.retry) return "可能是别人的手机还没有上传前一步。手机会自己再试，不用管。";
  if (comesAgain(row)) return "不是平台退回的，是路上的网络拦下的。手机会自己再试，不用管。";
  return "请照上面说的核对实物。要改的，重新登记一次，再删去这一条；没有发生的，直接删去。";
}

export async function queueView({ state, sendNow, isMine, caution }) {
  const find = show("queue");
  find("[data-now]").addEventListener("click", sendNow);
  const draw = async (now) => {
    const [outbox, refused, receipts] = await Promise.all(["outbox", "refused", "receipts"].map(all));
    for (const rows of [outbox, refused, receipts]) inOrder(rows);
    if (!find("[data-state]")) return;
    const others = outbox.filter((row) => !isMine(row)).length;
    find("[data-state]").replaceChildren(wordsOf(now, outbox, refused), ...signIn(now, outbox));
    find("[data-caution]").textContent = caution();
    if (others) find("[data-state]").append(` 其中 ${others} 条是别的站点的，用那个站点的账号登录才会上传。`);
    list(find, "outbox", outbox, (row) => [line(row)]);
    list(find, "refused", refused, (row) => [line(row), ...why(row, () => draw(now))]);
    list(find, "receipts", receipts.reverse(), (row) => [line(row), promise(row)]);
  };
  await draw(state());
  return draw;
}

function signIn(state, outbox) {
  if (state !== "signed-out" || !outbox.length) return [];
  return [" ", element("a", { href: "/sign-in?next=/capture", textContent: "现在登录" })];
}

function list(find, name, rows, parts) {
  find(`[data-count=${name}]`).textContent = `${rows.length} 条`;
  find(`[data-list=${name}]`).replaceChildren(
    ...rows.slice(0, MOST_SHOWN).map((row) => element("li", {}, ...parts(row))),
  );
}

function line(row) {
  const by = row.person ? `　${row.person}` : "";
  return element("p", {}, element("b", { textContent: KINDS[row.body.kind] ?? row.body.kind }), ` ${moment(row.at)}${by}`,
    element("br"), element("span", { className: "code", textContent: named(codesOf(row)) }));
}

function why(row, redraw) {
  const { problem } = row;
  const said = element("p", { className: "warm", textContent: problem?.detail ?? problem?.title ?? "没有收下。" });
  const more = element("p", { className: "hint", textContent: remedy(row) });
  if (comesAgain(row)) return [said, more];
  const button = element("button", { type: "button", className: "button quiet", textContent: "已处理，删去" });
  button.addEventListener("click", async () => {
    if (button.dataset.sure) {
      await remove("refused", row.id);
      redraw();
    }
    button.dataset.sure = "1";
    button.textContent = "再点一次，确实删去";
  });
  return [said, more, button];
}

function promise(row) {
  if (row.denied) {
    return element("p", { className: "warm", textContent: "日志里的内容与回执不符。请保存好这条回执，并联系审计部门。" });
  }
  if (!row.as_sent) {
    return element("p", { className: "warm", textContent: "平台登记的与本机发出的不同。请保存好这条，并联系县里。" });
  }
  return element("p", { className: "hint", textContent: row.proven ? "已核验存证" : "已登记，等待核验存证" });
}
