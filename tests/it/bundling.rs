//! How the build makes GraphiQL: once, again when a source changed, and never so that a build fails.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

#[expect(dead_code, reason = "its main is the build's")]
#[path = "../../build.rs"]
mod build_script;

use build_script::Bundler;

/// An npm that notes how it was called, and makes a page of what `src/page` holds.
const WORKING: &str = r#"
    case "$3" in
        ci) mkdir -p "$2/node_modules" && touch "$2/node_modules/.package-lock.json" ;;
        run) sleep 0.2; mkdir -p "$2/dist/assets" && echo 1 > "$2/dist/assets/a-1.js" &&
             cp "$2/src/page" "$2/dist/index.html" ;;
    esac"#;

/// A folder of sources, with an npm that does this.
struct Tree {
    folder: TempDir,
    bundler: Bundler,
}

impl Tree {
    fn with(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let web = folder.path().join("web");
        fs::create_dir_all(web.join("src")).unwrap();
        for source in ["package.json", "package-lock.json", ".npmrc", "vite.config.js"] {
            fs::write(web.join(source), "").unwrap();
        }
        fs::write(web.join("index.html"), "").unwrap();
        fs::write(web.join("src/page"), "first").unwrap();
        let npm = folder.path().join("npm");
        let tree =
            Self { bundler: Bundler { web, npm, patience: Duration::from_secs(30) }, folder };
        tree.npm_does(script);
        tree
    }

    fn npm_does(&self, script: &str) {
        let calls = self.folder.path().join("calls");
        let script = format!("#!/bin/sh\necho \"$3 $4\" >> {}\n{script}\n", calls.display());
        fs::write(&self.bundler.npm, script).unwrap();
        fs::set_permissions(&self.bundler.npm, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Runs the build's part; what went wrong, and what is embedded as the page.
    fn embed(&self) -> (Option<String>, Option<String>) {
        let out = self.out("out");
        let told = self.bundler.embed(&out).unwrap().map(|error| error.to_string());
        let table = fs::read_to_string(out.join("graphiql.rs")).unwrap();
        let page = fs::read_to_string(out.join("graphiql/index.html")).ok();
        assert_eq!(page.is_some(), table.contains("(\"index.html\", include_bytes!("), "{table}");
        assert_eq!(page.is_some(), table.contains("(\"assets/a-1.js\", "), "{table}");
        (told, page)
    }

    fn out(&self, name: &str) -> PathBuf {
        let out = self.folder.path().join(name);
        fs::create_dir_all(&out).unwrap();
        out
    }

    fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.folder.path().join("calls")).unwrap_or_default();
        calls.lines().map(|line| line.trim().to_owned()).collect()
    }

    fn change(&self, source: &str, text: &str) {
        // A file's time is not finer than the kernel's tick.
        thread::sleep(Duration::from_millis(20));
        fs::write(self.bundler.web.join(source), text).unwrap();
    }
}

fn changed(path: &Path) -> std::time::SystemTime {
    fs::metadata(path).unwrap().modified().unwrap()
}

#[test]
fn it_is_made_once_and_again_when_a_source_changed() {
    let tree = Tree::with(WORKING);
    assert_eq!(tree.embed(), (None, Some("first".to_owned())));
    assert_eq!(tree.embed(), (None, Some("first".to_owned())));
    assert_eq!(tree.calls(), ["ci", "run build"]);
    tree.change("src/page", "second");
    assert_eq!(tree.embed(), (None, Some("second".to_owned())));
    assert_eq!(tree.calls(), ["ci", "run build", "run build"], "what is installed stays");
    tree.change("package-lock.json", "{}");
    tree.embed();
    assert_eq!(tree.calls()[3..], ["ci", "run build"]);
}

#[test]
fn without_node_nothing_is_made_until_somebody_does_it_by_hand() {
    let mut tree = Tree::with(WORKING);
    let npm = std::mem::replace(&mut tree.bundler.npm, "/nowhere/npm".into());
    let (told, page) = tree.embed();
    assert_eq!((told.as_deref(), page), (Some("Node.js with npm is not installed"), None));
    // Cargo watches this folder from now on, and must not take it for changed at the next build.
    let dist = tree.bundler.web.join("dist");
    assert!(changed(&dist) <= changed(&tree.bundler.web.join("src/page")));
    let by_hand = Bundler { npm, web: tree.bundler.web.clone(), patience: Duration::from_secs(30) };
    by_hand.embed(&tree.out("other")).unwrap();
    assert!(changed(&dist) > changed(&tree.bundler.web.join("src/page")));
    assert_eq!(tree.embed(), (None, Some("first".to_owned())));
}

#[test]
fn a_failure_tells_what_failed_and_keeps_what_was_made_before() {
    let tree = Tree::with("exit 1");
    let (told, page) = tree.embed();
    let told = told.unwrap();
    assert!(told.contains("`npm --prefix web ci` failed") && told.contains("npm.log"), "{told}");
    assert_eq!(page, None);
    tree.npm_does(WORKING);
    assert_eq!(tree.embed().1.as_deref(), Some("first"));
    tree.npm_does("exit 1");
    tree.change("src/page", "second");
    let (told, page) = tree.embed();
    assert!(told.unwrap().contains("`npm --prefix web run build` failed"));
    assert_eq!(page.as_deref(), Some("first"));
}

#[test]
fn an_npm_that_does_not_end_is_ended() {
    let mut tree = Tree::with("exec sleep 60");
    tree.bundler.patience = Duration::from_millis(300);
    let began = Instant::now();
    let (told, page) = tree.embed();
    assert!(told.unwrap().contains("took too long"));
    assert_eq!(page, None);
    assert!(began.elapsed() < Duration::from_secs(30));
}

#[test]
fn builds_at_once_in_one_tree_make_it_once() {
    let tree = Tree::with(WORKING);
    thread::scope(|scope| {
        for n in 0..4 {
            let out = tree.out(&format!("out-{n}"));
            let bundler = &tree.bundler;
            scope.spawn(move || {
                assert!(bundler.embed(&out).unwrap().is_none());
                assert_eq!(fs::read_to_string(out.join("graphiql/index.html")).unwrap(), "first");
            });
        }
    });
    assert_eq!(tree.calls(), ["ci", "run build"]);
}
