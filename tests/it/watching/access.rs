//! Who may read the metrics, as an operator sets it up.

use std::fs::File;
use std::path::Path;
use std::process::Command;

use crate::harness::{Kind, PrivateDatabase, Process, copy_program, guerdon};

const KEY: &str = "key-of-the-metrics-of-the-tests";

struct Started {
    process: Process,
    log: std::path::PathBuf,
    database: PrivateDatabase,
    _folder: tempfile::TempDir,
}

impl Started {
    /// Starts a process on a SQLite file; `set_up` says more of its environment.
    async fn start(set_up: impl FnOnce(&mut Command)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/ferry");
        copy_program(&rules, folder.path());
        let database = PrivateDatabase::make(Kind::Sqlite).await;
        let log = folder.path().join("log");
        let mut command = guerdon();
        command.env("DATABASE_URL", &database.url).env("GUERDON_RULES", folder.path());
        command.stdout(std::process::Stdio::null()).stderr(File::create(&log).unwrap());
        set_up(&mut command);
        let process = Process::start(command).await;
        Self { process, log, database, _folder: folder }
    }

    async fn metrics(&self, authorization: Option<&str>) -> reqwest::Response {
        let mut request = reqwest::Client::new().get(format!("{}/metrics", self.process.address));
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        request.send().await.unwrap()
    }

    async fn end(self) -> String {
        self.process.kill();
        self.database.remove().await;
        std::fs::read_to_string(self.log).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_whoever_reaches_the_port_reads_them() {
    let started = Started::start(|_| ()).await;
    let answer = started.metrics(None).await;
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.unwrap().contains("\nguerdon_build_info{"));
    let log = started.end().await;
    assert!(!log.contains("WARN"), "on the loopback there is nothing to warn of: {log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_key_only_who_shows_it_reads_them() {
    let started = Started::start(|command| {
        command.env("GUERDON_METRICS_KEY", KEY);
    })
    .await;
    let right = format!("Bearer {KEY}");
    let longer = format!("Bearer {KEY}x");
    let operator = format!("Bearer {}", crate::harness::OPERATOR_KEY);
    for wrong in [None, Some("Bearer "), Some(KEY), Some(&longer), Some(&operator)] {
        let answer = started.metrics(wrong).await;
        assert_eq!(answer.status(), 401, "{wrong:?}");
        assert_eq!(answer.headers()["www-authenticate"], "Bearer");
        assert!(!answer.text().await.unwrap().contains("guerdon_"));
    }
    assert_eq!(started.metrics(Some(&right)).await.status(), 200);
    assert!(!started.end().await.contains(KEY));
}

#[tokio::test(flavor = "multi_thread")]
async fn switched_off_there_are_none() {
    let started = Started::start(|command| {
        command.env("GUERDON_METRICS", "off").env("GUERDON_METRICS_KEY", KEY);
    })
    .await;
    assert_eq!(started.metrics(Some(&format!("Bearer {KEY}"))).await.status(), 404);
    drop(started.end().await);
}

/// What a server logs by the time it serves on every address of the machine.
fn log_beyond_the_loopback(key: Option<&str>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let (log, said) = (folder.path().join("log"), folder.path().join("said"));
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/ferry");
    copy_program(&rules, &folder.path().join("rules"));
    let mut command = guerdon();
    command.current_dir(&folder).args(["serve", "--listen", "0.0.0.0:0"]);
    command.stdout(File::create(&said).unwrap()).stderr(File::create(&log).unwrap());
    command.envs(key.map(|key| ("GUERDON_METRICS_KEY", key)));
    let mut child = command.spawn().unwrap();
    for _ in 0..600 {
        if std::fs::read_to_string(&said).unwrap().contains("tenants") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    std::fs::read_to_string(log).unwrap()
}

#[test]
fn beyond_the_loopback_open_metrics_are_warned_of() {
    let warned = log_beyond_the_loopback(None);
    assert!(warned.contains("WARN") && warned.contains("GUERDON_METRICS_KEY"), "{warned}");
    assert!(!log_beyond_the_loopback(Some(KEY)).contains("WARN"));
}
