// What the platform promised: kept until this phone has itself seen the event in the published log, and
// for thirty days at least. A promise that was not kept stays, and says so. Where the platform's database
// went back to a backup, its log has another name: what that one lacks, waits to be sent again, under the
// same id.
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

// What the log says of an event: `gone` where the platform knows of none, `later` while it is under no
// published head, `proven` in the log of a name where its very leaf stands there, else `denied`.
async function sought({ id, leaf_hash: hash }) {
  const answer = await ask(`/api/v1/events/${id}/proof`);
  if (answer.problem && answer.status === 404) return { is: "gone" };
  if (!answer.ok || !answer.body?.leaf_hash) return { is: "later" }; // a portal's page proves and denies nothing
  const proof = answer.body;
  if (proof.leaf_hash !== hash) return { is: "denied" };
  try {
    const point = parseCheckpoint(parseNote(proof.checkpoint).text);
    if (point.size !== proof.tree_size) return { is: "later" };
    const path = proof.inclusion.map(fromHex);
    const stands = sameBytes(await rootAbove(fromHex(hash), proof.leaf_index, point.size, path), point.root);
    return stands ? { is: "proven", log: point.origin } : { is: "denied" };
  } catch (error) {
    if (error instanceof ProofError) return { is: "denied" };
    throw error;
  }
}

// Looks after the receipts: proves what is not proven in the log named `log`, lets go of what is proven
// and old. Returns how many events wait to be sent again.
export async function lookAfter(log = null, now = Date.now()) {
  let again = 0;
  if (canProve()) {
    const open = ({ proven, denied, log: of }) => !denied && (!proven || (log && of !== log));
    for (const row of (await all("receipts")).filter(open).slice(0, MOST_AT_ONCE)) {
      const { is, log: of } = await sought(row);
      if (is === "proven") await put("receipts", { ...row, proven: now, log: of });
      if (is === "denied") await put("receipts", { ...row, denied: now });
      if (is === "gone") {
        await sendAgain(row);
        again += 1;
      }
    }
  }
  await letGo(now);
  return again;
}

// Back into the queue as it was made; its place there is that of its number on this phone.
function sendAgain({ id, body, at, refs, site, account, person, pieces, mass_g, lines, facts }) {
  return write(["outbox", "receipts"], (transaction) => {
    transaction.objectStore("outbox").put({ id, body, at, refs, site, account, person, pieces, mass_g, lines, facts, tries: 0 });
    transaction.objectStore("receipts").delete(id);
    return {};
  });
}

async function letGo(now) {
  const old = (await all("receipts")).filter(({ proven, settled }) => proven && now - settled > KEEP_MS);
  if (!old.length) return;
  await write("receipts", (transaction) => {
    for (const { id } of old) transaction.objectStore("receipts").delete(id);
    return {};
  });
}
