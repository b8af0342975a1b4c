// SHA-256 (FIPS 180-4) of bytes, as hex, at once. `crypto.subtle` is missing on plain http, and waits:
// a transaction of IndexedDB ends while it is waited for, and what is queued must be hashed within one.
const roots = (power) => {
  const found = [];
  for (let n = 2; found.length < 64; n += 1) {
    if (found.every(([prime]) => n % prime)) found.push([n, ((n ** power % 1) * 2 ** 32) | 0]);
  }
  return found.map(([, fraction]) => fraction);
};
const K = Int32Array.from(roots(1 / 3));
const START = Int32Array.from(roots(1 / 2).slice(0, 8));
const turn = (word, by) => (word >>> by) | (word << (32 - by));

function padded(bytes) {
  const whole = new Uint8Array(((bytes.length + 72) >> 6) << 6);
  whole.set(bytes);
  whole[bytes.length] = 0x80;
  const view = new DataView(whole.buffer);
  view.setUint32(whole.length - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(whole.length - 4, (bytes.length << 3) >>> 0);
  return view;
}

export function sha256(bytes) {
  const view = padded(bytes);
  const state = START.slice();
  const w = new Int32Array(64);
  for (let at = 0; at < view.byteLength; at += 64) {
    for (let i = 0; i < 16; i += 1) w[i] = view.getInt32(at + i * 4);
    for (let i = 16; i < 64; i += 1) {
      const [x, y] = [w[i - 15], w[i - 2]];
      const before = turn(x, 7) ^ turn(x, 18) ^ (x >>> 3);
      const after = turn(y, 17) ^ turn(y, 19) ^ (y >>> 10);
      w[i] = (w[i - 16] + before + w[i - 7] + after) | 0;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i += 1) {
      const s1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
      const one = (h + s1 + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
      const s0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
      const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => (state[i] = (state[i] + word) | 0));
  }
  return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

export const sha256OfText = (text) => sha256(new TextEncoder().encode(text));
