// Says beside the scanned codes of bottles whose deposit can be handed back, and how much together.
// Without a network nothing is said: the platform settles it by the code all the same.
const MOST = 50;
const known = new Map();

async function ask(code) {
  if (!known.has(code)) {
    const answer = await fetch(`/api/v1/deposits?unit_code=${encodeURIComponent(code)}`).catch(() => null);
    if (!answer || (!answer.ok && answer.status !== 422)) return null;
    known.set(code, answer.ok ? await answer.json() : { refundable: false, fen: null, returned: 0 });
  }
  return known.get(code);
}

const yuan = (fen) => (fen / 100).toFixed(2);

export function words(found) {
  const back = found.filter(({ refundable }) => refundable);
  const twice = found.filter(({ refundable, fen }) => fen !== null && !refundable).length;
  const none = found.filter(({ fen }) => fen === null).length;
  return [
    back.length ? `退押金 ${back.length} 件，共 ${yuan(back.reduce((sum, { fen }) => sum + fen, 0))} 元。` : "",
    twice ? `${twice} 件的押金已经退过，不再退。` : "",
    none ? `${none} 件没有收过押金。` : "",
  ].join("");
}

// Says it in a line after `area`, a text area with a code a line; returns what it says now.
export function tellDeposits(area) {
  const says = Object.assign(document.createElement("p"), { className: "hint" });
  says.setAttribute("aria-live", "polite");
  // At the end: beside the field stands the button that scans into it.
  area.parentElement.append(says);
  let turn = 0;
  const tell = async () => {
    const mine = ++turn;
    // Half a code, as it is typed, is not asked about.
    const whole = area.value.split("\n").map((line) => line.trim()).filter((line) => /\d{32}/.test(line.replace(/[ -]/g, "")));
    const codes = [...new Set(whole)].slice(0, MOST);
    const found = await Promise.all(codes.map(ask));
    if (mine === turn) says.textContent = words(found.filter(Boolean));
  };
  for (const event of ["input", "change"]) area.addEventListener(event, tell);
  tell();
  return () => says.textContent;
}
