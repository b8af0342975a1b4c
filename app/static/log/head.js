// The published head of the log, the keys that its leaves introduce, and a leaf's place under it.
import { ask, askForProof } from "./ask.js";
import { bytesOf, parseCheckpoint, parseKey, parseNote, signersOf } from "./note.js";
import { ProofError, fromHex, leafHash, rootAbove, sameBytes, toHex } from "./proof.js";
import { CANNOT_VERIFY, count, step } from "./result.js";

export async function headOf() {
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

export async function keysFor(head, purpose, name) {
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
export async function introduced(key, head) {
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
export async function placeOf(event, head, hash = null) {
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

export const rootStep = (place, head) =>
  place.mark === "ok"
    ? step("ok", "存证根", `由这条登记算出的存证根，与公布的前 ${count(head.point.size)} 条的一致。`)
    : step("bad", "存证根", "由这条登记算出的存证根，与公布的不一致：日志被改过。");
