//! GraphiQL in a real browser, and the official JavaScript clients, against the built program: the
//! tests of `web/tests`, which Node runs. What they need beside Node is installed now, where it may be.

use std::path::Path;
use std::process::{Command, Output};

use crate::harness::{Kind, PrivateDatabase, Process};
use crate::packages;

const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

#[tokio::test(flavor = "multi_thread")]
async fn browsers_and_javascript_clients_are_served() {
    let is_built = web().join("dist/index.html").is_file();
    if !runs("node") || !runs("npm") {
        println!("Node.js is not installed: no browser and no JavaScript client was tried");
        if !is_built {
            the_plain_page_is_served().await;
        }
        return;
    }
    if !is_built {
        println!(
            "GraphiQL could not be made when this was built, and cargo's warning says why: no browser \
             and no JavaScript client was tried"
        );
        the_plain_page_is_served().await;
        return;
    }
    if !web().join("node_modules/playwright-core").is_dir() {
        passed(&npm(&["ci"], true));
    }
    let has_browser = BROWSERS.iter().any(|browser| runs(browser)) || packages::install("chromium");
    if !has_browser {
        println!("Chromium can neither be found nor installed: only the clients were tried");
    }
    let tests = npm(&["test"], has_browser);
    passed(&tests);
    // As a test runner ends well too that found no test.
    let said = String::from_utf8_lossy(&tests.stdout);
    let count = said.lines().find_map(|line| line.strip_prefix("ℹ pass "));
    let count: u32 = count.and_then(|count| count.parse().ok()).unwrap_or_default();
    assert!(count > if has_browser { 85 } else { 75 }, "{said}");
}

/// What a server without GraphiQL shows.
async fn the_plain_page_is_served() {
    let database = PrivateDatabase::make(Kind::Sqlite).await;
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let server = Process::serve(&database.url, &rules).await;
    let page = reqwest::get(format!("{}/graphiql", server.address)).await.unwrap();
    let page = page.error_for_status().unwrap().text().await.unwrap();
    assert!(page.contains("npm --prefix web ci"), "{page}");
    server.kill();
    database.remove().await;
}

fn web() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/web"))
}

fn runs(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|done| done.status.success())
}

fn npm(arguments: &[&str], has_browser: bool) -> Output {
    let mut command = Command::new("npm");
    command.arg("--prefix").arg(web()).args(arguments);
    if !has_browser {
        command.env("WITHOUT_BROWSER", "1");
    }
    command.env("GUERDON_BIN", env!("CARGO_BIN_EXE_guerdon")).output().unwrap()
}

fn passed(done: &Output) {
    let (said, complained) =
        (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{said}\n{complained}");
}
