(function () {
  "use strict";
  var all = function (what) { return Array.prototype.slice.call(document.querySelectorAll(what)); };
  all("[data-tool]").forEach(function (it) { it.hidden = false; });
  all("[data-copy]").forEach(function (button) {
    button.addEventListener("click", function () {
      var code = button.parentNode.querySelector("code");
      var done = function () { button.textContent = "Copied"; };
      var byHand = function () {
        var range = document.createRange();
        range.selectNodeContents(code);
        var chosen = window.getSelection();
        chosen.removeAllRanges();
        chosen.addRange(range);
        if (document.execCommand("copy")) { done(); }
      };
      if (navigator.clipboard) { navigator.clipboard.writeText(code.textContent).then(done, byHand); } else { byHand(); }
    });
  });
  var text = document.getElementById("q"), verdict = document.getElementById("v"), count = document.getElementById("n");
  var rows = all("[data-verdict]");
  var words = rows.map(function (row) { return row.textContent.toLowerCase(); });
  function filter() {
    var wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean), left = 0;
    rows.forEach(function (row, at) {
      var is = (!verdict.value || row.dataset.verdict.split(" ").indexOf(verdict.value) >= 0) &&
        wanted.every(function (word) { return words[at].indexOf(word) >= 0; });
      row.hidden = !is;
      left += is ? 1 : 0;
    });
    var is_on = wanted.length > 0 || verdict.value;
    count.textContent = is_on ? left + " of " + rows.length + " shown" : "";
    all("[data-group]").forEach(function (group) {
      var some = group.querySelector("[data-verdict]:not([hidden])");
      group.hidden = !some;
      if (is_on && some) { group.open = true; }
    });
  }
  if (text) { text.addEventListener("input", filter); verdict.addEventListener("change", filter); }
  function show() {
    var it = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (var up = it; up; up = up.parentElement) { if (up.tagName === "DETAILS") { up.open = true; } }
    if (it) { it.scrollIntoView(); }
  }
  window.addEventListener("hashchange", show);
  show();
  var closed = [];
  window.addEventListener("beforeprint", function () {
    closed = all("details:not([open])");
    closed.forEach(function (it) { it.open = true; });
  });
  window.addEventListener("afterprint", function () { closed.forEach(function (it) { it.open = false; }); });
})();
