// Asks the platform, and does not wait for ever: two bars of signal take a request and never answer it.
const PATIENCE_MS = 20_000;

// The answer with its body read: {status, ok, headers, body}; throws where none came in time.
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
    return { status: answer.status, ok: answer.ok, headers: answer.headers, body };
  } finally {
    clearTimeout(timer);
  }
}
