/* Comfort only: an element with data-clock="seconds" counts on, so that nobody reloads to see the time. */
"use strict";
(function () {
  const begun = performance.now();
  const clocks = Array.from(document.querySelectorAll("[data-clock]"));
  function words(seconds) {
    const hours = Math.floor(seconds / 3600), minutes = Math.floor(seconds % 3600 / 60), rest = seconds % 60;
    return (hours ? hours + " 小时 " : "") + minutes + " 分 " + String(rest).padStart(2, "0") + " 秒";
  }
  function tick() {
    const passed = (performance.now() - begun) / 1000;
    for (const clock of clocks) clock.textContent = words(Math.floor(Number(clock.dataset.clock) + passed));
  }
  if (clocks.length) {
    tick();
    setInterval(tick, 1000);
  }
})();
