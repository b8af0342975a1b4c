// What any page may use: a print button that shows only where scripts run, and the focus on a
// summary of errors, so that a screen reader and a small screen begin there.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
document.querySelector(".summary")?.focus();
