// Our own codes as people type and scan them, and what a scanned text is. Pure: the twin of
// app/batches/codes.py and app/batches/scanned.py, which say why; tests/scan_vectors.json holds them
// to each other. `helpWith` is what only a form has: help while a code is being typed.
import { isSeed, readUnit, registrationIn, SPACE, trimmed, twoCodes, unitCode } from "./unit_code.js";

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const WHOLE = 16;
const LONGEST_CODE = 200;
const LONGEST = 8000;
const MOST_SLIPS = 3;
const MOST_ASKED = 3;
const COMPACT_CODE = new RegExp(`^[0-9]{6}[${ALPHABET}]{8}[0-9]{2}$`);
const COMPACT_SITE = /^([0-9OIL]{6})([PSRILH])([0-9OIL]{4})$/;
const TRIP = /^ZY([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{6})([0-9]{4})$/;
const SEPARATORS = new RegExp(`[${SPACE}\\-‐‑‒–—―−_]`, "g");
const SCANNED = /^HTTPS?:\/\/[^/?#]+\/B\/([^/?#]+)\/?(?:[?#][^]*)?$/i;
const ADDRESS = new RegExp(`^https?://([^/?#${SPACE}]+)(/[^?#${SPACE}]*)?[^${SPACE}]*$`, "i");
const TRIP_PATH = /^\/TRIPS\/([^/]+)\/?$/i;
const LOT_PATH = /^\/LOTS\/([0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12})\/?$/i;
const LABEL_PATH = /^\/B\/[0-9]{6}[0-9A-Z-]*\/?$/i;
const PRODUCTION_WORDS = { holder: "持证人生产", commissioned: "委托加工", repacked: "委托分装" };
// Characters that are taken for each other on a worn label or in handwriting, each way.
const LOOK_ALIKE = ["0D", "0Q", "06", "08", "14", "17", "2Z", "35", "38", "3B", "49", "56", "5S", "68", "6G",
  "8B", "9G", "9P", "CG", "DQ", "EF", "HK", "HM", "HN", "KX", "MN", "MW", "PR", "VW", "VY", "XY"];

// Characters are code points, as Python counts them: one that is no more than twice as long may be short.
const isLonger = (text, most) => text.length > most && (text.length > 2 * most || [...text].length > most);
const compactOf = (text) => {
  if (isLonger(text, LONGEST_CODE)) return "";
  const mended = trimmed(text.normalize("NFKC"));
  const compact = (mended.match(SCANNED)?.[1] ?? mended).replace(SEPARATORS, "");
  return /^[\x00-\x7f]*$/.test(compact) ? compact.toUpperCase() : "";
};
const mendLetters = (text) => text.replace(/O/g, "0").replace(/[IL]/g, "1");
const asPrinted = (compact) => `${compact.slice(0, 6)}-${compact.slice(6, 10)}-${compact.slice(10, 14)}-${compact.slice(14)}`;

function checkDigits(fourteen) {
  let rest = 0;
  for (const character of fourteen) {
    const value = parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return String(98 - ((rest * 100) % 97)).padStart(2, "0");
}

const fits = (compact) => COMPACT_CODE.test(compact) && checkDigits(compact.slice(0, 14)) === compact.slice(14);

// → {code} or {problem: "shape" | "check_digits"}
export function parseLabel(text) {
  const compact = mendLetters(compactOf(text));
  if (!COMPACT_CODE.test(compact)) return { problem: "shape" };
  return fits(compact) ? { code: asPrinted(compact) } : { problem: "check_digits" };
}

function parseSite(text) {
  const found = compactOf(text).match(COMPACT_SITE);
  return found && `${mendLetters(found[1])}-${found[2]}${mendLetters(found[3])}`;
}

function parseTrip(text) {
  const compact = compactOf(text);
  const found = compact.match(TRIP);
  if (!found) return null;
  const [, year, month, day] = found.map(Number);
  // The last day of a month is day 0 of the next; the year 0 is none.
  const last = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= last ? compact : null;
}

const answer = (kind, says, more = {}) => ({ kind, says, code: null, problem: null, host: null, unit: null, ...more });

// What a scanned or typed text is: {kind, says, code, problem, host, unit}, as /api/v1/packaging/parse has it.
export function recognise(payload) {
  const text = trimmed(payload);
  if (!text || isLonger(text, LONGEST)) return answer("nothing", "没有读到内容，请重新扫。");
  return ours(text) ?? onPackaging(text) ?? anothers(text);
}

function ours(text) {
  const path = text.match(ADDRESS)?.[2] ?? "";
  const label = parseLabel(text);
  if (label.code) return answer("label", `标签 ${label.code}`, { code: label.code });
  if (label.problem === "check_digits") {
    return answer("label", "标签码有一位不对，请对照标签核对。", { problem: "check_digits" });
  }
  if (LABEL_PATH.test(path)) return answer("label", "标签码不完整，请对照标签输入。", { problem: "shape" });
  const lot = path.match(LOT_PATH);
  if (lot) return answer("lot", "处理批次的追溯页。", { code: lot[1].toLowerCase() });
  const trip = parseTrip(path.match(TRIP_PATH)?.[1] ?? text);
  if (trip) return answer("trip", `转运交接单 ${trip}`, { code: trip });
  const site = parseSite(text);
  return site ? answer("site", `站点 ${site}`, { code: site }) : null;
}

function onPackaging(text) {
  if (isSeed(text)) return answer("seed", "这是种子标签，不是农药包装。");
  if (twoCodes(text)) return answer("other", "像是两个码连在一起，请分开，一次扫一个。");
  const unit = readUnit(text);
  if (unit) {
    const says = `农药包装上的码：${unit.registrations.join("或")}，${PRODUCTION_WORDS[unit.production]}`;
    return answer("unit", says, { code: unit.code, unit });
  }
  return unitCode(text) ? answer("other", "一长串数字，但不合农药追溯码的规则。") : null;
}

function anothers(text) {
  const host = text.match(ADDRESS)?.[1].toLowerCase();
  if (host) return answer("other", `这是别的系统的码（${host}），这里不用。`, { host });
  const number = registrationIn(text);
  if (number) return answer("other", `农药登记证号 ${number}，没有追溯码，分不出是哪一瓶（袋）。`);
  return answer("nothing", "看不出是什么码，请对照标签输入。");
}

function slips(one, other) {
  if (Math.abs(one.length - other.length) > MOST_SLIPS) return MOST_SLIPS + 1;
  let above = [];
  let row = Array.from({ length: other.length + 1 }, (_, j) => j);
  for (let i = 1; i <= one.length; i += 1) {
    const previous = above;
    above = row;
    row = [i];
    for (let j = 1; j <= other.length; j += 1) {
      let least = Math.min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (one[i - 1] === other[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]) {
        least = Math.min(least, previous[j - 2] + 1);
      }
      row.push(least);
    }
  }
  return row.at(-1);
}

// The known codes that differ least from a mistyped one, nearest first: as the server suggests.
export function nearest(text, known, limit = MOST_ASKED) {
  const typed = mendLetters(compactOf(text));
  return known
    .map((code) => ({ code, far: slips(typed, code.replace(/-/g, "")) }))
    .filter(({ far }) => far <= MOST_SLIPS)
    .sort((a, b) => a.far - b.far || (a.code < b.code ? -1 : a.code > b.code ? 1 : 0))
    .slice(0, limit)
    .map(({ code }) => code);
}

// Codes that a single slip of the eye or the thumb would have made of what was typed. Another county
// is worth asking about only where it is known here.
function likely(compact, known) {
  const found = [];
  const counties = new Set([compact.slice(0, 6), ...known.map((code) => code.slice(0, 6))]);
  const swapped = (at, text) => compact.slice(0, at) + text + compact.slice(at + text.length);
  for (let at = 0; at < WHOLE; at += 1) {
    for (const pair of LOOK_ALIKE) {
      const other = pair[0] === compact[at] ? pair[1] : pair[1] === compact[at] ? pair[0] : null;
      if (other && fits(swapped(at, other))) {
        found.push({ code: asPrinted(swapped(at, other)), why: `第 ${at + 1} 位的 ${compact[at]} 可能是 ${other}` });
      }
    }
    const turned = (compact[at + 1] ?? "") + compact[at];
    if (turned.length === 2 && turned[0] !== turned[1] && fits(swapped(at, turned))) {
      found.push({ code: asPrinted(swapped(at, turned)), why: `第 ${at + 1}、${at + 2} 位可能写反了` });
    }
  }
  return found.filter(({ code }) => counties.has(code.slice(0, 6)));
}

function difference(compact, code) {
  const right = code.replace(/-/g, "");
  if (right.length !== compact.length) return `是不是 ${code}？`;
  const at = [...compact].findIndex((character, i) => character !== right[i]);
  return `第 ${at + 1} 位的 ${compact[at]} 可能是 ${right[at]}`;
}

// Help while a label's code is typed: {state: "empty"|"short"|"wrong"|"fits", says, code, suggestions: [{code, why}]}.
export function helpWith(text, known = []) {
  const help = (state, says, more = {}) => ({ state, says, code: null, suggestions: [], ...more });
  const compact = mendLetters(compactOf(text));
  if (!compact) return text.trim() ? help("wrong", "编码里只有数字和字母。") : help("empty", "");
  for (const [i, character] of [...compact].entries()) {
    if (i >= WHOLE) break;
    if (!ALPHABET.includes(character)) return help("wrong", `第 ${i + 1} 位的 ${character} 不会出现在编码里。`);
    if ((i < 6 || i >= 14) && character > "9") return help("wrong", `第 ${i + 1} 位的 ${character} 应是数字。`);
  }
  if (compact.length < WHOLE) return help("short", `还差 ${WHOLE - compact.length} 位`);
  if (compact.length > WHOLE) {
    const suggestions = nearest(text, known).map((code) => ({ code, why: `是不是 ${code}？` }));
    return help("wrong", `多了 ${compact.length - WHOLE} 位。`, { suggestions });
  }
  if (fits(compact)) return help("fits", "校验位相符", { code: asPrinted(compact) });
  const near = nearest(text, known).map((code) => ({ code, why: difference(compact, code) }));
  const suggestions = (near.length ? near : likely(compact, known)).slice(0, MOST_ASKED);
  const says = suggestions.length ? "有一位不对，请对照标签：" : "有一位不对，请逐位对照标签。";
  return help("wrong", says, { suggestions });
}
