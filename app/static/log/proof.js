// Hashes and inclusion proofs of a log (RFC 6962, RFC 9162 section 2.1). Pure: nothing is fetched.

export class ProofError extends Error {}

const HASH_BYTES = 32;

export function fromHex(text) {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new ProofError("not hex");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export const toHex = (bytes) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

// Takes the one standard way to write some bytes, no other.
export function fromBase64(text) {
  let said;
  try {
    said = atob(text);
  } catch {
    throw new ProofError("not base64");
  }
  if (btoa(said) !== text) throw new ProofError("not base64 as RFC 4648 writes it");
  return Uint8Array.from(said, (character) => character.charCodeAt(0));
}

export const sameBytes = (one, other) =>
  one.length === other.length && one.every((byte, n) => byte === other[n]);

export function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export const sha256 = async (...parts) =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", joined(...parts)));

export const leafHash = (leaf) => sha256([0], leaf);

export const nodeHash = (left, right) => sha256([1], left, right);

// The root of the tree of `size` leaves in which a leaf's hash stands at `index`, computed along
// its audit path (hashes, RFC 9162 section 2.1.3.2). A ProofError where there is no such path.
export async function rootAbove(hash, index, size, path) {
  if (![index, size].every(Number.isSafeInteger) || index < 0 || index >= size) {
    throw new ProofError("no such leaf");
  }
  if ([hash, ...path].some((one) => one.length !== HASH_BYTES)) {
    throw new ProofError("a hash has 32 bytes");
  }
  // Divided, not shifted: shifts in this language cut numbers to 32 bits.
  const half = (number) => Math.floor(number / 2);
  let place = index;
  let last = size - 1;
  let root = hash;
  for (const step of path) {
    if (last === 0) throw new ProofError("the path is too long");
    if (place % 2 === 1 || place === last) {
      root = await nodeHash(step, root);
      while (place % 2 === 0 && place > 0) {
        place = half(place);
        last = half(last);
      }
    } else {
      root = await nodeHash(root, step);
    }
    place = half(place);
    last = half(last);
  }
  if (last !== 0) throw new ProofError("the path is too short");
  return root;
}
