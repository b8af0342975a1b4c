// The page 数据存证与核验: shows the form, which needs this script, and the result of each check.
import { check } from "./check.js";

const AGAIN_MS = 3000;
const MOST_TURNS = 10;
const SIGNS = { ok: ["✓", "通过"], bad: ["✗", "不通过"], wait: ["…", "等待"], unknown: ["?", "没有核验"] };

const form = document.querySelector("[data-check]");
const results = document.querySelector("[data-results]");
const button = form.querySelector("button");
const kinds = JSON.parse(document.querySelector("#kinds").textContent);
const most = form.elements.q.maxLength;
const reader = { signedIn: form.hasAttribute("data-signed-in"), kinds, most };
let asked = 0;

function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

// A sign for the eye, a word for the ear.
function sign(mark) {
  const [shown, said] = SIGNS[mark];
  const drawn = element("span", "", shown);
  drawn.ariaHidden = "true";
  return element("span", `mark ${mark}`, drawn, element("span", "hidden-words", said));
}

const stepShown = ({ mark, title, words }) =>
  element("li", mark, sign(mark), element("div", "", element("h3", "", title), element("p", "", words)));

const lineShown = ({ mark, kind, day, words }) =>
  element(
    "li", mark, sign(mark), element("b", "", kind), element("span", "number", day),
    element("span", "number where", words),
  );

function factsShown(facts) {
  const rows = facts.map(([name, value]) =>
    element("div", "", element("dt", "", name), element("dd", "code", value)));
  return element("dl", "facts of-log", ...rows);
}

function receiptShown(receipt, toKeep) {
  const text = element("pre", "", receipt);
  const whole = element("details", "more", element("summary", "", "回执全文"), element("div", "", text));
  whole.open = Boolean(toKeep);
  if (navigator.clipboard) {
    const copy = element("button", "button quiet", "复制回执");
    copy.type = "button";
    copies(copy, () => receipt);
    whole.lastChild.append(copy);
  }
  return whole;
}

function resultShown({ mark, title, words, steps, lines, facts, note, receipt, toKeep }) {
  const heading = element("h2", "verdict", sign(mark), title);
  heading.tabIndex = -1;
  const shown = element("section", `card result ${mark}`, heading, element("p", "lead", words));
  if (facts) shown.append(factsShown(facts));
  if (steps.length) shown.append(element("ol", "checks", ...steps.map(stepShown)));
  if (lines) shown.append(element("ol", "checked", ...lines.map(lineShown)));
  if (note) shown.append(element("p", "fine", note));
  if (receipt) shown.append(receiptShown(receipt, toKeep));
  return shown;
}

function copies(control, textOf) {
  const name = control.textContent;
  control.addEventListener("click", async () => {
    await navigator.clipboard.writeText(textOf());
    control.textContent = "已复制";
    setTimeout(() => (control.textContent = name), 2000);
  });
}

// What is not in the log yet is there in seconds: it is asked for again.
async function run(turn, mine) {
  const found = await check(form.elements.q.value, reader);
  if (mine !== asked) return;
  results.replaceChildren(...found.map(resultShown));
  button.disabled = false;
  if (turn === 0) {
    results.querySelector(".verdict").focus({ preventScroll: true });
    results.firstElementChild.scrollIntoView();
  }
  const waits = ({ mark, steps }) => mark !== "bad" && [mark, ...steps.map((s) => s.mark)].includes("wait");
  if (found.some(waits) && turn < MOST_TURNS) {
    setTimeout(() => mine === asked && run(turn + 1, mine), AGAIN_MS);
  }
}

function begin() {
  button.disabled = true;
  results.replaceChildren(element("p", "card", "正在核验…"));
  asked += 1;
  run(0, asked);
}

for (const control of document.querySelectorAll("[data-copies]")) {
  control.hidden = !navigator.clipboard;
  copies(control, () => document.getElementById(control.dataset.copies).textContent.replace(/\s/g, ""));
}

document.querySelector("[data-needs-script]").hidden = true;
if (globalThis.crypto?.subtle) {
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    begin();
  });
  if (form.elements.q.value.trim()) begin();
} else {
  document.querySelector("[data-needs-https]").hidden = false;
}
