// The chain of one phone: each event names the one before it by the hash of its public part, exactly as
// a leaf of the log has it. What was queued cannot be edited, dropped or put in between without the next
// event telling. The twin of app/alerts/rules/device.py; tests/test_capture_browser.py holds them together.
import { sha256OfText } from "./sha256.js";

const PRIVATE = ["note", "giver", "driver"]; // stays outside the log, so it stays outside the chain
const E7 = 1e7;

// JSON as RFC 8785 writes it: keys in order, no spaces. Numbers of a public part are whole.
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") {
    if (typeof value === "number" && !Number.isSafeInteger(value)) throw new RangeError(`${value} is not whole`);
    return JSON.stringify(value);
  }
  const keys = Object.keys(value).filter((key) => value[key] !== undefined).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
}

// What a leaf will say of an event that this phone sends: all but what is private, places as integers.
export function publicOf(body) {
  const said = Object.fromEntries(Object.entries(body).filter(([key]) => !PRIVATE.includes(key)));
  if (said.position) said.position = inIntegers(said.position);
  return said;
}

function inIntegers({ lat, lon, accuracy_m: accuracy }) {
  const place = { lat_e7: Math.round(lat * E7), lon_e7: Math.round(lon * E7) };
  return accuracy === undefined ? place : { ...place, accuracy_cm: Math.round(accuracy * 100) };
}

export const linkOf = (body) => sha256OfText(canonical(publicOf(body)));

// What stands before a device's next event: {seq, prev}. The first has no `prev`.
export const after = (device) => ({
  id: device.id,
  seq: device.seq + 1,
  ...(device.link ? { prev: device.link } : {}),
});

// Whether the log says what this phone sent: the leaf's text, its hash, and the event in it.
export function isAsSent(body, { leaf, leaf_hash: hash }) {
  try {
    return sha256OfText(`\0${leaf}`) === hash && canonical(JSON.parse(leaf).event) === canonical(publicOf(body));
  } catch {
    return false;
  }
}
