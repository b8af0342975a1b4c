// The checks behind 核验, step by step, in words. Marks: `ok` checked and right, `bad` checked and
// wrong, `wait` not in the log yet, `unknown` not checked. Nothing is `ok` that was not computed here.
import { Unanswered, ask, askEach, askForProof } from "./ask.js";
import {
  bytesOf, looksLikeReceipt, parseCheckpoint, parseKey, parseNote, receiptsIn, signersOf,
} from "./note.js";
import { ProofError, fromHex, leafHash, rootAbove, sameBytes, toHex } from "./proof.js";

const MOST_RECEIPTS = 20;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const SCANNED = /^https?:\/\/[^/]+\/b\/([^/?#]+)/i;
const A_CODE = /^[\p{L}\p{N}\s\-‐‑‒–—―−_]{1,60}$/u;
const KEEP = "请保存好回执，并联系审计部门。";
const ONLY_HASHES =
  "这里核对的是每条登记的存证码。登记原文只有有权查看的人登录后看得到，那时连原文一起核验。";
const CANNOT_VERIFY = "本浏览器不能验证签名，其余已核验。换一个新版的浏览器可以验证。";

const count = (number) => number.toLocaleString("zh-CN");
const TITLES = { ok: "核验通过", bad: "核验不通过", wait: "等待存证", unknown: "部分已核验" };
const step = (mark, title, words) => ({ mark, title, words });

// An instant in the province, by whose time people live.
export function moment(at) {
  const there = new Date(Date.parse(at) + 8 * 3600_000);
  return Number.isNaN(there.getTime()) ? at : there.toISOString().slice(0, 16).replace("T", " ");
}

const worst = (marks) =>
  ["bad", "unknown", "wait"].find((mark) => marks.includes(mark)) ?? "ok";

// What somebody typed or pasted, checked: one result for each receipt, else one. A result is
// {mark, title, words, steps, lines?, facts?, note?, receipt?,
// toKeep?}: whoever did not paste the receipt is to keep it.
export async function check(pasted, reader) {
  const text = pasted.trim();
  try {
    const receipts = receiptsIn(text);
    if (receipts.length > MOST_RECEIPTS) {
      return [misread(`一次最多核验 ${MOST_RECEIPTS} 张回执，请分几次。`)];
    }
    if (receipts.length) {
      const head = await headOf();
      return await askEach(receipts, (receipt) => checkReceipt(receipt, head));
    }
    if (looksLikeReceipt(text)) {
      return [result("bad", "这不是一张完整的回执", "回执不完整，或者被改动过，读不出来。", [])];
    }
    const id = text.toLowerCase();
    if (UUID.test(id)) return [await checkEvent(id, await headOf(), reader)];
    const code = SCANNED.exec(text)?.[1] ?? text;
    if (A_CODE.test(code)) return [await checkBatch(code, reader)];
    return [misread("请输入标签上的批次码，或把回执整段粘贴进来。")];
  } catch (error) {
    const why = error instanceof Unanswered ? error.message : `${error}`;
    return [result("unknown", "现在不能核验", `没有得到可以核验的证明（${why}），请稍后再试。`, [])];
  }
}

const result = (mark, title, words, steps, more = {}) => ({ mark, title, words, steps, ...more });
const misread = (words) => result("unknown", "没有核验", words, []);

// --- the head of the log, and the keys that its leaves introduce

async function headOf() {
  const note = await ask("/log/checkpoint");
  const keys = await ask("/api/v1/log/keys"); // afterwards, so that those of the head are there
  const head = { point: null, keys: keys.body.items ?? [], steps: [] };
  if (note.status !== 200) return head; // no head was published yet
  let signed;
  try {
    signed = parseNote(note.body);
    head.point = parseCheckpoint(signed.text);
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    return { ...head, broken: true, steps: [step("bad", "日志头签名", "日志头读不出来，被改过或损坏了。")] };
  }
  const known = await keysFor(head, "checkpoint", head.point.origin);
  const signers = await signersOf(signed, known);
  for (const signer of signers) signer.place = await introduced(signer.key, head);
  head.steps = headSteps(head.point, signers);
  return head;
}

async function keysFor(head, purpose, name) {
  const found = [];
  for (const item of head.keys.filter((one) => one.purpose === purpose)) {
    try {
      const key = await parseKey(item.vkey);
      if (key.name === name) found.push({ ...key, item });
    } catch (error) {
      if (!(error instanceof ProofError)) throw error; // a damaged line names no key
    }
  }
  return found;
}

function headSteps(point, signers) {
  const title = "日志头签名";
  if (!signers.length) return [step("bad", title, "公布的日志头没有本日志公钥的签名。")];
  if (signers.some(({ right }) => right === false)) {
    return [step("bad", title, "公布的日志头签名不对。")];
  }
  const standing = signers.filter(({ place }) => place.mark === "ok" && !place.ended);
  const [chosen] = standing.length ? standing : signers;
  const ofKey = step(chosen.place.mark, "签名公钥", chosen.place.words);
  if (chosen.place.ended) {
    ofKey.mark = "bad";
    ofKey.words = "日志头只有已经停用的公钥的签名。";
  }
  const signed =
    chosen.right === null
      ? step("unknown", title, CANNOT_VERIFY)
      : step("ok", title, `日志“${point.origin}”公布的 ${count(point.size)} 条登记，由它的公钥签名。`);
  return [signed, ofKey];
}

// Where a leaf of this very log introduces a key: its text is hashed here and proven like any other.
async function introduced(key, head) {
  const { event, leaf, purpose } = key.item;
  const row = rowsOf(leaf).find((one) => one.vkey === key.vkey && one.purpose === purpose);
  if (!row) return { mark: "bad", words: "这把公钥没有登记在日志里。" };
  const place = await placeOf(event, head, toHex(await leafHash(bytesOf(leaf))));
  if (place.mark === "wait") return { mark: "wait", words: "这把公钥刚登记，还没有存证，请稍后再核验。" };
  if (place.mark !== "ok") return { mark: "bad", words: "登记这把公钥的那一条，与存证不符。" };
  const ended = Boolean(row.valid_to) && Date.parse(row.valid_to) <= Date.now();
  return { mark: "ok", words: `公钥登记在日志序号 ${place.index} 处，已核验。`, ended };
}

function rowsOf(leaf) {
  try {
    const { event } = JSON.parse(leaf);
    return event.kind === "declare" && event.subject === "keys" ? event.rows : [];
  } catch {
    return [];
  }
}

// Where an event stands under a head. With `hash` (hex) that very leaf has to stand there; the
// root is computed from it along the path. `mark`: ok, wait, absent, other (another leaf), bad.
async function placeOf(event, head, hash = null) {
  if (!head.point) return { mark: "wait" };
  const found = await askForProof(event, head.point.size);
  if (found.absent) return { mark: "absent" };
  if (found.waiting) return { mark: "wait" };
  const { index } = found;
  if (hash !== null && found.hash !== hash) return { mark: "other", index };
  try {
    const path = found.path.map(fromHex);
    const root = await rootAbove(fromHex(found.hash), index, head.point.size, path);
    const mark = sameBytes(root, head.point.root) ? "ok" : "bad";
    return { mark, index, hash: found.hash };
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    return { mark: "bad", index, hash: found.hash };
  }
}

const rootStep = (place, head) =>
  place.mark === "ok"
    ? step("ok", "存证根", `由这条登记算出的存证根，与公布的前 ${count(head.point.size)} 条的一致。`)
    : step("bad", "存证根", "由这条登记算出的存证根，与公布的不一致：日志被改过。");

// --- a receipt

async function checkReceipt(receipt, head) {
  const facts = [
    ["登记编号", receipt.event],
    ["登记时间", moment(receipt.recorded)],
    ["最迟存证", moment(receipt.due)],
  ];
  const more = { receipt: receipt.note, facts };
  const title = "回执签名";
  const bad = (words) =>
    result("bad", TITLES.bad, "回执签名不对：被改动过，或者不是本平台开的。", [step("bad", title, words)]);
  let signers;
  try {
    signers = await signersOf(parseNote(receipt.note), await keysFor(head, "receipt", receipt.name));
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    return bad("回执签名不对：签名读不出来。");
  }
  const [signer] = signers;
  if (!signer) return bad("回执签名不对：签名的不是本日志的回执公钥。");
  if (signer.right === false) return bad("回执签名不对：回执的内容与签名不符。");
  const signed =
    signer.right === null
      ? step("unknown", title, CANNOT_VERIFY)
      : step("ok", title, "回执由日志的回执公钥签名，一个字也没有改过。");
  const key = head.point ? await introduced(signer.key, head) : { mark: "ok" };
  const ofKey = step(key.mark, "回执公钥", key.words);
  if (key.mark === "bad") return result("bad", TITLES.bad, key.words, [signed, ofKey], more);
  const place = await placeOf(receipt.event, head, receipt.leaf);
  const believed = signer.right === true && key.mark === "ok";
  const steps = [
    signed,
    ...(head.point ? [ofKey] : []),
    ...(head.broken ? [] : receiptSteps(receipt, place, head, believed)),
    ...head.steps,
  ];
  if (head.point && receipt.name !== `${head.point.origin}/receipt` && place.mark !== "ok") {
    steps.push(step("unknown", "前一本日志", `回执由“${receipt.name}”开出，现在的日志是“${head.point.origin}”。` +
      "平台从备份恢复后会另起一本日志，丢失的登记由手机重新上传，编号不变，存证码会变。"));
  }
  return concluded(steps, more, {
    ok: `回执上的登记就在日志序号 ${place.index} 处，开出回执以后没有改动过。`,
  });
}

function receiptSteps(receipt, place, head, believed) {
  const title = "登记";
  if (place.mark === "ok" || place.mark === "bad") {
    const words = `登记在日志序号 ${place.index} 处，存证码与回执相同。`;
    return [step("ok", title, words), rootStep(place, head)];
  }
  const due = moment(receipt.due);
  const late = Date.now() > Date.parse(receipt.due); // by the clock of whoever asks
  if (place.mark !== "other" && !late) {
    const found = place.mark === "wait" ? "平台已收到，正在存证" : "日志里还没有这条登记";
    return [step("wait", title, `${found}，还没到期限（最迟 ${due}）。`)];
  }
  const wrong =
    place.mark === "other"
      ? `日志里的内容与回执不符：序号 ${place.index} 的存证码不是回执上的。`
      : `日志里没有这条登记，已经过了期限（最迟 ${due}）。`;
  // Nobody is accused on the word of a receipt that was not verified.
  if (!believed) return [step("unknown", title, `${wrong}回执的签名还没有验证，不能下结论。`)];
  const proves = place.mark === "other" ? "" : "这张回执证明日志漏了这条登记。";
  return [step("bad", title, `${wrong}${proves}${KEEP}`)];
}

// --- one event

async function checkEvent(id, head, reader) {
  const event = reader.signedIn ? await mayRead(id) : null;
  const [receipt] = receiptsIn(event?.receipt ?? "");
  const leaf = await leafStep(event);
  if (receipt) {
    const checked = await checkReceipt(receipt, head);
    const steps = [...checked.steps, ...leaf];
    const changed = leaf.some(({ mark }) => mark === "bad");
    const more = { facts: checked.facts, receipt: checked.receipt, toKeep: true };
    return changed ? concluded(steps, more, {}) : { ...checked, ...more, steps };
  }
  if (!head.point) return noHead(head);
  const place = await placeOf(id, head, event?.leaf_hash);
  if (place.mark === "absent") return misread("日志里没有这个编号的登记，请核对编号。");
  if (place.mark === "wait") return result("wait", TITLES.wait, "平台已收到，通常几秒钟内存证。", []);
  const steps = [
    step(place.mark === "other" ? "bad" : "ok", "登记", `登记在日志序号 ${place.index} 处。`),
    rootStep(place, head),
    ...leaf,
    ...head.steps,
  ];
  return concluded(steps, {}, { ok: `这条登记在日志序号 ${place.index} 处。` });
}

const noHead = (head) =>
  head.broken
    ? concluded(head.steps, {}, {})
    : result("wait", TITLES.wait, "日志还没有公布第一次存证，请稍后再核验。", []);

async function mayRead(id) {
  const { status, body } = await ask(`/api/v1/events/${id}`);
  return status === 200 ? body : null;
}

// Only who may see a record holds its text beside what the log has of it.
async function leafStep(event) {
  if (!event?.leaf) return [];
  const right = toHex(await leafHash(bytesOf(event.leaf))) === event.leaf_hash;
  return [
    right
      ? step("ok", "登记原文", "您有权查看的登记原文，存证码是本浏览器重新算的，与日志相同。")
      : step("bad", "登记原文", `登记原文与日志里的存证码不符：原文被改过。${KEEP}`),
  ];
}

// --- a batch

async function checkBatch(code, reader) {
  const { status, body } = await ask(`/api/v1/log/batches/${encodeURIComponent(code)}`);
  if (status === 404) return misread("没有登记用过这个批次码，请对照标签核对。");
  if (status !== 200) return misread(body.detail ?? "这不是批次码。");
  const head = await headOf();
  if (!head.point) return noHead(head);
  const lines = await askEach(body.items, (item) => checkItem(item, head, reader));
  const right = lines.filter(({ mark }) => mark === "ok").length;
  const mark = worst(lines.map((line) => line.mark));
  const words = {
    ok: `${right} 条登记，每一条都算出了公布的存证根（前 ${count(head.point.size)} 条）。`,
    wait: `${right} 条登记已核验，${lines.length - right} 条正在存证。`,
    bad: "有登记与日志不符，见下面打 ✗ 的。请截图，并联系审计部门。",
  };
  const steps = [...head.steps, step(mark, "逐条登记", words[mark])];
  const more = { facts: [["批次码", body.batch]], lines };
  if (!lines.some((line) => line.leaf)) more.note = ONLY_HASHES;
  return concluded(steps, more, { ok: `这一袋的 ${right} 条登记都在日志里，没有改动过。` });
}

async function checkItem(item, head, reader) {
  const line = { kind: reader.kinds[item.kind] ?? item.kind, day: item.occurred_on };
  const event = reader.signedIn ? await mayRead(item.event) : null;
  const place = await placeOf(item.event, head, item.leaf_hash);
  if (place.mark === "wait") return { ...line, mark: "wait", words: "正在存证" };
  const where = place.index === undefined ? "" : `序号 ${place.index}`;
  if (place.mark !== "ok") return { ...line, mark: "bad", words: `${where} 与存证不符` };
  const [leaf] = await leafStep(event);
  if (leaf?.mark === "bad") return { ...line, mark: "bad", words: `${where} 原文被改过` };
  return { ...line, mark: "ok", words: leaf ? `${where}，原文相同` : where, leaf: Boolean(leaf) };
}

// --- what it all comes to

function concluded(steps, more, words) {
  const mark = worst(steps.map((one) => one.mark));
  const such = steps.filter((one) => one.mark === mark).map((one) => one.words);
  const said = words[mark] ?? such.find((one) => one !== CANNOT_VERIFY) ?? such[0];
  return result(mark, TITLES[mark], said, steps, more);
}
