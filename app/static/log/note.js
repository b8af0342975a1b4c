// Signed notes, their keys, and the two notes of a log: its head (C2SP signed-note and
// tlog-checkpoint) and the receipt of a record. Pure: nothing is fetched.
import { ProofError, fromBase64, fromHex, sha256, toHex } from "./proof.js";

const ED25519 = 1;
export const bytesOf = (text) => new TextEncoder().encode(text);

// `text` is worth nothing before somebody whose key is known has signed it.
export function parseNote(raw) {
  const end = raw.lastIndexOf("\n\n");
  if (end < 0 || !raw.endsWith("\n")) throw new ProofError("not a signed note");
  const lines = raw.slice(end + 2, -1).split("\n");
  return { text: raw.slice(0, end + 1), signatures: lines.map(parseSignature) };
}

function parseSignature(line) {
  const found = /^— ([^\s+]+) ([A-Za-z0-9+/=]+)$/.exec(line);
  if (!found) throw new ProofError("not a signature line");
  const said = fromBase64(found[2]);
  return { name: found[1], id: toHex(said.slice(0, 4)), value: said.slice(4) };
}

export function parseCheckpoint(text) {
  const [origin, size, root] = text.split("\n");
  if (!origin || !/^(0|[1-9][0-9]{0,15})$/.test(size ?? "")) throw new ProofError("no checkpoint");
  const digest = fromBase64(root ?? "");
  if (digest.length !== 32) throw new ProofError("a root has 32 bytes");
  return { origin, size: Number(size), root: digest };
}

// A verifier key line: `name+key id+base64(algorithm ‖ public key)`.
export async function parseKey(vkey) {
  const [name, id, ...rest] = vkey.split("+");
  const said = fromBase64(rest.join("+"));
  const hash = await sha256(bytesOf(`${name}\n`), said);
  if (toHex(hash.slice(0, 4)) !== id) throw new ProofError("the key id is another key's");
  return { vkey, name, id, algorithm: said[0], point: said.slice(1) };
}

// Receipts in what somebody pasted: by themselves, within JSON or a message, with line ends of any
// kind. Each is written again as it was signed, so a change of anything else shows. A name is looked
// for where a word begins, nowhere within: else the time grows with the square of a word's length.
const RECEIPT = new RegExp(
  [
    /(?:^|[\s"])([^\s"]+)/, /event ([0-9a-f-]{36})/, /leaf ([0-9a-f]{64})/, /recorded ([0-9T:.-]{26}Z)/,
    /due ([0-9T:.-]{26}Z)/, /— ([^\s+]+) ([A-Za-z0-9+/=]+)/,
  ].map((part) => part.source).join("\\s+"),
  "g",
);

export function receiptsIn(pasted) {
  const plain = pasted.replaceAll(/\\r|\r/g, "").replaceAll("\\n", "\n")
    .replaceAll(/\\u2014/gi, "—").replaceAll("\\/", "/");
  return [...plain.matchAll(RECEIPT)].map(([, name, event, leaf, recorded, due, by, line]) => {
    const text = `${name}\nevent ${event}\nleaf ${leaf}\nrecorded ${recorded}\ndue ${due}\n`;
    return { name, event, leaf, recorded, due, text, note: `${text}\n— ${by} ${line}\n` };
  });
}

export const looksLikeReceipt = (pasted) => /— |\/receipt\b|\bleaf [0-9a-f]/.test(pasted);

// RFC 8032 section 7.1, test 1: a browser that does not find this signature right checks none.
const KNOWN = {
  point: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
  signature:
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555" +
    "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
};

export async function canVerify() {
  try {
    return await isSigned(fromHex(KNOWN.point), fromHex(KNOWN.signature), new Uint8Array());
  } catch {
    return false;
  }
}

async function isSigned(point, signature, message) {
  const key = await crypto.subtle.importKey("raw", point, { name: "Ed25519" }, false, ["verify"]);
  return crypto.subtle.verify({ name: "Ed25519" }, key, signature, message);
}

// The known keys that a note names, each with whether its signature is right; `right` is null where
// this browser cannot tell.
export async function signersOf(note, keys) {
  const able = await canVerify();
  const found = [];
  for (const { name, id, value } of note.signatures) {
    const key = keys.find((one) => one.name === name && one.id === id);
    if (!key) continue;
    const fits = key.algorithm === ED25519 && value.length === 64;
    const wrong = () => false; // a key that is no point of the curve signed nothing
    const message = bytesOf(note.text);
    const right = able && fits ? await isSigned(key.point, value, message).catch(wrong) : null;
    found.push({ key, right: fits ? right : false });
  }
  return found;
}
