// The checks behind 核验, step by step, in words.
import { Unanswered, askEach } from "./ask.js";
import { checkBatch } from "./batch.js";
import { headOf, introduced, keysFor, placeOf, rootStep } from "./head.js";
import { mayRead, readLeaf } from "./leaf.js";
import { looksLikeReceipt, parseNote, receiptsIn, signersOf } from "./note.js";
import { ProofError } from "./proof.js";
import {
  CANNOT_VERIFY, KEEP, TITLES, concluded, count, misread, moment, noHead, result, step,
} from "./result.js";

const MOST_RECEIPTS = 20;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const SCANNED = /^https?:\/\/[^/]+\/b\/([^/?#]+)/i;
const A_CODE = /^[\p{L}\p{N}\s\-‐‑‒–—―−_]{1,60}$/u;
const AS_NUMBERED =
  "✓ 证明的是存证码在日志里。它属于这个编号，是平台说的；有权查看的人登录后核验，登记原文会重新计算，逐项对照。";

// What somebody typed or pasted, checked: one result for each receipt, else one. A result is
// {mark, title, words, steps, lines?, facts?, note?, receipt?,
// toKeep?}: whoever did not paste the receipt is to keep it.
export async function check(pasted, reader) {
  // The field takes no more, so what fills it may have been cut.
  if (pasted.length >= reader.most) {
    return [misread(`内容太长，一次要少于 ${count(reader.most)} 个字。请只粘贴批次码，或者分几次粘贴回执。`)];
  }
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
    const typed = text.normalize("NFKC"); // full-width letters of a Chinese input method
    const id = typed.toLowerCase();
    if (UUID.test(id)) return [await checkEvent(id, await headOf(), reader)];
    const code = SCANNED.exec(typed)?.[1] ?? typed;
    if (A_CODE.test(code)) return [await checkBatch(code, reader)];
    return [misread("请输入标签上的批次码，或把回执整段粘贴进来。")];
  } catch (error) {
    const why = error instanceof Unanswered ? error.message : `${error}`;
    return [result("unknown", "现在不能核验", `没有得到可以核验的证明（${why}），请稍后再试。`, [])];
  }
}

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
  const event = await mayRead(id, reader);
  const [receipt] = receiptsIn(event?.receipt ?? "");
  if (receipt) {
    if (receipt.event !== id) {
      return result("bad", TITLES.bad, `平台给出的回执是另一条登记的。${KEEP}`, []);
    }
    const checked = await checkReceipt(receipt, head);
    const leaf = await leafSteps(event, id, receipt.leaf);
    const steps = [...checked.steps, ...leaf];
    const changed = leaf.some(({ mark }) => mark === "bad");
    const more = { facts: checked.facts, receipt: checked.receipt, toKeep: true };
    return changed ? concluded(steps, more, {}) : { ...checked, ...more, steps };
  }
  if (!head.point) return noHead(head);
  const place = await placeOf(id, head);
  if (place.mark === "absent") {
    return misread("平台说日志里没有这个编号的登记，请核对编号。手里有回执的，请粘贴回执核验。");
  }
  if (place.mark === "wait") return result("wait", TITLES.wait, "平台已收到，通常几秒钟内存证。", []);
  const leaf = await leafSteps(event, id, place.hash);
  const steps = [
    step("ok", "登记", `平台说登记在日志序号 ${place.index} 处。`),
    rootStep(place, head),
    ...leaf,
    ...head.steps,
  ];
  const more = leaf.length ? {} : { note: AS_NUMBERED };
  return concluded(steps, more, { ok: `这条登记在日志序号 ${place.index} 处。` });
}

// The text of an event beside the hash (hex) that is looked for in the log.
async function leafSteps(event, id, hash) {
  if (!event?.leaf) return [];
  const said = await readLeaf(event.leaf, hash);
  if (!said) return [step("bad", "登记原文", `登记原文与日志里的存证码不符：原文被改过。${KEEP}`)];
  return [
    said.id === id
      ? step("ok", "登记原文", "您有权查看的登记原文，存证码是本浏览器重新算的，与日志相同。")
      : step("bad", "登记原文", `登记原文是另一条登记的。${KEEP}`),
  ];
}
