// What a check comes to, in words. Marks: `ok` checked and right, `bad` checked and wrong, `wait` not
// in the log yet, `unknown` not checked. Nothing is `ok` that was not computed here.
export const TITLES = { ok: "核验通过", bad: "核验不通过", wait: "等待存证", unknown: "部分已核验" };
export const KEEP = "请保存好回执，并联系审计部门。";
export const CANNOT_VERIFY = "本浏览器不能验证签名，其余已核验。换一个新版的浏览器可以验证。";

export const count = (number) => number.toLocaleString("zh-CN");

// An instant in the province, by whose time people live.
export function moment(at) {
  const there = new Date(Date.parse(at) + 8 * 3600_000);
  return Number.isNaN(there.getTime()) ? at : there.toISOString().slice(0, 16).replace("T", " ");
}

export const worst = (marks) =>
  ["bad", "unknown", "wait"].find((mark) => marks.includes(mark)) ?? "ok";

export const step = (mark, title, words) => ({ mark, title, words });
export const result = (mark, title, words, steps, more = {}) => ({ mark, title, words, steps, ...more });
export const misread = (words) => result("unknown", "没有核验", words, []);

export function concluded(steps, more, words) {
  const mark = worst(steps.map((one) => one.mark));
  const such = steps.filter((one) => one.mark === mark).map((one) => one.words);
  const said = words[mark] ?? such.find((one) => one !== CANNOT_VERIFY) ?? such[0];
  return result(mark, TITLES[mark], said, steps, more);
}

export const noHead = (head) =>
  head.broken
    ? concluded(head.steps, {}, {})
    : result("wait", TITLES.wait, "日志还没有公布第一次存证，请稍后再核验。", []);
