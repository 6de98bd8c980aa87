//! The page in a browser, where there is a chromium: at the width of a phone and of a desk, in light
//! and in dark.

use std::io;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use msnpspec::report::Html;

use super::fixture::written;

/// A browser that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(90);

/// Looks at the page in its frame, and writes what it sees.
const LOOK: &str = r##"
addEventListener("load", function () {
  var page = document.querySelector("iframe").contentDocument, view = page.defaultView;
  var seen = { faint: [], wide: [] };
  page.querySelectorAll("details").forEach(function (it) { it.open = true; });
  seen.dark = view.matchMedia("(prefers-color-scheme: dark)").matches;
  seen.overflow = page.documentElement.scrollWidth - page.documentElement.clientWidth;
  page.querySelectorAll("body *").forEach(function (it) {
    if (it.getBoundingClientRect().right > page.documentElement.clientWidth + 1 && !it.closest(".scroll")) {
      seen.wide.push(it.tagName + "." + it.className);
    }
  });
  function rgb(text) { return (text.match(/[\d.]+/g) || []).map(Number); }
  function light(colour) {
    var part = colour.slice(0, 3).map(function (it) {
      it /= 255;
      return it <= 0.03928 ? it / 12.92 : Math.pow((it + 0.055) / 1.055, 2.4);
    });
    return 0.2126 * part[0] + 0.7152 * part[1] + 0.0722 * part[2];
  }
  function behind(it) {
    for (; it; it = it.parentElement) {
      var colour = rgb(view.getComputedStyle(it).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) { return colour; }
    }
    return [255, 255, 255];
  }
  seen.texts = 0;
  page.querySelectorAll("body *").forEach(function (it) {
    var own = Array.prototype.some.call(it.childNodes, function (node) {
      return node.nodeType === 3 && node.textContent.trim();
    });
    if (!own || it.tagName === "SCRIPT" || !it.getClientRects().length) { return; }
    seen.texts += 1;
    var style = view.getComputedStyle(it), front = light(rgb(style.color)), back = light(behind(it));
    var ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    if (ratio < 4.5) { seen.faint.push(it.tagName + "." + it.className + " " + ratio.toFixed(2)); }
  });
  seen.loaded = view.performance.getEntriesByType("resource").length;

  var tools = page.querySelector(".tools"), search = page.getElementById("q");
  seen.runs = !tools.hidden;
  search.value = "no such words";
  search.dispatchEvent(new view.Event("input"));
  seen.count = page.getElementById("n").textContent;
  document.body.innerHTML = "<pre id=seen></pre>";
  document.getElementById("seen").textContent = "SE" + "EN" + JSON.stringify(seen) + "SE" + "EN";
});
"##;

fn chromium() -> Option<&'static str> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    names.into_iter().find(|name| {
        let asked = Command::new(name).arg("--version").output();
        asked.is_ok_and(|answer| answer.status.success())
    })
}

/// What a browser makes of this page; `None` where it does not come to an end.
fn dumped(
    browser: &str,
    page: &std::path::Path,
    dark: bool,
    home: &std::path::Path,
) -> Option<Output> {
    let mut command = Command::new(browser);
    command
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
        ])
        .args(["--no-first-run", "--disable-background-networking"])
        .args(["--disable-component-update", "--disable-sync"])
        .args(["--allow-file-access-from-files", "--dump-dom"])
        .arg(format!("--user-data-dir={}", home.display()))
        .arg(format!(
            "--blink-settings=preferredColorScheme={}",
            u8::from(!dark)
        ))
        .args(dark.then_some("--force-dark-mode"))
        .arg(format!("file://{}", page.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let child = command.spawn().ok()?;
    let id = child.id();
    let (sender, ended) = channel::<io::Result<Output>>();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    match ended.recv_timeout(PATIENCE) {
        Ok(output) => output.ok(),
        Err(_) => {
            let _ = Command::new("kill").arg(id.to_string()).status();
            None
        }
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "a test that does not run says so")]
fn the_page_is_read_on_a_phone_and_on_a_desk_in_light_and_in_dark() {
    let Some(browser) = chromium() else {
        println!("not run: no chromium");
        return;
    };
    let folder = tempfile::tempdir().expect("there is room");
    let page = folder.path().join("page.html");
    std::fs::write(&page, written(&mut Html::default())).expect("it is written");
    for (width, dark) in [(375, false), (375, true), (1280, false), (1280, true)] {
        let frame = folder.path().join(format!("{width}-{dark}.html"));
        let text = format!(
            "<!doctype html><meta charset=utf-8><script>{LOOK}</script>\
             <iframe src='page.html' style='border:0;width:{width}px;height:900px'></iframe>"
        );
        std::fs::write(&frame, text).expect("it is written");
        let home = folder.path().join(format!("home-{width}-{dark}"));
        let output = dumped(browser, &frame, dark, &home).expect("the browser comes to its end");
        let dom = String::from_utf8_lossy(&output.stdout);
        let seen = dom.split("SEEN").nth(1).unwrap_or_else(|| panic!("{dom}"));
        let seen = seen
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&");
        let seen: serde_json::Value = serde_json::from_str(&seen).expect("it is JSON");
        let at = format!("at {width} px, dark {dark}: {seen}");
        assert_eq!(seen["dark"], dark, "{at}");
        assert_eq!(seen["overflow"], 0, "{at}");
        assert_eq!(seen["wide"], serde_json::json!([]), "{at}");
        assert_eq!(seen["faint"], serde_json::json!([]), "{at}");
        assert_eq!(seen["loaded"], 0, "{at}");
        assert_eq!(seen["runs"], true, "{at}");
        let count = seen["count"].as_str().unwrap_or_default();
        assert!(count.starts_with("0 of "), "{at}");
        assert!(seen["texts"].as_u64() > Some(100), "{at}");
    }
}
