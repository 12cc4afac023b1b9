//! A whole server for each test: the real router in this process, a database of its own, a clock
//! that only the test moves. When a test ends, the ledger's invariants are checked.

mod caller;
mod database;
mod process;
pub mod provider;
mod seen;
mod shop;
mod socket;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use guerdon::app::{App, Keys, Settings};
use guerdon::http::{Edge, RateLimits};
use guerdon::operations::clock::Clock;
use guerdon::operations::replay::replay;
use serde_json::json;
use tokio::sync::Mutex;

pub use caller::{Answer, Caller, Way};
pub use database::{Kind, PrivateDatabase};
pub use process::{Process, guerdon};
pub use seen::Seen;
pub use shop::Shop;
pub use socket::{Frame, PROTOCOL, Socket, listen, listen_with};

/// The operator's key of every server in tests.
pub const OPERATOR_KEY: &str = "operator-key-of-the-tests-0123456789abcdef";

/// When every story begins: a Friday morning in UTC.
pub fn beginning() -> DateTime<Utc> {
    "2026-11-20T08:00:00Z".parse().unwrap()
}

/// Makes a test of each story for each database, so that none is played on one alone:
/// `stories!("rules/gatewayz": first_purchase, refund)`; the folders are copied for each test.
#[macro_export]
macro_rules! stories {
    ($($folder:literal),+ : $($story:ident),+ $(,)?) => {
        const FOLDERS: &[&str] = &[$($folder),+];
        mod sqlite {
            $(#[test] fn $story() {
                $crate::harness::play($crate::harness::Kind::Sqlite, super::FOLDERS, super::$story);
            })+
        }
        mod postgres {
            $(#[test] fn $story() {
                $crate::harness::play($crate::harness::Kind::Postgres, super::FOLDERS, super::$story);
            })+
        }
    };
}

/// Plays one story on a server of its own, then checks the ledger.
pub fn play(kind: Kind, folders: &[&str], story: impl AsyncFnOnce(&Server)) {
    show_log();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let server = Server::start(kind, folders).await;
        println!("played on {}", server.database.prove().await);
        story(&server).await;
        server.finish().await;
    });
    runtime.shutdown_timeout(Duration::from_secs(5));
}

/// Shows what the server logs, as far as `RUST_LOG` asks for it, where a test fails.
fn show_log() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("error"));
    // Another test was first.
    drop(tracing_subscriber::fmt().with_env_filter(filter).with_test_writer().try_init());
}

/// A running server and all that belongs to it.
pub struct Server {
    pub app: App,
    pub database: PrivateDatabase,
    /// The folder of program folders that it reads.
    pub rules: PathBuf,
    clock: Clock,
    keys: Mutex<HashMap<(String, &'static str), String>>,
    _rules_folder: tempfile::TempDir,
}

impl Server {
    /// Starts one on a new database, with copies of these program folders (paths from the
    /// project's root), each of which gives a tenant of its name.
    pub async fn start(kind: Kind, folders: &[&str]) -> Self {
        Self::start_on(PrivateDatabase::make(kind).await, folders, beginning()).await
    }

    /// Starts one on a database that is there, when it is `now`.
    pub async fn start_on(database: PrivateDatabase, folders: &[&str], now: DateTime<Utc>) -> Self {
        let rules_folder = tempfile::tempdir().unwrap();
        for folder in folders {
            copy_program(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), rules_folder.path());
        }
        let clock = Clock::manual(now);
        let rules = rules_folder.path().to_owned();
        let app = App::start(settings(&database.url, &rules), clock.clone()).await.unwrap();
        Self { app, database, rules, clock, keys: Mutex::default(), _rules_folder: rules_folder }
    }

    /// Another server on the same database, at the same time, with the edge set up so.
    pub async fn beside(&self, edge: Edge) -> App {
        let settings = Settings { edge, ..settings(&self.database.url, &self.rules) };
        App::start(settings, self.clock.clone()).await.unwrap()
    }

    /// The time that this server believes it is.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Lets time pass.
    pub fn advance(&self, span: chrono::TimeDelta) {
        self.clock.advance(span);
    }

    /// Moves the clock to an instant of RFC 3339.
    pub fn advance_to(&self, instant: &str) {
        let instant: DateTime<Utc> = instant.parse().unwrap();
        self.clock.advance(instant - self.clock.now());
    }

    /// Who runs the server.
    pub fn operator(&self) -> Caller {
        self.bearer(OPERATOR_KEY)
    }

    /// A tenant's administrator.
    pub async fn admin(&self, slug: &str) -> Caller {
        self.with_key(slug, "ADMIN").await
    }

    /// A product's back end.
    pub async fn service(&self, slug: &str) -> Caller {
        self.with_key(slug, "SERVICE").await
    }

    /// Somebody without a credential who names a tenant.
    pub fn anonymous(&self, slug: &str) -> Caller {
        Caller::new(self.way(), None, Some(slug))
    }

    /// An end user, signed in for an hour.
    pub async fn user(&self, slug: &str, id: &str) -> Caller {
        let service = self.service(slug).await;
        let issued = service.mutate("issueUserToken", json!({ "userId": id }), "token").await.ok();
        self.bearer(issued["token"].as_str().unwrap())
    }

    /// Whoever has this token.
    pub fn bearer(&self, token: &str) -> Caller {
        Caller::new(self.way(), Some(token.to_owned()), None)
    }

    fn way(&self) -> Way {
        Way::Router(self.app.router())
    }

    /// A product with its usual moves.
    pub async fn shop(&self, slug: &str) -> Shop {
        Shop::new(self.service(slug).await, self.admin(slug).await)
    }

    async fn with_key(&self, slug: &str, role: &'static str) -> Caller {
        let mut keys = self.keys.lock().await;
        if let Some(key) = keys.get(&(slug.to_owned(), role)) {
            return self.bearer(key);
        }
        let input = json!({ "name": format!("{role} of the tests"), "role": role, "tenant": slug });
        let made = self.operator().mutate("createApiKey", input, "id key").await.ok();
        let key = made["key"].as_str().unwrap().to_owned();
        keys.insert((slug.to_owned(), role), key.clone());
        self.bearer(&key)
    }

    /// A tenant's number in the database.
    pub async fn tenant_id(&self, slug: &str) -> i64 {
        self.app.operations.database.tenant_by_slug(slug).await.unwrap().unwrap().id
    }

    /// Books what is due, as the sweep does every minute.
    pub async fn sweep(&self) {
        self.app.sweep().await.unwrap();
    }

    /// Checks the ledger, then takes everything away.
    pub async fn finish(self) {
        self.assert_sound().await;
        self.app.stop().await;
        self.database.remove().await;
    }

    /// Checks that every invariant of the ledger holds now.
    pub async fn assert_sound(&self) {
        let broken = self.app.audit().await.unwrap();
        assert!(broken.is_empty(), "the ledger is broken:\n{broken:#?}");
        self.assert_retold(FEW_EVENTS).await;
    }

    /// Checks that the history of every tenant, told again page by page, makes what is stored.
    pub async fn assert_retold(&self, page: u64) {
        let database = &self.app.operations.database;
        for tenant in database.tenants().await.unwrap() {
            let retold = replay(database, &tenant, page, |_| {}).await.unwrap();
            assert!(retold.findings.is_empty(), "told again, it differs:\n{:#?}", retold.findings);
        }
    }
}

/// A page of history so small that what was turned over has to be looked up again.
const FEW_EVENTS: u64 = 5;

/// How a server in a test is set up: as an operator would, but for the watcher and the sweeps,
/// which tests call by hand.
pub fn settings(database_url: &str, rules: &Path) -> Settings {
    Settings {
        database_url: database_url.to_owned(),
        rules: rules.to_owned(),
        keys: Keys { operator: Some(OPERATOR_KEY.to_owned().into()), ledger: None },
        edge: Edge { rates: RateLimits::none(), ..Edge::default() },
        ..Settings::default()
    }
}

/// Copies a program's folder to where a server reads its programs.
pub fn copy_program(from: &Path, rules: &Path) {
    let to = rules.join(from.file_name().unwrap());
    std::fs::create_dir_all(&to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}
