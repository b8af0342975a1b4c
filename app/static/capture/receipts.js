// What the platform promised: kept until this phone has itself seen the event in the published log, and
// for thirty days at least. A promise that was not kept stays, and says so.
import { parseCheckpoint, parseNote } from "../log/note.js";
import { ProofError, fromHex, rootAbove, sameBytes, toHex } from "../log/proof.js";
import { ask } from "./ask.js";
import { all, put, write } from "./store.js";

export const KEEP_MS = 30 * 86_400_000;
const MOST_AT_ONCE = 50;

export const canProve = () => Boolean(globalThis.crypto?.subtle);

// The published head as it stands, or null: {origin, size, root (hex)}.
export async function head() {
  const answer = await ask("/log/checkpoint");
  if (!answer.ok) return null;
  const { origin, size, root } = parseCheckpoint(parseNote(answer.body).text);
  return { origin, size, root: toHex(root) };
}

// Whether an event's very leaf stands in the log under a published head; null while it is not there yet.
async function isIncluded({ id, leaf_hash: hash }) {
  const answer = await ask(`/api/v1/events/${id}/proof`);
  if (!answer.ok) return null;
  const proof = answer.body;
  if (proof.leaf_hash !== hash) return false;
  try {
    const point = parseCheckpoint(parseNote(proof.checkpoint).text);
    if (point.size !== proof.tree_size) return null;
    const path = proof.inclusion.map(fromHex);
    return sameBytes(await rootAbove(fromHex(hash), proof.leaf_index, point.size, path), point.root);
  } catch (error) {
    if (error instanceof ProofError) return false;
    throw error;
  }
}

// Looks after the receipts: proves what is not proven, lets go of what is proven and old.
export async function lookAfter(now = Date.now()) {
  const rows = await all("receipts");
  if (canProve()) {
    for (const row of rows.filter(({ proven, denied }) => !proven && !denied).slice(0, MOST_AT_ONCE)) {
      const found = await isIncluded(row);
      if (found === null) continue;
      await put("receipts", { ...row, ...(found ? { proven: now } : { denied: now }) });
    }
  }
  const old = (await all("receipts")).filter(({ proven, settled }) => proven && now - settled > KEEP_MS);
  if (!old.length) return;
  await write("receipts", (transaction) => {
    for (const { id } of old) transaction.objectStore("receipts").delete(id);
    return {};
  });
}
