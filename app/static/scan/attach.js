// Puts 扫一扫 beside every field with `data-scan`, and help while a label's code is typed. Without this
// file the fields are what they are. Nothing of the scanner is fetched before it is opened.
//
// data-scan="label|site|unit"  what belongs there
// data-scan-submit             the form is sent once it is filled
// data-scan-many               many, one after the other: a textarea gets one a line; any other field
//                              is told of each by the event `scanned` (detail: {code, refusal}), where
//                              a listener may set `refusal` to say why it is not taken
const TITLES = { label: "扫标签", site: "扫站点编码", unit: "扫瓶袋上的码" };

const firstWords = (text) => text.split("\n").map((line) => line.trim().split(/\s/)[0]).filter(Boolean);

// Codes on this page that a mistyped one may mean.
const known = (field) => {
  const on = [...document.querySelectorAll("[name=pick], [data-code]")].map((one) => one.dataset.code ?? one.value);
  const offered = [...(field.list?.options ?? [])].map((option) => option.value);
  return [...new Set([field.defaultValue, ...on, ...offered])].filter((code) => /^\d{6}-/.test(code));
};

function fill(field, code) {
  if (field.tagName === "TEXTAREA") {
    const before = field.value.trimEnd();
    field.value = `${before}${before ? "\n" : ""}${code}\n`;
  } else {
    field.value = code;
  }
  for (const kind of ["input", "change"]) field.dispatchEvent(new Event(kind, { bubbles: true }));
}

function taker(field) {
  if (field.tagName === "TEXTAREA" || !("scanMany" in field.dataset)) return ({ code }) => fill(field, code);
  return ({ code }) => {
    const detail = { code, refusal: null };
    field.dispatchEvent(new CustomEvent("scanned", { detail }));
    return detail.refusal ?? undefined;
  };
}

async function open(field, button) {
  button.disabled = true;
  try {
    // The decoder is by far the largest part: it sets out beside the rest.
    import("./decode.js").then(({ ready }) => ready()).catch(() => {});
    const { openScanner } = await import("./scanner.js");
    const { recognise } = await import("./codes.js");
    const lines = field.tagName === "TEXTAREA" ? firstWords(field.value) : [];
    const found = await openScanner({
      title: TITLES[field.dataset.scan],
      accept: [field.dataset.scan],
      continuous: "scanMany" in field.dataset,
      known: known(field),
      taken: lines.map((line) => recognise(line).code ?? line),
      onCode: taker(field),
    });
    if (found.length && "scanSubmit" in field.dataset) field.form.requestSubmit();
  } catch {
    button.insertAdjacentHTML("afterend", "<p class=error role=alert>扫一扫没有下载完，信号好一点再试，或者输入编码。</p>");
  } finally {
    button.disabled = false;
    button.focus();
  }
}

async function help(field) {
  const { helpWith } = await import("./codes.js");
  const place = document.createElement("p");
  place.className = "code-help";
  place.setAttribute("aria-live", "polite");
  (field.closest(".input") ?? field).after(place);
  const show = () => {
    const { says, suggestions, state } = helpWith(field.value, known(field));
    place.dataset.state = state;
    place.replaceChildren(says, ...suggestions.map(({ code, why }) => {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "button quiet", textContent: `${why}，改用 ${code}` });
      button.addEventListener("click", () => {
        fill(field, code);
        field.focus();
      });
      return button;
    }));
  };
  field.addEventListener("input", show);
  if (field.value !== field.defaultValue) show();
}

for (const field of document.querySelectorAll("[data-scan]")) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "button quiet scan", textContent: "扫一扫" });
  if (field.labels?.[0]) button.setAttribute("aria-label", `扫一扫：${field.labels[0].firstChild.textContent.trim()}`);
  field.after(button);
  button.addEventListener("click", () => open(field, button));
  if (field.dataset.scan === "label" && field.tagName === "INPUT" && !("scanMany" in field.dataset)) {
    field.addEventListener("focus", () => help(field).catch(() => {}), { once: true });
  }
}
