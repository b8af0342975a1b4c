// What the platform is asked for: the head, the keys, proofs. Only codes and event ids are sent.

export class Unanswered extends Error {}

const HEADERS = { accept: "application/json", "accept-language": "zh-CN" };

// The body of an answer and its status; Unanswered where the platform cannot say.
export async function ask(path) {
  let answer;
  try {
    answer = await fetch(path, { headers: HEADERS, cache: "no-store" });
  } catch {
    throw new Unanswered("网络不通");
  }
  if (answer.status >= 500 || answer.status === 429) throw new Unanswered(`错误 ${answer.status}`);
  const isJson = (answer.headers.get("content-type") ?? "").includes("json");
  try {
    return { status: answer.status, body: isJson ? await answer.json() : await answer.text() };
  } catch {
    throw new Unanswered("回答不完整");
  }
}

// A leaf's place and path under the head of a size; `absent` where the log has no such event,
// `waiting` where it has, but not under this head yet.
export async function askForProof(event, size) {
  const { status, body } = await ask(`/api/v1/events/${event}/proof?size=${size}`);
  if (status === 404) return { absent: true };
  if (status !== 200) return { waiting: true };
  const { leaf_index: index, leaf_hash: hash, inclusion: path } = body;
  if (typeof hash !== "string" || !Array.isArray(path)) throw new Unanswered("回答看不懂");
  return { index, hash, path };
}

// Up to four questions at a time; the answers in the order of the items.
export async function askEach(items, question) {
  const answers = [];
  const waiting = items.entries();
  const turn = async () => {
    for (const [n, item] of waiting) answers[n] = await question(item);
  };
  await Promise.all([turn(), turn(), turn(), turn()]);
  return answers;
}
