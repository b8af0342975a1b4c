// The list of bags in an event form works without this file; it adds ticking all at once, counts,
// finding one of four hundred by scanning or typing, and the net of a container on the scale.
const kilograms = (grams) =>
  `${(grams / 1000).toLocaleString("zh-CN", { minimumFractionDigits: 2, maximumFractionDigits: 3 })} kg`;

// A scanner types the whole address of a label; a person types a few letters of its code.
const codeIn = (text) =>
  text.trim().toUpperCase().split("/").at(-1).replace(/[^0-9A-Z]/g, "");

for (const list of document.querySelectorAll("[data-bag-list]")) {
  const ticks = [...list.querySelectorAll("[type=checkbox]")];
  const shown = () => ticks.filter((tick) => !tick.closest("li").hidden);
  const all = list.querySelector("[data-all]");
  const says = list.querySelector("[data-ticked]");
  const find = list.querySelector("[data-find]");

  const showTicked = () => {
    const ticked = ticks.filter((tick) => tick.checked);
    const sum = (one, name) => one.reduce((total, tick) => total + Number(tick.dataset[name]), 0);
    says.textContent = `已勾选 ${sum(ticked, "count")} / ${sum(ticks, "count")} 袋，共 ${kilograms(sum(ticked, "g"))}`;
    says.hidden = false;
    if (all) {
      all.textContent = shown().every((tick) => tick.checked) ? "全部不选" : "全部勾选";
      all.hidden = false;
    }
  };

  const narrow = () => {
    const wanted = codeIn(find.value);
    for (const tick of ticks) tick.closest("li").hidden = !codeIn(tick.value).includes(wanted);
    showTicked();
  };

  all?.addEventListener("click", () => {
    const tick = !shown().every((one) => one.checked);
    for (const one of shown()) {
      one.checked = tick;
      one.dispatchEvent(new Event("change", { bubbles: true }));
    }
  });
  if (find) {
    find.closest("p").hidden = false;
    find.addEventListener("scanned", ({ detail }) => {
      const tick = ticks.find((one) => one.value === detail.code);
      if (tick) {
        tick.checked = true;
        tick.dispatchEvent(new Event("change", { bubbles: true }));
      } else {
        detail.refusal = `${detail.code} 不在这张列表里。有实物，就在下面“输入标签码”里写上。`;
      }
    });
    find.addEventListener("input", narrow);
    find.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // the form is not sent by a scanner's Enter
      const [only, ...others] = shown();
      if (!only || others.length) return;
      only.checked = true;
      only.dispatchEvent(new Event("change", { bubbles: true }));
      find.value = "";
      narrow();
      only.closest("li").scrollIntoView({ block: "nearest" });
    });
  }
  list.addEventListener("change", showTicked);
  showTicked();
}

const grams = (input) => {
  const text = (input?.value ?? "").normalize("NFKC").replace("。", ".").trim();
  return /^\d+(\.\d{1,3})?$/.test(text) ? Math.round(Number(text) * 1000) : null;
};

for (const scale of document.querySelectorAll("[data-scale]")) {
  const [gross, tare] = [scale.querySelector("#gross_kg"), scale.querySelector("#tare_kg")];
  const net = scale.querySelector("[data-net]");
  const show = () => {
    const [all, empty] = [grams(gross), grams(tare)];
    net.hidden = all === null || empty === null;
    net.querySelector("b").textContent =
      all > empty ? kilograms(all - empty) : "毛重应大于皮重";
  };
  scale.addEventListener("input", show);
  show();
}

// Which container was chosen: what is in it, and its tare beside the scale.
for (const container of document.querySelectorAll("[data-container]")) {
  const says = document.querySelector("[data-container-says]");
  const tare = document.querySelector("#tare_kg");
  const show = () => {
    const wanted = codeIn(container.value);
    const found = [...container.list.options].find((one) => codeIn(one.value) === wanted);
    says.hidden = !found;
    if (!found) return;
    const { bags, tare: empty } = found.dataset;
    says.textContent = Number(bags) ? `里面已有 ${bags} 袋。` : "现在是空的。";
    if (tare && !tare.value && empty) {
      tare.value = empty;
      tare.dispatchEvent(new Event("input", { bubbles: true }));
    }
  };
  container.addEventListener("input", show);
  show();
}
