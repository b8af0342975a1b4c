// The code of one pesticide unit (单元识别代码) in what was scanned, and what it tells. Pure: the twin of
// app/packaging/unit_code.py, which says why; tests/scan_vectors.json holds both to each other.
const DIGITS = 32;
const NAMED = ["c", "q", "code"];
const CATEGORIES = { 1: ["PD"], 2: ["WP"], 3: ["LS", "WL"] };
const PRODUCTION = { 1: "holder", 2: "commissioned", 3: "repacked" };
const OLD_FROM = 50;

// White space as app/scanned_text.py has it: \s and trim() are other sets than in Python.
export const SPACE = "\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u180e\\u2000-\\u200f" +
  "\\u2028-\\u202f\\u205f-\\u2060\\u3000\\ufeff";
const ONE_SPACE = new RegExp(`^[${SPACE}]$`);
export function trimmed(text) {
  let first = 0;
  let end = text.length;
  while (first < end && ONE_SPACE.test(text[first])) first += 1;
  while (end > first && ONE_SPACE.test(text[end - 1])) end -= 1;
  return text.slice(first, end);
}

// Patterns with a count or a negated class read code points (u), as Python does. Lookbehind is younger
// than the phones: what may stand before a run is taken in and left out again.
const PARAMETER = /[?&]([^=&#?]*)=([^&#]*)/gu;
const WHOLE_RUN = /^[0-9]{32,63}$/;
const RUN = /(?:^|[^0-9])([0-9]{32,63})(?![0-9])/;
const LONG = /[0-9]{32,}/g;
const GROUPED = /^[0-9]{1,31}(?:[ \t-][0-9]{1,31})+$/;
const PIECES = new RegExp(`[${SPACE}]+|(?=https?://)`, "i");
const URL_IN = new RegExp(`https?://[^${SPACE}]+`, "i");
const HEAD = new RegExp(`^[^：:/]{2,12}[：:](?!//)[${SPACE}]*`, "u");
const REGISTRATION =
  /(?:^|[^0-9A-Z])((?:PD|WP|LS|WL)(?:(?:19|20)[0-9]{6}|[0-9]{5}-[0-9]{1,4}|N?[0-9]{1,4}-[0-9]{2}))(?![0-9A-EG-Z])/i;
const SEED_HEADING = /^(?:品种名称|作物种类|生产经营者(?:名称)?)[：:]/;
const SEED_CODE = /^[0-9A-Za-z]{1,20}$/;
const SEED_MAKER = /种业|种子|种苗|制种/;
const SEED_SITE = /https?:\/\/[^?#]*(?:seed|zhongzi|zhongye)/i;
const VARIETY =
  /^(?:[A-Za-z]{0,3}[\u4e00-\u9fa5]{0,6}[A-Za-z]{0,4}[0-9]{2,5}号?(?:[\u4e00-\u9fa5]{2})?|[^\n]*种子[^\n]*)$/;
const CROP = /^(?:杂交)?(?:玉米|小麦|水稻|大豆|棉花|花生|油菜|谷子|高粱|向日葵|马铃薯)/;
const PREPARATION = /剂|乳油|原药|母药|悬浮|可湿|种衣|[%磷膦酯唑胺脲嗪菊醚酮啉腈基杀虫螨菌]/;
const CHEMIST = /农化|化工|化学|农药|药业|植保/;
const PESTICIDE_WORDS = /农药|登记证|有效成分|剂型/;

export function unitCode(payload) {
  const text = plain(payload);
  return holdsTwo(text) ? null : firstCode(text);
}

function plain(payload) {
  const text = trimmed(payload.normalize("NFKC"));
  return GROUPED.test(text) ? text.replace(/[ \t-]/g, "") : text;
}

export const twoCodes = (payload) => holdsTwo(plain(payload));

function holdsTwo(text) {
  const pieces = piecesOf(text);
  const runs = pieces.filter((piece) => !isAddress(piece)).flatMap((piece) => piece.match(LONG) ?? []);
  const addressed = pieces.filter(isAddress).map(firstCode).filter(Boolean);
  return runs.reduce((sum, run) => sum + Math.floor(run.length / DIGITS), 0) > 1 || new Set(addressed).size > 1;
}

const piecesOf = (text) => text.split(PIECES).filter(Boolean);
const isAddress = (piece) => /[/?]/.test(piece) && /[A-Za-z]/.test(piece);

function firstCode(text) {
  const parameters = piecesOf(text)
    .flatMap((piece) => [...piece.matchAll(PARAMETER)])
    .map(([, name, value]) => [name.toLowerCase(), value]);
  const named = NAMED.flatMap((wanted) => parameters.filter(([name]) => name === wanted));
  for (const [, value] of [...named, ...parameters]) if (WHOLE_RUN.test(value)) return value;
  return text.match(RUN)?.[1] ?? null;
}

export const registrationIn = (payload) => plain(payload).match(REGISTRATION)?.[1].toUpperCase() ?? null;

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
    url: plain(payload).match(URL_IN)?.[0] ?? null,
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
  const text = plain(payload);
  const lines = linesOf(text);
  const [first, second] = lines.length >= 3 ? lines : ["", ""];
  if (PESTICIDE_WORDS.test(text) || PREPARATION.test(first)) return false;
  if (rawLines(text).some((line) => SEED_HEADING.test(line))) return true;
  if (REGISTRATION.test(text)) return false;
  if (isVariety(first) && !CHEMIST.test(second)) return true;
  if (readUnit(payload)) return false;
  if (lines.length === 4 && SEED_CODE.test(lines[2]) && lines[3].includes(".")) return true;
  return SEED_MAKER.test(second) || SEED_SITE.test(text);
}

const isVariety = (name) => VARIETY.test(trimmed(name.replace(CROP, "")));
const rawLines = (text) => text.split(/[\r\n]+/).map(trimmed).filter(Boolean);
const linesOf = (text) => rawLines(text).map((line) => line.replace(HEAD, ""));
