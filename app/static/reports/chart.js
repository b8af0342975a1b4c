// Draws the recovery rates of the table and their targets: bars stand on wide screens and lie on
// narrow ones. Without ECharts, or with more rows than a person can compare at a glance, the figure
// stays hidden and the table says everything.
const MOST_BARS = 40;
const figure = document.querySelector("[data-chart]");
const rows = [...document.querySelectorAll("#recovery tbody tr")].filter((r) => r.dataset.rate);

function options(narrow) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const text = { color: colour("--ink"), fontFamily: style.fontFamily, fontSize: narrow ? 16 : 14 };
  const percent = (share) => (share === "" ? null : Number(share) * 100);
  const targets = rows.map((row) => percent(row.dataset.target));
  const isShort = ({ dataset }) => dataset.target !== "" && +dataset.rate < +dataset.target;
  const names = {
    type: "category",
    data: rows.map((row) => row.dataset.name),
    inverse: narrow,
    axisTick: { show: false },
    axisLine: { lineStyle: { color: colour("--line-strong") } },
    axisLabel: { ...text, interval: 0, rotate: narrow || rows.length <= 16 ? 0 : 45 },
  };
  const rates = {
    type: "value",
    axisLabel: { ...text, formatter: "{value} %", hideOverlap: true },
    splitLine: { lineStyle: { color: colour("--line") } },
  };
  return {
    aria: { enabled: true },
    animation: false,
    textStyle: text,
    grid: { left: 8, right: 16, top: 40, bottom: 8, containLabel: true },
    legend: { top: 0, right: 0, textStyle: text },
    tooltip: { trigger: "axis", valueFormatter: (v) => (v == null ? "—" : `${v.toFixed(1)} %`) },
    xAxis: narrow ? rates : names,
    yAxis: narrow ? names : rates,
    series: [
      {
        name: "回收率",
        type: "bar",
        barMaxWidth: 40,
        color: colour("--accent"),
        data: rows.map((row) => ({
          value: percent(row.dataset.rate),
          itemStyle: isShort(row) ? { color: colour("--accent-light") } : undefined,
        })),
      },
      {
        name: "目标",
        type: "scatter",
        symbol: "rect",
        symbolSize: narrow ? [5, 24] : [44, 5],
        color: colour("--ink"),
        itemStyle: { borderColor: colour("--paper"), borderWidth: 1, opacity: 1 },
        data: targets,
      },
    ].filter((series) => series.type === "bar" || targets.some((target) => target !== null)),
  };
}

if (figure && window.echarts && rows.length > 1 && rows.length <= MOST_BARS) {
  const canvas = figure.querySelector(".chart");
  const narrow = innerWidth < 720;
  figure.hidden = false;
  canvas.classList.toggle("tall", narrow);
  const chart = window.echarts.init(canvas, null, { renderer: "svg" });
  chart.setOption(options(narrow));
  addEventListener("resize", () => chart.resize());
}
