// Small pieces that the views share: templates of the shell, numbers as people type and read them.
import { helpWith, parseLabel } from "../scan/codes.js";

export const main = () => document.querySelector("main");

export function template(id) {
  return document.getElementById(`t-${id}`).content.cloneNode(true);
}

// Puts a template into the page and returns a finder of its parts.
export function show(id) {
  const made = template(id);
  main().replaceChildren(made);
  scrollTo(0, 0);
  main().focus({ preventScroll: true });
  return (selector) => main().querySelector(selector);
}

export function element(name, fields = {}, ...children) {
  const made = Object.assign(document.createElement(name), fields);
  made.append(...children);
  return made;
}

export const kilograms = (grams) =>
  `${(grams / 1000).toLocaleString("zh-CN", { minimumFractionDigits: 2, maximumFractionDigits: 3 })} kg`;
export const yuan = (fen) => `${(fen / 100).toFixed(2)} 元`;

export function moment(ms) {
  const there = new Date(ms + 8 * 3_600_000); // the province's own time, wherever the phone is
  return there.toISOString().slice(0, 16).replace("T", " ");
}

// A number as typed, in thousandths or hundredths as whole units; null where none stands there.
export class Mistyped extends Error {}

export function whole(text, decimals, words) {
  const plain = text.normalize("NFKC").replace("。", ".").trim();
  if (!plain) return null;
  if (!new RegExp(`^\\d{1,7}(\\.\\d{1,${decimals}})?$`).test(plain)) throw new Mistyped(words);
  return Math.round(Number(plain) * 10 ** decimals);
}

const MOST_G = 2_000_000;
export function grams(text, most = MOST_G) {
  const found = whole(text, 3, "重量请填千克数，例如 6.25。");
  if (found !== null && (found < 1 || found > most)) throw new Mistyped(`重量应在 0.001 至 ${most / 1000} 千克之间。`);
  return found;
}

export function codeTyped(text) {
  const { code } = parseLabel(text);
  if (!code) throw new Mistyped(helpWith(text).says || "请输入标签上的编码。");
  return code;
}

// Says what is wrong where it is seen first, and read aloud.
export function complain(find, error) {
  const place = find("[data-error]");
  place.textContent = error.message;
  place.hidden = false;
  place.focus();
  place.scrollIntoView({ block: "center" });
}

// Runs a form once, however often an impatient thumb taps.
export function onSubmit(form, find, work) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button:not([type=button])");
    if (button.disabled) return;
    button.disabled = true;
    try {
      await work();
    } catch (error) {
      complain(find, error);
    } finally {
      button.disabled = false;
    }
  });
}

// The camera's module is fetched, and its decoder, when somebody first wants it.
export function offerScan(button, options, take) {
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const { openScanner } = await import(document.body.dataset.scanner);
      await openScanner({ ...options, onCode: ({ code }) => take(code) });
    } catch {
      button.insertAdjacentElement("afterend", element("p", { className: "warm", textContent: "扫码打不开，请输入编码。" }));
    } finally {
      button.disabled = false;
    }
  });
}
