// UUIDv7 (RFC 9562): 48 bits of milliseconds, a 12-bit counter within one, then random bits. Ids of
// one phone sort in the order in which they were made, also where its clock stands still or goes back.
// Needs `getRandomValues` alone: `randomUUID` is missing on plain http.
const MOST = 0xfff;
let last = { ms: 0, counter: 0 };

const hex = (number, digits) => number.toString(16).padStart(digits, "0");

// The time and the counter that an id was made of.
const madeOf = (id) => ({ ms: parseInt(id.slice(0, 8) + id.slice(9, 13), 16), counter: parseInt(id.slice(15, 18), 16) });

// `before` is the last that the phone gave out, maybe before the page was loaded: the new one sorts after it.
export function uuid7(now = Date.now(), before = null) {
  const given = before ? madeOf(before) : last;
  if (given.ms > last.ms || (given.ms === last.ms && given.counter > last.counter)) last = given;
  const random = crypto.getRandomValues(new Uint8Array(10));
  if (now > last.ms) {
    // Begins in the lower half, so that a burst has room before it borrows from the next millisecond.
    last = { ms: now, counter: ((random[8] << 8) | random[9]) & 0x7ff };
  } else if (last.counter < MOST) {
    last = { ms: last.ms, counter: last.counter + 1 };
  } else {
    last = { ms: last.ms + 1, counter: 0 };
  }
  const tail = Array.from(random.subarray(0, 8), (byte) => hex(byte, 2)).join("");
  const variant = hex(8 | (random[0] & 3), 1) + tail.slice(1, 4);
  const ms = hex(last.ms, 12);
  return `${ms.slice(0, 8)}-${ms.slice(8)}-7${hex(last.counter, 3)}-${variant}-${tail.slice(4)}`;
}
