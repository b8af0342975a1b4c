// A label's code as people type it, with its check digits (ISO 7064 MOD 97-10): the twin of
// app/batches/codes.py, which says why.
const ALPHABET = "0-9A-HJKMNP-TV-Z";
const WHOLE = new RegExp(`^[0-9]{6}[${ALPHABET}]{8}[0-9]{2}$`);
const SCANNED = /^https?:\/\/[^/?#]+\/b\/([^/?#]+)/i;
const SEPARATORS = /[\s\-‐‑‒–—―−_]/g;
const LENGTH = 16;

function digitsFor(fourteen) {
  let rest = 0;
  for (const character of fourteen) {
    const value = parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return String(98 - ((rest * 100) % 97)).padStart(2, "0");
}

// {code} as printed, or {problem} in words that say what to do.
export function readCode(text) {
  const mended = text.normalize("NFKC").trim();
  const compact = (mended.match(SCANNED)?.[1] ?? mended)
    .replace(SEPARATORS, "").toUpperCase().replace(/O/g, "0").replace(/[IL]/g, "1");
  if (!compact) return { problem: "请输入标签上的编码。" };
  if (compact.length < LENGTH) return { problem: `编码有 16 位，还差 ${LENGTH - compact.length} 位。` };
  if (!WHOLE.test(compact)) return { problem: "这不像标签上的编码，请对照标签逐位核对。" };
  if (digitsFor(compact.slice(0, 14)) !== compact.slice(14)) {
    return { problem: "编码有一位不对，请对照标签逐位核对。" };
  }
  return { code: [compact.slice(0, 6), compact.slice(6, 10), compact.slice(10, 14), compact.slice(14)].join("-") };
}
