// Asks the platform, and does not wait for ever: two bars of signal take a request and never answer it.
const PATIENCE_MS = 20_000;

// Whether an answer is the platform's own refusal (RFC 9457), and not that of something on the way to it: a
// captive portal, a proxy or a firewall says 403 and 404 too, and knows nothing of what was asked.
export const isProblem = (body) => /^(https?:\/\/[^/]+)?\/problems\/[a-z0-9-]+$/.test(body?.type);
const isOurs = (answer, body) =>
  (answer.headers.get("content-type") ?? "").startsWith("application/problem+json") && isProblem(body);

// The answer with its body read: {status, ok, headers, body, problem}, `problem` where the platform
// itself refused; throws where none came in time.
export async function ask(path, { headers = {}, ...options } = {}) {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
  try {
    const answer = await fetch(path, {
      ...options,
      headers: { accept: "application/json", "accept-language": "zh-CN", ...headers },
      signal: patience.signal,
      cache: "no-store",
    });
    const isJson = (answer.headers.get("content-type") ?? "").includes("json");
    const body = isJson ? await answer.json() : await answer.text();
    const problem = isOurs(answer, body) ? body : null;
    return { status: answer.status, ok: answer.ok, headers: answer.headers, body, problem };
  } finally {
    clearTimeout(timer);
  }
}
