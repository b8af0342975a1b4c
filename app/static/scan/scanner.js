// The scanner over a page: camera, else a photo, else typing. It opens whatever the phone lacks.
//
//   openScanner({title, continuous, accept, known, taken, onCode}) → Promise<[found, …]>
//
// accept      kinds of codes.js that are taken here: ["label"], ["site"], ["unit"], …
// continuous  stays open for many, with a running list; else the first one taken closes it
// known       label codes that a mistyped one may mean; taken: codes that are in the list already
// onCode      may refuse: a text that it returns is said and the code is not taken
// The promise resolves when the scanner is closed, with what was taken, in order.
import { helpWith, recognise } from "./codes.js";
import { frameOf, startCamera } from "./camera.js";
import { ready, readFrame } from "./decode.js";
import { PhotoProblem, readPhoto } from "./photo.js";
import { bad, good, wakeSound } from "./signals.js";
import { hasWechat, scanInWechat } from "./wechat.js";

const WANTED = { label: "袋或容器的标签", site: "站点编码", trip: "转运交接单", unit: "农药包装上的码", lot: "处理批次" };
const NO_DECODER = "识别程序没有下载完。信号好一点再试，或者现在就输入编码。";
const STILL_MS = 1500; // a code that stays before the camera is one code
const SPOKEN_MS = 4000; // what was said about a code stands so long before a hint takes its place
const PAUSE_MS = 60; // between two looks, so that the page stays awake on an old phone

const element = (tag, fields = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), fields);
  made.append(...children);
  return made;
};

function style() {
  if (document.querySelector("link[data-scanner]")) return;
  const link = element("link", { rel: "stylesheet", href: new URL("scanner.css", import.meta.url).href });
  link.dataset.scanner = "";
  document.head.append(link);
}

export function openScanner({ title = "扫一扫", continuous = false, accept = ["label"], known = [], taken = [], onCode } = {}) {
  style();
  wakeSound();
  const view = build(title, continuous, accept);
  document.body.append(view.dialog);
  if (view.dialog.showModal) view.dialog.showModal();
  else view.dialog.setAttribute("open", "");

  const all = [];
  const seen = new Set(taken);
  let open = true;
  let last = { text: null, at: 0 };

  let spoken = 0;
  const say = (words, tone) => {
    spoken = Date.now();
    view.says.textContent = words;
    view.says.dataset.tone = tone;
  };
  const hint = (words) => {
    if (Date.now() - spoken < SPOKEN_MS) return;
    view.says.textContent = words;
    view.says.dataset.tone = "";
  };
  const isWanted = (text) => accept.includes(recognise(text).kind);

  async function take(text) {
    const found = recognise(text);
    const refuse = (words) => {
      say(words, "bad");
      bad();
      return false;
    };
    if (!accept.includes(found.kind)) {
      return refuse(`${found.says.replace(/。$/, "")}。这里要${accept.map((kind) => WANTED[kind]).join("或")}。`);
    }
    if (!found.code) return refuse(found.says);
    if (seen.has(found.code)) return refuse(`${found.says}：已经有了，没有重复算。`);
    const refusal = await onCode?.(found);
    if (typeof refusal === "string") return refuse(refusal);
    seen.add(found.code);
    all.push(found);
    good();
    say(found.says, "good");
    if (continuous) list(found);
    else close();
    return true;
  }

  function list(found) {
    view.count.textContent = `已扫 ${all.length} 个`;
    view.list.prepend(element("li", { textContent: found.kind === "label" ? found.code : found.says }));
  }

  // ---- the camera

  let camera = null;
  let turn = 0; // only the last start goes on

  async function start() {
    stop();
    turn += 1;
    const mine = turn;
    view.retry.hidden = true;
    hint("正在打开摄像头…");
    const decoder = ready();
    decoder.catch(() => {}); // told where it is waited for
    let started;
    try {
      started = await startCamera(view.video, lost);
    } catch (problem) {
      if (mine === turn && open) lost(problem);
      return;
    }
    if (mine !== turn || !open) {
      started.stop();
      return;
    }
    camera = started;
    view.stage.hidden = false;
    offer(started);
    hint("正在准备识别…");
    try {
      await decoder;
    } catch {
      if (mine === turn) say(NO_DECODER, "bad");
      view.retry.hidden = false;
      return;
    }
    if (mine === turn && open) {
      hint("把二维码放进框里。");
      look(mine);
    }
  }

  function lost(problem) {
    stop();
    say(problem.message, "bad");
    view.retry.hidden = !problem.again;
  }

  function stop() {
    turn += 1;
    camera?.stop();
    camera = null;
    view.stage.hidden = true;
  }

  function offer({ torch, zoom }) {
    view.torch.hidden = !torch;
    view.torch.setAttribute("aria-pressed", "false");
    view.torch.onclick = () => {
      const on = view.torch.getAttribute("aria-pressed") !== "true";
      view.torch.setAttribute("aria-pressed", String(on));
      torch(on);
    };
    view.zoomField.hidden = !zoom;
    if (!zoom) return;
    Object.assign(view.zoom, { min: zoom.min, max: Math.min(zoom.max, 5), step: zoom.step || 0.1, value: zoom.value ?? zoom.min });
    view.zoom.oninput = () => zoom.set(Number(view.zoom.value));
  }

  async function look(mine) {
    while (open && mine === turn) {
      const pixels = frameOf(view.video);
      const texts = pixels ? await readFrame(pixels).catch(() => []) : [];
      if (!open || mine !== turn) return;
      const fitting = texts.find(isWanted) ?? texts[0];
      const now = Date.now();
      if (fitting !== undefined) {
        const fresh = fitting !== last.text || now - last.at > STILL_MS;
        last = { text: fitting, at: now };
        if (fresh) await take(fitting);
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  // ---- a photo, WeChat, typing

  view.photo.addEventListener("change", async () => {
    const [file] = view.photo.files;
    view.photo.value = "";
    if (!file) return;
    hint("正在看照片…");
    try {
      const texts = await readPhoto(file);
      const fitting = texts.filter(isWanted);
      for (const text of continuous && fitting.length ? fitting : [fitting[0] ?? texts[0]]) await take(text);
    } catch (problem) {
      say(problem instanceof PhotoProblem ? problem.message : NO_DECODER, "bad");
    }
  });

  view.wechat?.addEventListener("click", async () => {
    try {
      const text = await scanInWechat();
      if (text !== null) await take(text);
    } catch {
      say("微信扫一扫没有打开，请用别的办法。", "bad");
    }
  });

  const helpNow = () => {
    if (!accept.includes("label")) return;
    const help = helpWith(view.input.value, known);
    view.help.replaceChildren(...suggest(help, (code) => {
      view.input.value = code;
      helpNow();
      view.input.focus();
    }));
    view.help.dataset.state = help.state;
  };
  view.input.addEventListener("input", helpNow);
  view.typed.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (await take(view.input.value)) {
      view.input.value = "";
      view.help.replaceChildren();
    }
  });

  // ---- opening and closing

  const hidden = () => {
    if (document.hidden) stop();
    else if (open) start();
  };
  document.addEventListener("visibilitychange", hidden);
  view.retry.addEventListener("click", start);

  let finish;
  const closed = new Promise((resolve) => (finish = resolve));
  function close() {
    if (!open) return;
    open = false;
    stop();
    document.removeEventListener("visibilitychange", hidden);
    view.dialog.remove();
    finish(all);
  }
  view.close.addEventListener("click", close);
  view.dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    close();
  });

  start();
  return closed;
}

// The words of `helpWith` and a button for each code that may be meant.
export function suggest(help, use) {
  const parts = help.says ? [element("span", { textContent: help.says })] : [];
  for (const { code, why } of help.suggestions) {
    const button = element("button", { type: "button", className: "button quiet", textContent: `${why}，改用 ${code}` });
    button.addEventListener("click", () => use(code));
    parts.push(button);
  }
  return parts;
}

function build(title, continuous, accept) {
  const view = {
    says: element("p", { className: "scanner-says" }),
    video: element("video", { muted: true, playsInline: true }),
    close: element("button", { type: "button", className: "button quiet", textContent: continuous ? "完成" : "关闭" }),
    torch: element("button", { type: "button", className: "button quiet", textContent: "手电" }),
    zoom: element("input", { type: "range", id: "scanner-zoom" }),
    retry: element("button", { type: "button", className: "button quiet", textContent: "重试", hidden: true }),
    photo: element("input", { type: "file", accept: "image/*", id: "scanner-photo" }),
    input: element("input", { id: "scanner-code", className: "code", autocomplete: "off", autocapitalize: "characters", spellcheck: false }),
    help: element("p", { className: "scanner-help" }),
    count: element("p", { className: "scanner-count", hidden: !continuous, textContent: continuous ? "已扫 0 个" : "" }),
    list: element("ol", { className: "scanner-list", hidden: !continuous, reversed: true }),
    wechat: hasWechat() ? element("button", { type: "button", className: "button quiet", textContent: "用微信扫一扫" }) : null,
  };
  view.says.setAttribute("role", "status");
  view.help.setAttribute("aria-live", "polite");
  view.count.setAttribute("aria-live", "polite");
  view.photo.setAttribute("capture", "environment");
  view.video.setAttribute("aria-label", "摄像头画面");
  view.zoomField = element("p", { className: "scanner-zoom" }, element("label", { htmlFor: "scanner-zoom", textContent: "放大" }), view.zoom);
  view.stage = element("div", { className: "scanner-stage", hidden: true }, view.video, element("span", { className: "scanner-frame" }));
  const tools = [view.torch, view.retry, element("label", { className: "button quiet", htmlFor: "scanner-photo", textContent: "拍照识别" })];
  if (view.wechat) tools.push(view.wechat);
  view.typed = element(
    "form", { className: "scanner-typed", noValidate: true },
    element("label", { htmlFor: "scanner-code", textContent: `或输入${accept.includes("label") ? "标签码" : "编码"}` }),
    element("span", { className: "input" }, view.input, element("button", { className: "button", textContent: "确定" })),
    view.help,
  );
  view.dialog = element(
    "dialog", { className: "scanner" },
    element("header", {}, element("h2", { id: "scanner-title", textContent: title }), view.close),
    view.stage, view.says, view.count, view.zoomField,
    element("p", { className: "actions" }, ...tools, view.photo),
    view.typed, view.list,
  );
  view.dialog.setAttribute("aria-labelledby", "scanner-title");
  view.torch.hidden = true;
  view.zoomField.hidden = true;
  return view;
}
