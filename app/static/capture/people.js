// Several people on one phone: who holds it now, by a PIN that is asked for without a network. The phone
// has one byte of its hash, which cannot tell the PIN: app/auth/people.py says why.
import { sha256OfText } from "./sha256.js";
import { fact, keep } from "./store.js";
import { Mistyped, element, onSubmit, show } from "./view.js";

const PIN = /^[0-9]{4,6}$/;
const FREE_TRIES = 5;
const PAUSE_MS = 60_000;

const fits = (pin, site, { name, pin: check }) => sha256OfText([site, name, pin].join("\0")).slice(0, 2) === check;

// Counts what was tried in vain, by whomever: after a few a minute passes before the next.
async function admit(pin, site, person) {
  const { times, at } = (await fact("wrong-pin")) ?? { times: 0, at: 0 };
  const left = times < FREE_TRIES ? 0 : at + PAUSE_MS - Date.now();
  if (left > 0 && left <= PAUSE_MS) throw new Mistyped(`PIN 错了 ${times} 次，请等 ${Math.ceil(left / 1000)} 秒再试。`);
  const right = fits(pin, site, person);
  await keep("wrong-pin", right ? { times: 0, at: 0 } : { times: times + 1, at: Date.now() });
  if (!right) throw new Mistyped("PIN 不对。忘了请本站点的第一个账号重新设置。");
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
  find("[data-people]").append(...pack.people.map(({ id, name }, n) => element("label", { className: "choice" },
    element("input", { type: "radio", name: "person", value: id, checked: n === 0 && pack.people.length === 1 }),
    element("span", { textContent: name }))));
  onSubmit(find("form"), find, async () => {
    const person = pack.people.find(({ id }) => id === find("[name=person]:checked")?.value);
    if (!person) throw new Mistyped("请先选自己的名字。");
    const pin = find("[data-name=pin]").value.normalize("NFKC").trim();
    find("[data-name=pin]").value = "";
    if (!PIN.test(pin)) throw new Mistyped("PIN 是 4 到 6 位数字。");
    await admit(pin, site, person);
    await choose({ id: person.id, name: person.name });
  });
}
