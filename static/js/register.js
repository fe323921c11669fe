/* Comfort only: the form says the same when it is sent.
 * While a person is typed in, the server is asked whether somebody like that is registered already; what was
 * typed travels in the body of the request. */
"use strict";
(function () {
  const form = document.querySelector("form[data-alike]");
  if (!form) return;
  const asked = ["name", "id_number", "birth_on", "village"];
  let last = "";
  function ask() {
    const body = new URLSearchParams();
    for (const name of [...asked, "case"]) {
      const field = form.elements.namedItem(name);
      if (field && field.value) body.set(name, field.value);
    }
    const text = body.toString();
    if (text === last || !(body.get("id_number") || (body.get("name") && (body.get("birth_on") || body.get("village"))))) return;
    last = text;
    fetch(form.dataset.alike, { method: "POST", body: body, headers: { "X-CSRF-Token": form.elements.csrf.value } }).then(function (answer) {
      return answer.ok && !answer.redirected ? answer.text() : "";
    }).then(function (html) {
      const fresh = html && new DOMParser().parseFromString(html, "text/html").querySelector("[data-alike-result]");
      const place = form.querySelector("[data-alike-result]");
      if (fresh && place) place.replaceWith(document.importNode(fresh, true));
    }, function () { /* the form itself asks again when it is sent */ });
  }
  for (const name of asked) {
    const field = form.elements.namedItem(name);
    if (field) field.addEventListener("change", ask);
  }
})();
