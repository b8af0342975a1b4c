// A load that arrives. Without this file the form works as it stands: every bag is taken to have
// come, and each line opens. This adds finding one bag among four hundred by a part of its code,
// counts as they are chosen, marking all the rest at once, and showing only what is special, so
// that the button to send is within a thumb's reach.
const FEW = 12;
const box = document.querySelector("[data-arrivals]");
if (box) {
  const rows = [...box.querySelectorAll(".arrivals > li")];
  const choice = (row) => row.querySelector("select");
  // A container stands for all bags in it.
  const stands = (row) => Number(row.dataset.count);
  const sum = (some) => some.reduce((total, row) => total + stands(row), 0);
  const submit = document.querySelector("[data-submit]");
  const tally = box.querySelector("[data-tally]");

  function say() {
    const counts = new Map();
    for (const row of rows) {
      const select = choice(row);
      const words = select.selectedOptions[0].textContent;
      const said = row.querySelector("[data-said]");
      if (said.textContent !== words) said.textContent = words;
      said.classList.toggle("warm", select.value !== "arrived");
      counts.set(words, (counts.get(words) ?? 0) + stands(row));
    }
    const order = [...choice(rows[0]).options].map((option) => option.textContent);
    tally.textContent = order
      .filter((words) => counts.has(words))
      .map((words) => `${words} ${counts.get(words)} 袋`)
      .join(" · ");
    const come = counts.get("正常") ?? 0;
    const whole = come === sum(rows);
    submit.textContent = whole ? `签收全部 ${come} 袋` : come ? `其余 ${come} 袋全部签收` : "登记签收";
  }

  let usual = "arrived";

  function mark(from, to) {
    for (const row of rows) {
      const select = choice(row);
      // What was refused or missed before has not come with this load: it is named by itself.
      if (select.value === from && !("left" in row.dataset)) select.value = to;
    }
    usual = to;
    say();
    filter();
  }

  const find = box.querySelector("#find-bag");
  const found = box.querySelector("[data-found]");
  const plain = (text) => text.toUpperCase().replace(/[^0-9A-Z]/g, "");

  const every = box.querySelector("[data-every]");
  let all = rows.length <= FEW;

  function special(row) {
    const weighed = row.querySelector(".with-unit input").value !== "";
    return choice(row).value !== usual || weighed || row.querySelector(".error") !== null;
  }

  function filter() {
    const wanted = plain(find.value);
    let seen = 0;
    for (const row of rows) {
      const fits = wanted ? row.dataset.code.includes(wanted) : all || special(row);
      row.hidden = !fits;
      if (fits) seen += stands(row);
    }
    found.textContent = !wanted
      ? ""
      : seen
        ? `找到 ${seen} 袋`
        : "这一车里没有这个码。有实物就在下面“输入标签码”里写上。";
    every.textContent = all ? "只看有问题的" : `逐袋查看 ${sum(rows)} 袋`;
  }

  every.addEventListener("click", () => {
    all = !all;
    filter();
  });
  find.addEventListener("input", filter);
  find.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    // A scanner that types ends with Enter: it means «this bag», not «send the form».
    event.preventDefault();
    const only = rows.filter((row) => !row.hidden);
    if (only.length === 1) {
      only[0].querySelector("details").open = true;
      choice(only[0]).focus();
    }
  });
  // Scanned one after the other: after “只到了一部分” each bag in hand has come; before it, each one
  // scanned is special, and its line stands open to say what is wrong with it.
  find.addEventListener("scanned", ({ detail }) => {
    const row = rows.find((one) => one.dataset.code === plain(detail.code));
    if (!row) {
      detail.refusal = `${detail.code} 不在这一车里。有实物，就在下面“输入标签码”里写上。`;
      return;
    }
    if (usual === "later") choice(row).value = "arrived";
    else row.querySelector("details").open = true;
    say();
    filter();
    row.hidden = false;
  });
  box.addEventListener("change", (event) => {
    if (event.target.matches("select")) say();
  });
  box.querySelector("[data-all-later]").addEventListener("click", () => mark("arrived", "later"));
  box.querySelector("[data-all-arrived]").addEventListener("click", () => mark("later", "arrived"));

  if (rows.length) {
    // Where all that is left was refused or missed before, each is named by itself.
    box.querySelector("[data-flip]").hidden = rows.every((row) => "left" in row.dataset);
    box.querySelector(".find-bag").hidden = rows.length <= FEW;
    every.hidden = rows.length <= FEW;
    say();
    filter();
  }
}
