// The service worker: keeps the page 现场登记 and its files, all of one version, and stays out of
// everything else. `VERSION` and `KEPT` stand above it: app/capture/shell.py.
const SHELL = `capture-${VERSION}`;
const LAZY = `files-${VERSION}`;
const PAGE = KEPT[0];
const isDecoder = ({ pathname }) => /^\/static\/.*(scan|vendor)\//.test(pathname);

self.addEventListener("install", (event) => {
  const fresh = KEPT.map((address) => new Request(address, { cache: "reload", credentials: "same-origin" }));
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll(fresh)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const mine = [SHELL, LAZY];
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names.filter((name) => !mine.includes(name)).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin || url.pathname.startsWith("/api/")) return;
  if (request.mode === "navigate") {
    if (url.pathname === PAGE) event.respondWith(fromShell(PAGE));
    else if (url.pathname === "/") event.respondWith(fetch(request).catch(() => Response.redirect(PAGE)));
    return;
  }
  const address = url.pathname + url.search;
  if (KEPT.includes(address)) event.respondWith(fromShell(address, request));
  else if (isDecoder(url)) event.respondWith(lazily(request));
});

async function fromShell(address, request = address) {
  const cache = await caches.open(SHELL);
  return (await cache.match(address)) ?? fetch(request);
}

// What is large and not always needed, such as the decoder: kept once it was asked for.
async function lazily(request) {
  const cache = await caches.open(LAZY);
  const there = await cache.match(request);
  if (there) return there;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}
