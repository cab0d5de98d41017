(() => {
  "use strict";
  const video = document.querySelector("video");
  const decimal = (0.5).toLocaleString(document.documentElement.lang).charAt(1);
  if (video) document.body.classList.add("can-seek");
  const seek = (time) => {
    if (!video || !Number.isFinite(time)) return;
    video.pause();
    video.currentTime = Math.max(0, time);
    video.scrollIntoView({ block: "nearest" });
  };
  const charts = [...document.querySelectorAll("[data-chart]")].map((svg) => {
    const data = JSON.parse(svg.dataset.chart);
    const cursor = svg.querySelector(".cursor");
    const output = svg.parentElement.querySelector("output");
    const show = (value) => {
      const inside = value >= data.low && value <= data.high;
      cursor.style.visibility = inside ? "visible" : "hidden";
      if (!inside) return;
      const x = data.left + ((value - data.low) / (data.high - data.low)) * (data.right - data.left);
      cursor.setAttribute("x1", x);
      cursor.setAttribute("x2", x);
      if (!output || !data.x.length) return;
      let near = 0;
      data.x.forEach((each, i) => { if (Math.abs(each - value) < Math.abs(data.x[near] - value)) near = i; });
      const readings = data.lines.map(([name, y]) => `${name} ${y[near] === null ? "–" : y[near].toFixed(0) + data.unit}`);
      output.textContent = `${data.x[near].toFixed(data.seeks ? 2 : 0).replace(".", decimal)} ${data.seeks ? "s" : "%"}: ${readings.join(" · ")}`;
    };
    const valueAt = (event) => {
      const box = svg.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
      return data.low + ((x - data.left) / (data.right - data.left)) * (data.high - data.low);
    };
    svg.addEventListener("pointermove", (event) => show(valueAt(event)));
    svg.addEventListener("pointerleave", () => { cursor.style.visibility = "hidden"; if (output) output.textContent = ""; });
    if (data.seeks) svg.addEventListener("click", (event) => seek(valueAt(event)));
    return { data, show };
  });
  document.querySelectorAll("[data-seek]").forEach((button) => {
    button.addEventListener("click", () => seek(Number(button.dataset.seek)));
  });
  if (video) video.addEventListener("timeupdate", () => {
    charts.filter((chart) => chart.data.seeks).forEach((chart) => chart.show(video.currentTime));
  });
})();
