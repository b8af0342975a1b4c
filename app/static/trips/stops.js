// The form that announces a run works without this file: the server adds rows and skips empty ones.
// This adds a row at once, going where the one before it goes, and takes rows away again.
const list = document.querySelector("[data-stops]");
const more = document.querySelector("[data-more]");
const rows = document.querySelector("[data-rows]");
const MOST = 100;

const stops = () => [...list.querySelectorAll("[data-stop]")];

function renumber() {
  stops().forEach((stop, n) => {
    stop.querySelector("[data-n]").textContent = n + 1;
    stop.querySelector("[data-drop]").hidden = stops().length === 1;
    for (const attribute of ["id", "name", "for", "aria-describedby"])
      for (const one of stop.querySelectorAll(`[${attribute}]`))
        one.setAttribute(attribute, one.getAttribute(attribute).replace(/-\d+/g, `-${n}`));
  });
  rows.value = stops().length;
  more.hidden = stops().length >= MOST;
}

more.addEventListener("click", (event) => {
  event.preventDefault();
  const last = stops().at(-1);
  const next = last.cloneNode(true);
  for (const error of next.querySelectorAll(".error")) error.remove();
  for (const wrong of next.querySelectorAll(".wrong")) wrong.classList.remove("wrong");
  for (const input of next.querySelectorAll("input")) input.value = "";
  const [from, to] = next.querySelectorAll("select");
  from.value = "";
  // A clone has the choice of the markup, not the one that was made.
  to.value = last.querySelectorAll("select")[1].value;
  list.append(next);
  renumber();
  from.focus();
});

list.addEventListener("click", (event) => {
  const drop = event.target.closest("[data-drop]");
  if (!drop) return;
  drop.closest("[data-stop]").remove();
  renumber();
});

renumber();
