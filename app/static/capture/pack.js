// What the phone knows of its site: fetched when there is a network, read from the phone when not.
import { ask } from "./ask.js";
import { head } from "./receipts.js";
import { fact, keep } from "./store.js";

export class SignedOut extends Error {}
export class NotHere extends Error {}

// The pack as it is kept: {pack, tag, at, head}, or null on a phone that never had one. `unkept` is there
// where the phone could not keep what it fetched: it serves until the page is closed.
export const kept = async () => (await fact("pack")) ?? null;

// Asks for a newer one and keeps it. SignedOut where nobody is signed in,
// NotHere for an account that has no queue: the old one stays.
export async function refresh(now = Date.now()) {
  const before = await kept();
  const answer = await ask("/api/v1/capture/pack", { headers: before ? { "if-none-match": before.tag } : {} });
  if (answer.status === 401) throw new SignedOut();
  if (answer.status === 403) throw new NotHere();
  if (answer.status !== 304 && !answer.ok) return before;
  const found = answer.status === 304 ? before : { pack: answer.body, tag: answer.headers.get("etag") };
  const newest = await head().catch(() => null);
  const row = { ...found, at: now, head: newest ?? before?.head ?? null };
  return keep("pack", row).then(() => row, () => ({ ...row, unkept: true }));
}
