// Several people on one phone: who holds it now, by a PIN that is asked for without a network. The hash
// is slow on purpose (PBKDF2); it needs `crypto.subtle`, so plain http has no people.
import { fromBase64, sameBytes } from "../log/proof.js";
import { fact, keep } from "./store.js";
import { Mistyped, element, onSubmit, show } from "./view.js";

const PIN = /^[0-9]{4,6}$/;

export const canAsk = () => Boolean(globalThis.crypto?.subtle);

export async function fits(pin, kept) {
  const [name, iterations, salt, hash] = kept.split("$");
  if (name !== "pbkdf2-sha256") return false;
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(pin), "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt: fromBase64(salt), iterations: Number(iterations) };
  return sameBytes(new Uint8Array(await crypto.subtle.deriveBits(how, key, 256)), fromBase64(hash));
}

// Who holds the phone: {id, name} of somebody still named, {id: null} where nobody was to be chosen,
// null where it was not asked yet.
export async function holder(pack) {
  const chosen = await fact("person");
  if (!chosen || chosen.site !== pack.site?.code) return null;
  return chosen.id === null || pack.people.some(({ id }) => id === chosen.id) ? chosen : null;
}

export function peopleView({ pack, then }) {
  const find = show("people");
  const site = pack.site?.code;
  const choose = async (person) => {
    await keep("person", { site, ...person });
    then();
  };
  find("[data-none]").addEventListener("click", () => choose({ id: null, name: "" }));
  find("[data-needs-https]").hidden = canAsk();
  find("form").hidden = !canAsk();
  find("[data-people]").append(...pack.people.map(({ id, name }, n) => element("label", { className: "choice" },
    element("input", { type: "radio", name: "person", value: id, checked: n === 0 && pack.people.length === 1 }),
    element("span", { textContent: name }))));
  onSubmit(find("form"), find, async () => {
    const person = pack.people.find(({ id }) => id === find("[name=person]:checked")?.value);
    if (!person) throw new Mistyped("请先选自己的名字。");
    const pin = find("[data-name=pin]").value.normalize("NFKC").trim();
    find("[data-name=pin]").value = "";
    if (!PIN.test(pin)) throw new Mistyped("PIN 是 4 到 6 位数字。");
    if (!(await fits(pin, person.pin))) throw new Mistyped("PIN 不对。忘了请本站点的第一个账号重新设置。");
    await choose({ id: person.id, name: person.name });
  });
}
