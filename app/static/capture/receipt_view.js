// What was just recorded, to be photographed: first as kept on the phone, then as the platform has it.
import { KINDS, codesOf } from "./bags.js";
import { one } from "./store.js";
import { element, moment, show } from "./view.js";

function noReceipt() {
  const find = show("step");
  find("[data-title]").textContent = "这部手机里没有这份凭据";
  find("[data-says]").textContent = "可能是别的手机登记的；核验过存证、满三十天的，手机已经清掉了。平台上的登记都在。";
  return null;
}

export async function receiptView({ id, pack, links }) {
  const row = (await one("outbox", id)) ?? (await one("receipts", id)) ?? (await one("refused", id));
  if (!row) return noReceipt();
  const find = show("receipt");
  const { kind } = row.body;
  const codes = codesOf(row);
  find("[data-title]").textContent = `${KINDS[kind]}凭据`;
  const facts = [["站点", pack?.site?.name ?? row.site], ["时间", moment(row.at)], [codes.length > 1 ? "标签" : "袋", codes[0]],
    ...(codes.length > 1 ? [["共", `${codes.length} 袋`]] : []), ...(row.facts ?? []), ...(row.person ? [["经手", row.person]] : [])];
  find("[data-facts]").replaceChildren(
    ...facts.map(([name, value]) => element("div", {}, element("dt", { textContent: name }), element("dd", { textContent: value }))),
  );
  find("[data-lines]").replaceChildren(...(row.lines ?? []).map((text) => element("li", { textContent: text })));
  find("[data-id]").textContent = id;
  find("[data-then]").replaceChildren(...links(kind, codes).map(([href, words], n) =>
    element("a", { href, className: n ? "button quiet" : "button", textContent: words })));
  const draw = async () => {
    const place = find("[data-state]");
    if (!place) return;
    const receipt = await one("receipts", id);
    const refused = receipt ? null : await one("refused", id);
    place.className = `state${refused ? " warm" : receipt ? " sure" : ""}`;
    place.textContent = receipt ? "✓ 已上传，平台已登记" : refused ? "平台没有收下，见“待处理”" : "✓ 已存本机，待上传";
  };
  await draw();
  return draw;
}

