// What waits to be sent. An event gets its place in the phone's chain and its place in the queue in one
// transaction: two tabs cannot take one number, and a page that dies leaves both or neither.
import { after, linkOf } from "./chain.js";
import { write } from "./store.js";
import { uuid7 } from "./uuid7.js";

// An instant as a leaf writes it: UTC, six digits of a second.
export const instant = (ms) => `${new Date(ms).toISOString().slice(0, -1)}000Z`;

// The phone's own order, whatever its clock said: a clock that was put right makes ids and times go back.
export const inOrder = (rows) => rows.sort((a, b) => a.body.device.seq - b.body.device.seq);

const TRUSTED_MS = 60_000; // what the platform too takes for no difference (model.md, Time)
const ON_ITS_WAY_MS = 20_000; // while a request may last: nothing is dated after what was recorded after it

// How far the clock was ahead when each of these rows, in order, was recorded, as far as the phone can tell: what
// was recorded before another event, or before now, did not happen after it. One clock for rows that follow each other.
export function aheadBy(rows, now) {
  const ahead = new Array(rows.length).fill(0);
  let latest = now;
  for (let n = rows.length - 1; n >= 0; n -= 1) {
    const over = rows[n].at - latest;
    if (over <= TRUSTED_MS) latest = Math.min(latest, rows[n].at);
    else ahead[n] = ahead[n + 1] || over + ON_ITS_WAY_MS;
  }
  return ahead;
}

const newDevice = () => ({ id: uuid7(), seq: 0, link: null });

// Puts an event into the queue and returns its row; `said` is its body without id, time and device.
// It is on the phone when the promise is kept. `more` is what the phone itself remembers of it, `head`
// the last head of the log that it saw: the event cannot have been made before there was that root.
export function queue(said, more, head = null, now = Date.now()) {
  return write(["facts", "outbox"], (transaction) => {
    const facts = transaction.objectStore("facts");
    const done = {};
    const asked = facts.get("device");
    asked.onsuccess = () => {
      const device = asked.result ?? newDevice();
      const seen = head?.size ? { not_before: { size: head.size, root: head.root } } : {};
      const body = { ...said, id: uuid7(now, device.newest), occurred_at: instant(now), channel: "phone", device: { ...after(device), ...seen } };
      done.value = { id: body.id, body, at: now, tries: 0, ...more };
      facts.put({ id: device.id, seq: device.seq + 1, link: linkOf(body), newest: body.id }, "device");
      transaction.objectStore("outbox").add(done.value);
    };
    return done;
  });
}

// Settles what the server answered, all of it or nothing. Only what it answered leaves the queue.
export function settle(rows, answers, judge, now = Date.now()) {
  return write(["outbox", "refused", "receipts"], (transaction) => {
    const store = (name) => transaction.objectStore(name);
    for (const row of rows) {
      const answer = answers.get(row.id);
      if (!answer) continue;
      const { to, kept } = judge(row, answer, now);
      store(to).put(kept);
      for (const name of ["outbox", "refused"]) if (name !== to) store(name).delete(row.id);
    }
    return {};
  });
}
