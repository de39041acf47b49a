// Draws the table of a figure. The table stays, for those who cannot see the drawing.
"use strict";

const COLOURS = ["--accent", "--high", "--medium"];
const HEIGHT = 220;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function numbers(cells) {
  return cells.map((cell) => {
    const text = cell.dataset.value ?? cell.textContent;
    return text.trim() === "" ? null : Number(text.replaceAll(",", ""));
  });
}

function series(figure, heads) {
  const band = (figure.dataset.band ?? "").split(",").map(Number);
  return heads.map(({ head, column }, index) => {
    const isBound = band.includes(column);
    const stroke = colour(isBound ? "--accent" : COLOURS[index % COLOURS.length]);
    return {
      label: head.textContent,
      stroke,
      width: isBound ? 0 : 2,
      points: { show: !isBound, size: 5, stroke, fill: stroke },
      spanGaps: false,
    };
  });
}

function axes(figure) {
  const unit = figure.dataset.unit ?? "";
  const grid = { stroke: colour("--line"), width: 1 };
  const look = { stroke: colour("--soft"), grid, ticks: grid, font: "12px system-ui, sans-serif" };
  const label = (value) => (unit === "$" ? `$${value}` : `${value}${unit ? ` ${unit}` : ""}`);
  const day = (stamp) => new Date(stamp * 1000).toISOString().slice(5, 10);
  return [{ ...look, values: (_plot, splits) => splits.map(day) }, { ...look, size: 64, values: (_plot, splits) => splits.map(label) }];
}

function draw(figure) {
  const table = figure.querySelector("table");
  const plot = figure.querySelector(".plot");
  const heads = [...table.tHead.rows[0].cells]
    .map((head, index) => ({ head, column: index + 1 }))
    .filter(({ head, column }) => column > 1 && !("skip" in head.dataset));
  const rows = [...table.tBodies[0].rows];
  const days = rows.map((row) => Date.parse(row.querySelector("time").dateTime) / 1000);
  const data = [days, ...heads.map(({ column }) => numbers(rows.map((row) => row.cells[column - 1])))];
  const band = (figure.dataset.band ?? "").split(",").map(Number);
  const [low, high] = band.map((column) => 1 + heads.findIndex((one) => one.column === column));
  plot.replaceChildren();
  plot.hidden = false;
  plot.setAttribute("role", "img");
  plot.setAttribute("aria-label", `${heads.map(({ head }) => head.textContent).join(", ")}; the table below has the figures`);
  return new uPlot(
    {
      width: plot.clientWidth,
      height: HEIGHT,
      tzDate: (stamp) => uPlot.tzDate(new Date(stamp * 1000), "Etc/UTC"),
      series: [{ label: "Day", value: "{YYYY}-{MM}-{DD}" }, ...series(figure, heads)],
      axes: axes(figure),
      scales: { y: { range: figure.dataset.unit === "%" ? [0, 100] : (_plot, _min, max) => [0, Math.max(max, 1e-9) * 1.1] } },
      bands: low > 0 && high > 0 ? [{ series: [high, low], fill: `${colour("--accent")}33` }] : [],
      legend: { live: false },
      cursor: { drag: { x: false, y: false } },
    },
    data,
    plot,
  );
}

const plots = new Map();

function drawAll() {
  for (const figure of document.querySelectorAll("figure[data-chart]")) {
    plots.get(figure)?.destroy();
    plots.set(figure, draw(figure));
  }
}

for (const details of document.querySelectorAll("figure[data-chart] details")) details.open = false;
drawAll();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
let width = innerWidth;
addEventListener("resize", () => {
  if (innerWidth === width) return;
  width = innerWidth;
  drawAll();
});
