// The phone's own store (IndexedDB). What is written here is on the phone once `oncomplete` came, no
// sooner: every promise below is kept by it.
const NAME = "capture";
const VERSION = 1;
const BY_ID = ["outbox", "refused", "receipts"]; // what is sent first: outbox.js, inOrder

let opened = null;

export class StoreFailed extends Error {}

export function open() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, VERSION);
    asked.onupgradeneeded = () => {
      for (const name of BY_ID) asked.result.createObjectStore(name, { keyPath: "id" });
      asked.result.createObjectStore("facts");
    };
    asked.onsuccess = () => {
      // Another tab with a newer page asks for its version: this one lets go.
      asked.result.onversionchange = () => {
        asked.result.close();
        opened = null;
      };
      resolve(asked.result);
    };
    asked.onerror = () => reject(failure(asked.error));
    asked.onblocked = () => reject(new StoreFailed("请关闭本页的其他窗口，再打开一次。"));
  });
  opened.catch(() => (opened = null));
  return opened;
}

function failure(error) {
  if (error?.name === "QuotaExceededError") {
    return new StoreFailed("手机存储空间满了，这一条没有存下。请删除一些照片或视频，再登记一次。");
  }
  return new StoreFailed(`手机存不下（${error?.name ?? "未知"}），这一条没有存下。请记在纸上，并换一个浏览器。`);
}

async function within(names, mode, work) {
  const base = await open();
  return new Promise((resolve, reject) => {
    let found;
    let transaction;
    try {
      transaction = base.transaction(names, mode, { durability: mode === "readwrite" ? "strict" : "default" });
    } catch (error) {
      reject(failure(error));
      return;
    }
    transaction.oncomplete = () => resolve(found?.result ?? found?.value);
    transaction.onabort = () => reject(found?.error ?? failure(transaction.error));
    found = work(transaction);
  });
}

// One transaction over several stores. `work(transaction)` may return a request, or {value} that its
// own callbacks fill; what it throws or `{error}` aborts the whole.
export const write = (names, work) => within(names, "readwrite", work);

export const all = (name) => within(name, "readonly", (t) => t.objectStore(name).getAll());
export const count = (name) => within(name, "readonly", (t) => t.objectStore(name).count());
export const fact = (key) => within("facts", "readonly", (t) => t.objectStore("facts").get(key));
export const keep = (key, value) => write("facts", (t) => t.objectStore("facts").put(value, key));
export const one = (name, id) => within(name, "readonly", (t) => t.objectStore(name).get(id));
export const put = (name, row) => write(name, (t) => t.objectStore(name).put(row));
export const remove = (name, id) => write(name, (t) => t.objectStore(name).delete(id));
