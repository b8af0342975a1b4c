// Looks at a page as a person with old eyes and one thumb does, and returns what is wrong with it,
// a line each. Evaluates to a function of `{ type, target }`: the least px of letters and of what is
// tapped; without them it tells only what is cut off, lies over something else or widens the page.
({ type = 0, target = 0 } = {}) => {
  const wrong = new Map();
  const tell = (what, one, more = "") => {
    const said = (one.innerText ?? one.textContent ?? "").trim().replace(/\s+/g, " ").slice(0, 24);
    const classes = one.getAttribute("class") ? "." + one.getAttribute("class").split(/\s+/).join(".") : "";
    const key = `${what} ${one.closest("[class]")?.tagName.toLowerCase() ?? ""} ${one.tagName.toLowerCase()}${classes}`;
    if (!wrong.has(key)) wrong.set(key, `${what}: ${one.tagName.toLowerCase()}${classes} «${said}» ${more}`);
  };
  // What is there for screen readers alone has no looks.
  const seen = (one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest(".hidden-words, .skip");
  const meet = (a, b) => ({
    left: Math.max(a.left, b.left), top: Math.max(a.top, b.top),
    right: Math.min(a.right, b.right), bottom: Math.min(a.bottom, b.bottom),
  });
  const scrolls = (one) => {
    const { overflowX, overflowY } = getComputedStyle(one);
    return overflowX !== "visible" || overflowY !== "visible";
  };
  /** The part of a box that the boxes around it leave to be seen. */
  const left = (box, one) => {
    for (let up = one; up && up !== document.body; up = up.parentElement) {
      if (scrolls(up) && getComputedStyle(up).display !== "inline") box = meet(box, up.getBoundingClientRect());
    }
    return box;
  };

  for (const details of document.querySelectorAll("details")) details.open = true;

  const page = document.documentElement;
  if (page.scrollWidth > innerWidth) {
    const wide = [...document.querySelectorAll("body *")].filter((one) => {
      const box = one.getBoundingClientRect();
      return seen(one) && left(box, one.parentElement).right > innerWidth + 0.5;
    });
    tell(`page is ${page.scrollWidth} px wide`, wide.at(-1) ?? page, wide.at(-1)?.closest("[class]")?.className ?? "");
  }

  const lines = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const one = text.parentElement;
    if (!text.data.trim() || one.matches("script, style, noscript, option, title, desc") || !seen(one)) continue;
    const { fontSize } = getComputedStyle(one);
    if (parseFloat(fontSize) < type) tell(`letters of ${fontSize}`, one);
    const range = document.createRange();
    range.selectNodeContents(text);
    for (const { left: x, right, top, height } of range.getClientRects()) {
      if (left({ left: x, right, top, bottom: top }, one).right > innerWidth + 0.5) tell("beyond the page", one);
      // Glyphs fill the middle of a line: leading may overlap, ink may not.
      const ink = { left: x, right, top: top + height * 0.25, bottom: top + height * 0.75 };
      const shown = left(ink, one);
      if (shown.right - shown.left > 1 && shown.bottom - shown.top > 1) lines.push({ ...shown, text, one });
    }
  }
  lines.sort((a, b) => a.top - b.top);
  lines.forEach((line, at) => {
    for (let next = at + 1; next < lines.length && lines[next].top < line.bottom; next += 1) {
      const both = meet(line, lines[next]);
      const same = line.text === lines[next].text;
      if (!same && both.right - both.left > 2 && both.bottom - both.top > 2) {
        tell("letters over letters", lines[next].one, `over «${line.text.data.trim().slice(0, 24)}»`);
      }
    }
  });

  for (const one of document.querySelectorAll("body *")) {
    if (!seen(one) || one.closest("svg")) continue;
    const style = getComputedStyle(one);
    const hides = [style.overflowX, style.overflowY].some((way) => way === "hidden" || way === "clip");
    const beyond = one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1;
    if (hides && beyond && one.innerText?.trim() && style.display !== "inline") tell("cut off", one);
    const tapped = one.matches("button, input, select, textarea, summary, a")
      && !one.matches("[type=checkbox], [type=radio], [type=hidden]");
    const label = one.matches("[type=checkbox], [type=radio]") && (one.closest("label") ?? one);
    if (tapped || label) {
      const { height } = (label || one).getBoundingClientRect();
      if (height < target - 0.5) tell(`${Math.round(height)} px high`, label || one);
      if (one.scrollWidth > one.clientWidth + 1 && one.matches("button, .button, summary")) tell("cut off", one);
    }
  }
  return [...wrong.values()];
}
