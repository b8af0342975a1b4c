// What any page may use: a print button that shows only where scripts run, and the focus on a
// summary of errors, so that a screen reader and a small screen begin there.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
document.querySelector(".summary")?.focus();

// A lineage that is wider than the screen begins at the batch that the page is about.
for (const scroller of document.querySelectorAll(".lineage-scroll")) {
  const here = scroller.querySelector(".here");
  if (!here) continue;
  const middle = here.getBoundingClientRect().left - scroller.getBoundingClientRect().left;
  scroller.scrollLeft = middle - (scroller.clientWidth - here.getBoundingClientRect().width) / 2;
}
