//! Copies of a database that is written to meanwhile: whole, and good to go on with.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;

use crate::harness::{Kind, PrivateDatabase, Process, Shop, guerdon};
use crate::postgres;

fn rules() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rules")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs a command aside, so that clients go on meanwhile.
async fn run(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn succeeded(output: &Output) -> String {
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

fn backup(database_url: &str, file: &Path) -> Command {
    let mut command = guerdon();
    command.arg("backup").arg(file).env("DATABASE_URL", database_url);
    command
}

/// What an audit of the whole database prints; it must be clean.
async fn audit(database_url: &str, arguments: &[&str]) -> String {
    let mut command = guerdon();
    command.arg("audit").args(arguments).env("DATABASE_URL", database_url);
    succeeded(&run(command).await)
}

/// Sixteen clients that grant 1 again and again until they are told to end.
struct Clients {
    tasks: JoinSet<()>,
    is_over: Arc<AtomicBool>,
    granted: Arc<AtomicU64>,
}

impl Clients {
    async fn begin(shop: &Shop) -> Self {
        let (is_over, granted) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let mut tasks = JoinSet::new();
        for _ in 0..16 {
            let (service, is_over, granted) =
                (shop.service.clone(), is_over.clone(), granted.clone());
            tasks.spawn(async move {
                while !is_over.load(Ordering::SeqCst) {
                    let input = json!({ "userId": "ann", "amount": 1 });
                    service.mutate("addCredits", input, "replayed").await.ok();
                    granted.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        let clients = Self { tasks, is_over, granted };
        while clients.granted() < 200 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        clients
    }

    /// How many grants were answered.
    fn granted(&self) -> u64 {
        self.granted.load(Ordering::SeqCst)
    }

    async fn end(self) -> u64 {
        self.is_over.store(true, Ordering::SeqCst);
        self.tasks.join_all().await;
        self.granted.load(Ordering::SeqCst)
    }
}

/// A copy that was restored holds all that was answered before it was made, is sound, is a part of
/// the chain that went on without it, and serves.
async fn is_good(copy: &str, original: &str, at_least: u64, at_most: u64) {
    let printed = audit(copy, &[]).await;
    let head = printed.lines().find(|line| line.starts_with("head gatewayz ")).unwrap();
    audit(original, &["--head", &head.trim_start_matches("head ").replace(' ', ":")]).await;
    let server = Process::serve(copy, &rules()).await;
    let shop = server.shop("gatewayz");
    let balance = u64::try_from(shop.balance("ann").await).unwrap();
    assert!((at_least..at_most).contains(&balance), "{at_least} <= {balance} < {at_most}");
    shop.add(json!({ "userId": "ann", "amount": 1 })).await.ok();
    assert_eq!(shop.balance("ann").await as u64, balance + 1);
    drop(server);
    audit(copy, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_copied_while_sixteen_clients_write() {
    let database = PrivateDatabase::make(Kind::Sqlite).await;
    println!("played on {}", database.prove().await);
    let folder = tempfile::tempdir().unwrap();
    let server = Process::serve(&database.url, &rules()).await;
    let shop = server.shop("gatewayz");
    shop.register("ann").await;
    let clients = Clients::begin(&shop).await;
    let before = clients.granted();
    let file = folder.path().join("copy.db");
    let said = succeeded(&run(backup(&database.url, &file)).await);
    assert!(said.contains("operator-key") && said.contains("restore"), "{said}");
    let after = clients.granted();
    while clients.granted() < after + 100 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let all = clients.end().await;
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "others could read it");

    // What is there is not written over, and nothing half is left.
    let bytes = std::fs::read(&file).unwrap();
    let again = run(backup(&database.url, &file)).await;
    assert!(!again.status.success() && text(&again.stderr).contains("is there already"));
    assert!(std::fs::read(&file).unwrap() == bytes, "it was written over");
    let names = std::fs::read_dir(folder.path()).unwrap();
    let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["copy.db"]);

    let restored = folder.path().join("restored.db");
    std::fs::copy(&file, &restored).unwrap();
    is_good(&format!("sqlite:{}", restored.display()), &database.url, before, all).await;
    drop(server);
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_copied_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy.db");
    let why = async |url: &str, file: &Path| {
        let done = run(backup(url, file)).await;
        assert!(!done.status.success(), "{url}");
        text(&done.stderr)
    };
    assert!(why("postgres://ann:secret@127.0.0.1:1/x", &file).await.contains("pg_dump"));
    let missing = format!("sqlite:{}", folder.path().join("none.db").display());
    assert!(why(&missing, &file).await.contains("There is no database"));
    let nowhere = folder.path().join("nowhere/copy.db");
    assert!(why(&missing, &nowhere).await.contains("cannot be written"));
    std::fs::write(folder.path().join("text.db"), "this is no database of SQLite's").unwrap();
    let wrong = format!("sqlite:{}", folder.path().join("text.db").display());
    assert!(why(&wrong, &file).await.contains("database"));
    let names = std::fs::read_dir(folder.path()).unwrap();
    let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["text.db"], "something half is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_database_is_dumped_while_sixteen_clients_write() {
    let database = PrivateDatabase::make(Kind::Postgres).await;
    println!("played on {}", database.prove().await);
    let restored = PrivateDatabase::empty(Kind::Postgres).await;
    let folder = tempfile::tempdir().unwrap();
    let tool = |name: &str| match postgres::installed() {
        Some(binaries) => Command::new(binaries.join(name)),
        None => Command::new(name),
    };
    let server = Process::serve(&database.url, &rules()).await;
    let shop = server.shop("gatewayz");
    shop.register("ann").await;
    let clients = Clients::begin(&shop).await;
    let before = clients.granted();
    let file = folder.path().join("guerdon.dump");
    let mut dump = tool("pg_dump");
    dump.arg("--format=custom").arg("--file").arg(&file).arg(&database.url);
    succeeded(&run(dump).await);
    let after = clients.granted();
    while clients.granted() < after + 100 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let all = clients.end().await;
    let mut restore = tool("pg_restore");
    restore.args(["--no-owner", "--exit-on-error", "--dbname", &restored.url]).arg(&file);
    succeeded(&run(restore).await);
    is_good(&restored.url, &database.url, before, all).await;
    drop(server);
    database.remove().await;
    restored.remove().await;
}
