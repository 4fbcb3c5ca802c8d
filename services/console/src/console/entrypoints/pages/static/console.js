// Draws the pictures, and keeps the flow's history between two refreshes. All figures come from the page; nothing is computed here but rates.
"use strict";
(() => {
  const HISTORY_MAX = 120;
  const history = new Map(); // line > [[time, per second], ...]
  let before = null; // the counters of the last refresh

  function addFlow(counters) {
    const now = { at: Date.now(), counters };
    if (before) {
      const seconds = (now.at - before.at) / 1000;
      for (const [line, count] of Object.entries(counters)) {
        const rate = Math.max(0, (count - (before.counters[line] ?? count)) / seconds); // a service that was started again counts from 0
        const points = history.get(line) ?? [];
        points.push([now.at, Math.round(rate * 10) / 10]);
        history.set(line, points.slice(-HISTORY_MAX));
      }
    }
    before = now;
  }

  function draw(root) {
    const flow = root.querySelector("[data-flow]");
    if (flow) addFlow(JSON.parse(flow.dataset.flow));
    for (const place of root.querySelectorAll("[data-chart]")) {
      const option = JSON.parse(place.dataset.chart);
      for (const series of option.series) if (series.id) series.data = history.get(series.id) ?? [];
      echarts.init(place).setOption(option);
    }
  }

  const paused = () => document.getElementById("pause")?.checked;
  document.addEventListener("htmx:beforeRequest", (event) => { if (paused() && event.target.id === "live") event.preventDefault(); });
  document.addEventListener("htmx:beforeCleanupElement", (event) => {
    if (event.target.dataset?.chart) echarts.getInstanceByDom(event.target)?.dispose();
  });
  document.addEventListener("htmx:afterSwap", (event) => draw(event.target));
  window.addEventListener("resize", () => { for (const place of document.querySelectorAll("[data-chart]")) echarts.getInstanceByDom(place)?.resize(); });
  document.addEventListener("DOMContentLoaded", () => draw(document));
})();
