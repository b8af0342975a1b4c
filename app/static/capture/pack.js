// What the phone knows of its site: fetched when there is a network, read from the phone when not.
import { ask } from "./ask.js";
import { fact, keep } from "./store.js";

export class SignedOut extends Error {}
export class NotHere extends Error {}

// The pack as it is kept: {pack, tag, at, head}, or null on a phone that never had one. `unkept` is there
// where the phone could not keep what it fetched: it serves until the page is closed.
export const kept = async () => (await fact("pack")) ?? null;

const PACK = "/api/v1/capture/pack";

// A phone that has none yet asks before the rest of the page has come: capture.html runs this module first.
let first = kept().then((row) => (row ? null : ask(PACK))).catch(() => null);

// Asks for a newer one and keeps it. SignedOut where nobody is signed in,
// NotHere for an account that has no queue: the old one stays.
export async function refresh(now = Date.now()) {
  const [before, early] = await Promise.all([kept(), first]);
  first = null;
  // Nobody waits for the head of the log where nothing is on the screen yet: it comes with the next pack.
  const newest = before && import("./receipts.js").then(({ head }) => head()).catch(() => null);
  const answer = (!before && early) || (await ask(PACK, { headers: before ? { "if-none-match": before.tag } : {} }));
  // Whatever else answers, a proxy or a portal that asks for a login of its own, says nothing of this account.
  if (answer.problem && answer.status === 401) throw new SignedOut();
  if (answer.problem && answer.status === 403) throw new NotHere();
  if (answer.status !== 304 && !(answer.ok && answer.body?.account)) return before;
  const found = answer.status === 304 ? before : { pack: answer.body, tag: answer.headers.get("etag") };
  const row = { ...found, at: now, head: (await newest) ?? before?.head ?? null };
  return keep("pack", row).then(() => row, () => ({ ...row, unkept: true }));
}
