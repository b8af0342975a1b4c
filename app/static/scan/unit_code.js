// The code of one pesticide unit (单元识别代码) in what was scanned, and what it tells. Pure: the twin of
// app/packaging/unit_code.py, which says why; tests/scan_vectors.json holds both to each other.
const DIGITS = 32;
const NAMED = ["c", "q", "code"];
const CATEGORIES = { 1: ["PD"], 2: ["WP"], 3: ["LS", "WL"] };
const PRODUCTION = { 1: "holder", 2: "commissioned", 3: "repacked" };
const OLD_FROM = 50;

const PARAMETER = /[?&]([^=&#\s]*)=([^&#\s]*)/g;
const WHOLE_RUN = /^[0-9]{32,64}$/;
// Lookbehind is younger than the phones: what may stand before the run is taken in and left out again.
const RUN = /(?:^|[^0-9])([0-9]{32,64})(?![0-9])/;
const GROUPED = /^[0-9]+(?:[ -][0-9]+)+$/;
const URL_IN = /https?:\/\/\S+/i;
const HEAD = /^[^：:/]{2,12}[：:](?!\/\/)\s*/;
const SEED_CODE = /^[0-9A-Za-z]{1,20}$/;
const SEED_MAKER = /种业|种子|种苗|制种/;
const SEED_SITE = /https?:\/\/[^?#]*(?:seed|zhongzi|zhongye)/i;
const PREPARATION = /剂|乳油|原药|母药|悬浮|可湿|种衣/;

export function unitCode(payload) {
  const parameters = [...payload.matchAll(PARAMETER)].map(([, name, value]) => [name.toLowerCase(), value]);
  const named = NAMED.flatMap((wanted) => parameters.filter(([name]) => name === wanted));
  for (const [, value] of [...named, ...parameters]) if (WHOLE_RUN.test(value)) return value;
  const text = GROUPED.test(payload.trim()) ? payload.replace(/[ -]/g, "") : payload;
  return text.match(RUN)?.[1] ?? null;
}

export function readUnit(payload) {
  const code = unitCode(payload);
  if (code === null || !CATEGORIES[code[0]] || !PRODUCTION[code[7]]) return null;
  const six = code.slice(1, 7);
  const stated = CATEGORIES[code[0]];
  const others = Object.values(CATEGORIES).flat().filter((prefix) => !stated.includes(prefix));
  const lines = linesOf(payload);
  const told = lines.length >= 3;
  return {
    code,
    category: stated[0],
    registrations: stated.map((prefix) => number(prefix, six)),
    candidates: [...stated, ...others].map((prefix) => number(prefix, six)),
    production: PRODUCTION[code[7]],
    spec: code.slice(8, 11),
    rules: code.length === DIGITS ? ["2579", "1049"] : ["1049"],
    name: told ? lines[0] : null,
    holder: told ? lines[1] : null,
    url: payload.match(URL_IN)?.[0] ?? null,
    notes: notesOn(code, six),
  };
}

const isOld = (six) => Number(six.slice(0, 2)) >= OLD_FROM;
const number = (prefix, six) => (isOld(six) ? `${prefix}${six.slice(0, 5)}-${six[5]}` : `${prefix}20${six}`);

function notesOn(code, six) {
  const notes = [];
  if (code[0] === "2") notes.push("WP 是卫生用农药，一般不是农田里用的，请核对。");
  if (code[0] === "3") notes.push("临时登记有 LS 和 WL 两种，码里分不出来。");
  if (code[0] === "3" && code.length > DIGITS) notes.push("公告第1049号只有 PD 和 WP 两类，这个码不合规则。");
  if (isOld(six)) notes.push("像上世纪的登记证号，写法可能不同，请看标签。");
  return notes;
}

export function isSeed(payload) {
  const lines = linesOf(payload);
  if (lines.length === 4 && SEED_CODE.test(lines[2]) && lines[3].includes(".")) return true;
  if (lines.length >= 3 && SEED_MAKER.test(lines[1])) return !PREPARATION.test(lines[0]);
  return SEED_SITE.test(payload);
}

const linesOf = (payload) =>
  payload
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter(Boolean)
    .map((line) => line.replace(HEAD, ""));
