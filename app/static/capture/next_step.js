// Which step a person most likely records next on a bag or a container; null where none follows. The
// twin of app/custody/next_step.py; tests/test_capture_browser.py holds them together. Pure.
const FINAL = ["repacked", "written_off", "disposed"];
const FILLING = { collector: "hand_in", keeper: "collect" };
const HOLDING = { collector: "depart", keeper: "depart", plant: "dispose" };

export function nextStep({ role, site }, bag, holds = 0) {
  if (FINAL.includes(bag.status) || !(role in HOLDING || role === "carrier")) return null;
  if (role === "carrier") return bag.kind === "bag" || holds ? "depart" : null;
  const here = bag.site === site && bag.status !== "in_transit";
  if (bag.kind === "container") {
    if (!holds && bag.status !== "in_transit") return "pack";
    return here ? HOLDING[role] : "arrive";
  }
  if (["unused", "open"].includes(bag.status) && role in FILLING) return FILLING[role];
  if (!here) return "arrive";
  if (bag.container) return "unpack";
  return role === "keeper" && bag.status === "received" ? "store" : HOLDING[role];
}
