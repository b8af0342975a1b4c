// A batch: each record that the platform lists is proven, and its text hashed where it may be seen.
import { Unanswered, ask, askEach } from "./ask.js";
import { headOf, placeOf } from "./head.js";
import { mayRead, readLeaf } from "./leaf.js";
import { concluded, count, misread, noHead, result, step, TITLES, worst } from "./result.js";

const SEPARATORS = /[\s\-‐‑‒–—―−_]/g;
const LOOKALIKES = { O: "0", I: "1", L: "1" };
const HAS_RECEIPT = "手里有回执的，请粘贴回执核验。";
const AS_LISTED =
  "✓ 证明的是存证码在日志里。没有注明“原文相同”的，类别、日期和属于哪一袋，是按平台说的显示；" +
  "有权查看的人登录后核验，登记原文会重新计算，逐项对照。";
const MAY_LACK = "清单有没有漏掉登记，这里看不出来，要由审计人员核验整本日志。";

// A code as it is compared: however it was typed, `app/batches/codes.py` reads it likewise.
const plain = (code) =>
  `${code}`.replaceAll(SEPARATORS, "").toUpperCase().replaceAll(/[OIL]/g, (one) => LOOKALIKES[one]);

export async function checkBatch(code, reader) {
  const { status, body } = await ask(`/api/v1/log/batches/${encodeURIComponent(code)}`);
  if (status === 404) {
    return misread(`平台说没有登记用过这个批次码，请对照标签核对。${HAS_RECEIPT}`);
  }
  if (status !== 200) return misread(body.detail ?? "这不是批次码。");
  const { batch, items } = body;
  if (!Array.isArray(items)) throw new Unanswered("回答看不懂");
  if (plain(batch) !== plain(code)) {
    return result("bad", TITLES.bad, `平台答的是另一袋（${batch}）。请截图，并联系审计部门。`, []);
  }
  if (!items.length) {
    return misread(
      `平台没有给出这一袋的任何登记，这什么也证明不了。${HAS_RECEIPT}没有回执又确实登记过的，请联系审计部门。`,
    );
  }
  const head = await headOf();
  if (!head.point) return noHead(head);
  const found = await askEach(items, (item) => checkItem(item, batch, head, reader));
  const twice = repeated(found);
  const lines = found.map((line) =>
    twice.has(line) ? { ...line, mark: "bad", words: `${whereOf(line)} 清单里写了两次` } : line);
  const right = lines.filter(({ mark }) => mark === "ok").length;
  const mark = worst(lines.map((line) => line.mark));
  const wrong = twice.size ? "平台的清单把同一条登记写了两次" : "有登记与日志不符";
  const words = {
    ok: `${right} 条登记，每一条都算出了公布的存证根（前 ${count(head.point.size)} 条）。`,
    wait: `${right} 条登记已核验，${lines.length - right} 条正在存证。`,
    bad: `${wrong}，见下面打 ✗ 的。请截图，并联系审计部门。`,
  };
  const steps = [...head.steps, step(mark, "逐条登记", words[mark])];
  const note = lines.every((line) => line.leaf) ? MAY_LACK : AS_LISTED + MAY_LACK;
  const more = { facts: [["批次码", batch]], lines, note };
  return concluded(steps, more, { ok: `平台列出的 ${right} 条登记都在日志里，没有改动过。` });
}

// The lines that tell of one record, be it by its id, its place in the log or its hash.
function repeated(lines) {
  const times = new Map();
  const names = ({ event, index, hash }) => [event, index, hash].filter((name) => name !== undefined);
  for (const name of lines.flatMap(names)) times.set(name, (times.get(name) ?? 0) + 1);
  return new Set(lines.filter((line) => names(line).some((name) => times.get(name) > 1)));
}

const whereOf = ({ index }) => (index === undefined ? "" : `序号 ${index}`);

// What a record did: through which container, and whether another one took its place.
function nameOf({ kind, via, corrected_by: by }, reader) {
  const name = reader.kinds[kind] ?? kind;
  return `${name}${via ? `（随容器 ${via}）` : ""}${by ? "（已被更正）" : ""}`;
}

async function checkItem(item, batch, head, reader) {
  const { event: id, kind, occurred_on: day, via } = item;
  const shown = await mayRead(id, reader);
  const place = await placeOf(id, head, item.leaf_hash);
  const { index, hash } = place;
  const line = { kind: nameOf(item, reader), day, event: id, index, hash };
  const bad = (words) => ({ ...line, mark: "bad", words: `${whereOf(line)} ${words}` });
  if (place.mark === "wait") return { ...line, mark: "wait", words: "正在存证" };
  if (place.mark !== "ok") return bad("与存证不符");
  if (!shown?.leaf) return { ...line, mark: "ok", words: whereOf(line) };
  const said = await readLeaf(shown.leaf, hash);
  if (!said) return bad("原文被改过");
  // What only takes an event back names that event and no bag.
  const concerns = said.batches.includes(via ?? batch) || (said.corrects && said.corrects === item.corrects);
  if (said.id !== id || !concerns) return bad("原文不是这一袋的这条登记");
  if (said.kind !== kind || said.day !== day) {
    return bad(`原文写的是${reader.kinds[said.kind] ?? said.kind} ${said.day}`);
  }
  return { ...line, mark: "ok", words: `${whereOf(line)}，原文相同`, leaf: true };
}
