/* Comfort only: the form says the same when it is sent.
 * While a person is typed in, the server is asked whether somebody like that is registered already; what was
 * typed travels in the body of the request. */
"use strict";
(function () {
  const form = document.querySelector("form[data-alike]");
  if (!form) return;
  const asked = ["name", "id_number", "birth_on", "village"];
  let last = "";

  // What is typed is kept as a draft every 20 seconds and when a field is left.
  const saved = document.getElementById("saved");
  let sending = false, again = false, kept = "";
  function typed() {
    return new URLSearchParams(Array.from(new FormData(form).entries()).filter(function (pair) {
      return pair[0] !== "csrf" && pair[1] !== "";
    }));
  }
  function keep() {
    const now = typed().toString();
    if (now === kept) return;
    if (sending) {
      again = true; // what was typed while a draft is on its way goes right after it
      return;
    }
    sending = true;
    again = false;
    fetch(form.dataset.draft, { method: "POST", body: typed(), headers: { "X-CSRF-Token": form.elements.csrf.value } }).then(function (answer) {
      sending = false;
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      kept = now;
      return answer.status === 204 ? null : answer.json();
    }).then(function (told) {
      document.dispatchEvent(new Event("session-alive"));
      if (told && told.saved) saved.textContent = "草稿已存 " + told.saved;
      if (again) keep();
    }).catch(function () {
      sending = false;
      saved.textContent = "草稿未能存到服务器。请检查网络；登录过期时请在另一个窗口登录后再试";
    });
  }
  if (form.dataset.draft && saved) {
    kept = typed().toString();
    window.setInterval(keep, 20000);
    form.addEventListener("focusout", function () { window.setTimeout(keep, 0); });
  }

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
