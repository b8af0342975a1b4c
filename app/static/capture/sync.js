// Sends the queue: twenty at a time, in order, one tab at a time, until nothing is left or the network
// is. An answer that was lost on its way is asked for again: the server knows every id once.
import { ask, isProblem } from "./ask.js";
import { isAsSent } from "./chain.js";
import { aheadBy, inOrder, settle } from "./outbox.js";
import { all, count, write } from "./store.js";
import { uuid7 } from "./uuid7.js";

const BATCH = 20;
const LEASE_MS = 30_000;
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 5 * 60_000;
const RETRY_FIRST_MS = 60_000;
const RETRY_LONGEST_MS = 6 * 3_600_000;
const LOCK = "capture-sync";
const me = uuid7();

// Full jitter: a village of phones that finds the network again does not knock at once.
const wait = (tries, least, most) => Math.min(most, least * 2 ** tries) * (0.5 + Math.random() / 2);

// What becomes of a row that was answered: where it is kept from then on.
export function judge(row, answer, now) {
  if (answer.outcome === "refused") {
    const tries = (row.tries ?? 0) + 1;
    const retry = answer.problem.retry === true;
    const again = retry ? now + wait(tries, RETRY_FIRST_MS, RETRY_LONGEST_MS) : null;
    return { to: "refused", kept: { ...row, tries, retry, again, problem: answer.problem, refused: now } };
  }
  const { event } = answer;
  // Its body stays with the receipt: the platform may have to be told again.
  const kept = {
    ...row,
    recorded: event.recorded_at,
    flags: event.flags ?? [],
    trip: event.trip ?? null,
    leaf_hash: event.leaf_hash,
    receipt: event.receipt ?? null,
    as_sent: isAsSent(row.body, event),
    proven: null,
    settled: now,
  };
  return { to: "receipts", kept };
}

// One tab sends. With locks the browser sees to it; else a row with a date in it, which a tab that died
// leaves behind for half a minute.
async function alone(work) {
  if (navigator.locks) {
    return navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => (lock ? work(() => true) : "elsewhere"));
  }
  if (!(await lease())) return "elsewhere";
  try {
    return await work(lease);
  } finally {
    await lease(0);
  }
}

function lease(ms = LEASE_MS) {
  return write("facts", (transaction) => {
    const facts = transaction.objectStore("facts");
    const done = { value: false };
    const asked = facts.get("lease");
    asked.onsuccess = () => {
      const held = asked.result;
      if (held && held.by !== me && held.until > Date.now()) return;
      facts.put({ by: me, until: Date.now() + ms }, "lease");
      done.value = true;
    };
    return done;
  });
}

// Not the events were answered but the whole request: with a `problem` by the platform, else by somebody else.
class Answered extends Error {
  constructor(status, problem) {
    super(`${status}`);
    this.status = status;
    this.problem = problem;
  }
}

async function post({ rows, ahead }) {
  const answer = await ask("/api/v1/capture", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      device: { id: rows[0].body.device.id },
      // By the clock that the events were recorded with: the platform puts their times right by it.
      sent_at: new Date(Date.now() + ahead).toISOString(),
      events: rows.map(({ body }) => body),
    }),
  });
  if (!answer.ok) throw new Answered(answer.status, answer.problem);
  return new Map(answer.body.items.map((item) => [item.id, item]));
}

// Too large, or not to be read: a part of the request may pass, and what is refused alone is at fault itself.
const TOO_LARGE = 413;
const UNREADABLE = 422;

// What a refusal of the whole request means. Only the platform's own word may settle an event or say that this
// account is at fault; whatever else answers (a proxy, a captive portal) passes by itself.
function meaningOf({ status, problem }, many) {
  if (many && (status === TOO_LARGE || (problem && status === UNREADABLE))) return "halve";
  if (!problem) return "busy";
  if (status === 401) return "signed-out";
  if (status === 403) return "stopped";
  return [TOO_LARGE, UNREADABLE].includes(status) ? "refused" : "busy";
}

// A refused row that is sent again by itself: a missing event may still cure it, or it was not the platform
// that refused it (as phones once believed of anybody).
export const comesAgain = ({ retry, problem }) => retry || !isProblem(problem);

// The first rows that one request may hold: it says one time, so they were all recorded with one clock.
function byOneClock(rows, now, most) {
  const all = aheadBy(rows, now);
  const other = all.findIndex((ahead) => ahead !== all[0]);
  return { rows: rows.slice(0, other < 0 ? most : Math.min(other, most)), ahead: all[0] ?? 0 };
}

async function due(isMine, most) {
  const now = Date.now();
  const waiting = inOrder((await all("outbox")).filter(isMine));
  if (waiting.length) return byOneClock(waiting, now, most);
  const again = (await all("refused")).filter((row) => isMine(row) && comesAgain(row) && (row.again ?? 0) <= now);
  return byOneClock(inOrder(again), now, most);
}

// Sends what waits and `isMine` to send, and returns what stopped it: `done`, `elsewhere` (another tab), `offline`,
// `busy`, `signed-out` or `stopped` with a problem.
export async function send(isMine, told = () => {}) {
  return alone(async (still) => {
    let most = BATCH;
    for (;;) {
      if (!(await still())) return "elsewhere";
      const batch = await due(isMine, most);
      const { rows } = batch;
      if (!rows.length) return "done";
      try {
        const answers = await post(batch);
        if (!rows.some(({ id }) => answers.has(id))) return "busy";
        await settle(rows, answers, judge);
        told();
      } catch (error) {
        if (!(error instanceof Answered)) return navigator.onLine === false ? "offline" : "busy";
        const meaning = meaningOf(error, rows.length > 1);
        if (meaning === "halve") {
          most = rows.length >> 1;
          continue;
        }
        if (meaning !== "refused") return meaning;
        await settle(rows, new Map([[rows[0].id, { outcome: "refused", problem: error.problem }]]), judge);
        most = BATCH;
        told();
      }
    }
  });
}

// Tries now, when the network or the person comes back, and again after a while that grows.
// `mine()` says which rows may go: a function, or null while nobody is signed in.
export function keepSending(mine, told) {
  let tries = 0;
  let timer = null;
  let running = null;
  const run = async () => {
    clearTimeout(timer);
    let state;
    try {
      const isMine = await mine();
      state = isMine ? await send(isMine, told) : "signed-out";
    } catch {
      state = "busy";
    }
    tries = ["offline", "busy"].includes(state) ? tries + 1 : 0;
    told(state);
    timer = setTimeout(go, wait(tries, FIRST_WAIT_MS * (tries ? 1 : 15), LONGEST_WAIT_MS));
    return state;
  };
  const go = () => (running ??= run().finally(() => (running = null)));
  addEventListener("online", go);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && go());
  return go;
}

export const waiting = async () => ({ outbox: await count("outbox"), refused: await count("refused") });
