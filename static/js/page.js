/* Comfort only: every page works without this file.
 * - menus close on Escape and on a click elsewhere
 * - a form is sent once, however often the button is pressed (not those marked data-repeatable: downloads)
 * - the list of errors receives the focus
 * - a password can be looked at before it is sent
 * - tables that do not scroll leave the tab order
 * - in declared forms an item appears with what it depends on, and «无» and the other choices exclude each other
 * - what is under way (data-refresh="seconds" on an element with an id) is brought up to date by itself
 * - F9 hides every name at once, in every window of this browser
 * - a notice comes two minutes before the session ends for lack of activity */
"use strict";
(function () {
  const menus = Array.from(document.querySelectorAll("[data-menu]"));
  document.addEventListener("click", function (event) {
    for (const menu of menus) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    for (const menu of menus) {
      if (menu.open) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
    }
  });

  document.addEventListener("submit", function (event) {
    const form = event.target;
    if (form.method !== "post" || form.hasAttribute("data-repeatable")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    for (const button of form.querySelectorAll("button:not([type=button])")) button.setAttribute("aria-busy", "true");
  });
  window.addEventListener("pageshow", function () {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
    }
  });

  // Covered before anything is sent: whoever stands behind the doctor sees nothing while the server answers.
  const hiding = document.querySelector("[data-hide-names]");
  const windows = "BroadcastChannel" in window ? new BroadcastChannel("casemgr-names") : null;
  function cover() { document.documentElement.classList.add("covered"); }
  if (hiding) {
    hiding.addEventListener("submit", function () {
      cover();
      if (windows) windows.postMessage("hide");
    });
    document.addEventListener("keydown", function (event) {
      if (event.key !== "F9" || event.repeat) return;
      event.preventDefault();
      hiding.requestSubmit();
    });
  }
  if (windows) {
    windows.addEventListener("message", function () {
      if (hiding) {
        cover();
        document.documentElement.classList.add("elsewhere");
      }
    });
  }

  const errors = document.querySelector("[data-errors]");
  if (errors) errors.focus();

  for (const box of document.querySelectorAll("[data-password]")) {
    const input = box.querySelector("input");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.textContent = "显示";
    button.setAttribute("aria-controls", input.id);
    button.setAttribute("aria-pressed", "false");
    button.setAttribute("aria-label", "显示密码");
    button.addEventListener("click", function () {
      const shown = input.type === "text";
      input.type = shown ? "password" : "text";
      button.setAttribute("aria-pressed", String(!shown));
      button.textContent = shown ? "显示" : "隐藏";
      button.setAttribute("aria-label", shown ? "显示密码" : "隐藏密码");
    });
    box.append(button);
    if (input.form) input.form.addEventListener("submit", function () { input.type = "password"; });
  }

  const sheets = Array.from(document.querySelectorAll("[data-sheet]"));
  function settle() {
    // Measured all at once: to measure after each change would lay the page out once for each sheet.
    const wide = sheets.map(function (sheet) { return sheet.scrollWidth > sheet.clientWidth; });
    sheets.forEach(function (sheet, index) {
      if (wide[index]) sheet.tabIndex = 0;
      else sheet.removeAttribute("tabindex");
    });
  }
  settle();
  window.addEventListener("resize", settle);

  // The conditions of a declared form (casemgr/forms/condition.py), evaluated on what stands in the fields.
  function same(text, value) {
    if (typeof value === "boolean") return text === (value ? "是" : "否");
    return text === String(value);
  }
  function holds(tree, chosen) {
    const [what, ...rest] = tree;
    if (what === "not") return !holds(rest[0], chosen);
    if (what === "all") return rest.every(function (part) { return holds(part, chosen); });
    if (what === "any") return rest.some(function (part) { return holds(part, chosen); });
    const texts = chosen(rest[0]);
    if (what === "equals" || what === "holds") return texts.some(function (text) { return same(text, rest[1]); });
    if (what === "in") return texts.some(function (text) { return rest[1].some(function (value) { return same(text, value); }); });
    if (what === "least") return texts.some(function (text) { return Number(text) >= rest[1]; });
    return texts.length > 0;
  }
  function declared(form) {
    const boxes = Array.from(form.querySelectorAll("[data-asked], [data-required]"));
    const groups = Array.from(form.querySelectorAll(".form-line")).concat(Array.from(form.querySelectorAll(".form-table")));
    function chosen(name) {
      return Array.from(form.elements).filter(function (field) {
        return field.name === name && (field.type === "radio" || field.type === "checkbox" ? field.checked : field.value.trim());
      }).map(function (field) { return field.value.trim(); });
    }
    function ask() {
      for (const box of boxes) {
        if (box.dataset.asked) {
          const wanted = holds(JSON.parse(box.dataset.asked), chosen);
          // What is filled, and what is wrong, stays in sight, so that nothing is sent that nobody sees.
          box.hidden = !wanted && chosen(box.dataset.key).length === 0 && !box.classList.contains("wrong");
        }
        const need = box.querySelector("[data-need]");
        if (need && box.dataset.required) need.hidden = !holds(JSON.parse(box.dataset.required), chosen);
      }
      // A line, and a table of lines, without anything to ask is not shown either.
      for (const group of groups) group.hidden = !group.querySelector(".form-field:not([hidden])");
    }
    form.addEventListener("change", function (event) {
      const group = event.target.closest("[data-alone]");
      if (group && event.target.type === "checkbox" && event.target.checked) {
        const alone = event.target.value === group.dataset.alone;
        for (const other of group.querySelectorAll("input[type=checkbox]")) {
          if (other !== event.target && (alone || other.value === group.dataset.alone)) other.checked = false;
        }
      }
      ask();
    });
    form.addEventListener("input", ask);
    // Going back fills the fields after the page was read.
    window.addEventListener("pageshow", ask);
    ask();
  }
  for (const form of document.querySelectorAll("form")) {
    if (form.querySelector("[data-asked], [data-required], [data-alone]")) declared(form);
  }

  function renew(element) {
    const seconds = Number(element.dataset.refresh);
    if (!(seconds > 0) || !element.id) return;
    window.setTimeout(function () {
      // The header tells the server that nobody has touched anything: the session does not live on by itself.
      fetch(window.location.href, { headers: { "X-Background": "1" } }).then(function (answer) {
        return answer.ok && !answer.redirected ? answer.text() : "";
      }).then(function (text) {
        const fresh = text && new DOMParser().parseFromString(text, "text/html").getElementById(element.id);
        // Whoever is typing in there is not disturbed.
        if (!fresh || element.contains(document.activeElement)) return renew(element);
        element.replaceWith(fresh);
        renew(fresh);
      }, function () { renew(element); });
    }, seconds * 1000);
  }
  for (const element of document.querySelectorAll("[data-refresh]")) renew(element);

  const idle = Number(document.body.dataset.idle || 0) * 1000;
  const warnBefore = 120 * 1000;
  if (idle > warnBefore + 60 * 1000) {
    let since = Date.now();
    let notice = null;
    const stay = function () {
      const token = document.querySelector("input[name=csrf]");
      fetch("/session/stay", { method: "POST", headers: { "X-CSRF-Token": token ? token.value : "" } }).then(function (answer) {
        if (answer.ok) document.dispatchEvent(new Event("session-alive"));
      }, function () {});
    };
    // Whoever types into a form is there; once a minute is enough to say so.
    let said = 0;
    document.addEventListener("input", function (event) {
      const form = event.target.form;
      const now = Date.now();
      if (!form || form.method !== "post" || now - said < 60000 || now - since >= idle) return;
      said = now;
      stay();
    });
    document.addEventListener("session-alive", function () {
      since = Date.now();
      if (notice) notice.remove();
      notice = null;
    });
    const show = function () {
      notice = document.createElement("div");
      notice.className = "notice warn idle";
      notice.setAttribute("role", "alert");
      const row = document.createElement("div");
      row.className = "actions";
      const button = document.createElement("button");
      button.type = "button";
      button.className = "button main";
      button.textContent = "继续使用";
      button.addEventListener("click", stay);
      row.append(button);
      notice.append(document.createElement("p"), row);
      document.body.append(notice);
    };
    // The clock is compared, not counted down: a sleeping computer stops timers.
    window.setInterval(function () {
      const left = idle - (Date.now() - since);
      if (left > warnBefore) return;
      if (!notice) show();
      const words = left > 0
        ? "两分钟内没有操作将自动退出。请保存未完成的内容，或点“继续使用”。"
        : window.isSecureContext
          ? "登录已过期，填的内容还在。请照常保存，重新登录后接着提交；附件要重新选择。"
          : "登录已过期。请先抄下未保存的内容，再刷新页面重新登录。";
      if (notice.firstChild.textContent !== words) notice.firstChild.textContent = words;
    }, 5000);
  }
})();
