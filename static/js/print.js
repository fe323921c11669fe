/* Comfort only: a button that opens the print dialogue; without script the browser's own menu prints. */
"use strict";
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", function () { window.print(); });
}
