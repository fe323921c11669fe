/* The form of a visit: comfort only, the buttons do the same without it.
 * - one step at a time on a phone, without asking the server; the draft is kept at every step
 * - what is typed is kept as a draft every 20 seconds and when a field is left
 * - 今天, 昨天, 与上次相同 fill at once; 无 and the other choices exclude each other; counts appear with their act
 * - who leaves with something unsaved is asked */
"use strict";
(function () {
  const form = document.getElementById("visit");
  if (!form) return;
  const steps = Array.from(form.querySelectorAll(".visit-step"));
  const links = Array.from(form.querySelectorAll(".visit-index a"));
  const saved = document.getElementById("saved");
  const hidden = form.querySelector("input[name=step]");
  const wide = window.matchMedia("(min-width: 1000px)");
  let kept = "";
  let sending = false;
  let again = false;
  let leaving = false;
  let pressed = null; // what sends the form as soon as the draft on its way has arrived

  function typed() {
    const data = new FormData(form);
    data.delete("go");
    return data;
  }
  function text(data) {
    return new URLSearchParams(Array.from(data.entries()).filter(function (pair) {
      return !["csrf", "step"].includes(pair[0]);
    })).toString();
  }
  kept = text(typed());

  function keep() {
    const data = typed();
    const now = text(data);
    if (leaving || now === kept) return;
    if (sending) {
      again = true; // what was filled in while a draft is on its way goes right after it
      return;
    }
    sending = true;
    again = false;
    fetch(form.dataset.draft, {
      method: "POST",
      body: new URLSearchParams(data),
      headers: { "X-CSRF-Token": data.get("csrf") },
    }).then(function (answer) {
      arrived();
      if (!answer.ok) throw new Error(String(answer.status));
      kept = now;
      return answer.status === 204 ? null : answer.json();
    }).then(function (told) {
      // Somebody has typed: the session has seen a sign of life, and the notice of its end may wait.
      document.dispatchEvent(new Event("session-alive"));
      if (told && told.saved) saved.textContent = "草稿已存 " + told.saved;
      if (again) keep();
    }).catch(function () {
      arrived();
      saved.textContent = "草稿未能存到服务器。请检查网络；登录过期时请在另一个窗口登录后再试";
    });
  }
  function arrived() {
    sending = false;
    if (pressed) pressed();
  }
  window.setInterval(keep, 20000);
  form.addEventListener("focusout", function () { window.setTimeout(keep, 0); });

  function show(number, focus) {
    for (const step of steps) step.classList.toggle("current", Number(step.dataset.step) === number);
    for (const link of links) {
      if (Number(link.dataset.stepLink) === number) link.setAttribute("aria-current", "step");
      else link.removeAttribute("aria-current");
    }
    hidden.value = String(number);
    form.dataset.step = String(number);
    const step = steps[number - 1];
    if (wide.matches) step.scrollIntoView();
    else window.scrollTo(0, 0);
    if (focus) step.querySelector("h2").focus({ preventScroll: true });
    keep();
  }

  form.addEventListener("click", function (event) {
    const button = event.target.closest("button, a");
    if (!button) return;
    if (button.dataset.go && button.dataset.go !== "7") {
      event.preventDefault();
      show(Number(button.dataset.go), true);
    } else if (button.dataset.fill) {
      event.preventDefault();
      const field = document.getElementById(button.dataset.fill);
      field.value = button.dataset.value;
      field.dispatchEvent(new Event("change", { bubbles: true }));
      keep();
    } else if (button.dataset.same) {
      event.preventDefault();
      repeat(JSON.parse(button.dataset.same));
      button.setAttribute("aria-pressed", "true");
      keep();
    }
  });
  document.addEventListener("click", function (event) {
    const link = event.target.closest("a[data-step-link]");
    if (!link) return;
    event.preventDefault();
    show(Number(link.dataset.stepLink), !link.hash);
    const target = link.hash && document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (target) {
      const box = target.closest("details");
      if (box) box.open = true;
      target.focus();
      target.scrollIntoView({ block: "center" });
    }
  });

  function repeat(values) {
    for (const [name, texts] of Object.entries(values)) {
      const fields = Array.from(form.elements).filter(function (field) { return field.name === name; });
      const filled = fields.some(function (field) {
        return field.type === "radio" || field.type === "checkbox" ? field.checked : field.value;
      });
      if (filled) continue;
      for (const field of fields) {
        if (field.type === "radio" || field.type === "checkbox") field.checked = texts.includes(field.value);
        else field.value = texts[0] || "";
      }
      if (fields[0]) fields[0].dispatchEvent(new Event("change", { bubbles: true }));
    }
  }

  function acts() {
    for (const act of form.querySelectorAll(".act")) {
      const box = act.querySelector("input[type=checkbox]");
      act.classList.toggle("open", box.checked);
    }
  }
  form.addEventListener("change", function (event) {
    const field = event.target;
    if (field.type === "checkbox") {
      const none = form.querySelector("[data-none='" + (field.dataset.none || field.name) + "']");
      if (none && field.checked) {
        const others = Array.from(field.closest("fieldset").querySelectorAll("input[type=checkbox]"));
        for (const other of others) if (other !== field && (field === none || other === none)) other.checked = false;
      }
    }
    acts();
  });
  acts();
  form.classList.add("scripted");

  if (window.IntersectionObserver) {
    const watch = new IntersectionObserver(function (seen) {
      if (!wide.matches) return;
      for (const one of seen) {
        if (!one.isIntersecting) continue;
        for (const link of links) {
          if (link.dataset.stepLink === one.target.dataset.step) link.setAttribute("aria-current", "step");
          else link.removeAttribute("aria-current");
        }
      }
    }, { rootMargin: "-30% 0px -60% 0px" });
    for (const step of steps) watch.observe(step);
  }

  form.addEventListener("submit", function (event) {
    leaving = true;
    if (!sending) return;
    // A draft on its way is older than what is sent now: were it written down after it, it would undo it.
    event.preventDefault();
    event.stopImmediatePropagation();
    saved.textContent = "上一份草稿存好后自动提交，请稍候";
    const button = event.submitter;
    if (button) button.setAttribute("aria-busy", "true");
    const press = pressed = function () {
      if (pressed !== press) return;
      pressed = null;
      sending = false;
      if (button) button.removeAttribute("aria-busy"); // set again as the form is really sent
      form.requestSubmit(button);
    };
    window.setTimeout(press, 10000);
  });
  window.addEventListener("pageshow", function () { leaving = false; });
  window.addEventListener("beforeunload", function (event) {
    if (!leaving && text(typed()) !== kept) event.preventDefault();
  });
})();
