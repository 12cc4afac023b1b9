//! A database of its own for each test.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::{ConnectionTrait, Database, DatabaseConnection};

use crate::postgres;

/// Which of the two databases a story is played on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// A private, migrated database; gone when [`PrivateDatabase::remove`] is called.
pub struct PrivateDatabase {
    pub kind: Kind,
    pub url: String,
    folder: Option<tempfile::TempDir>,
    name: String,
}

impl PrivateDatabase {
    /// Makes one from the template of its kind.
    pub async fn make(kind: Kind) -> Self {
        match kind {
            Kind::Sqlite => {
                let template = sqlite_template().await;
                Self::on_sqlite(|path| {
                    std::fs::copy(template, path).unwrap();
                })
            }
            Kind::Postgres => Self::on_postgres(&postgres_template().await).await,
        }
    }

    /// Makes one without any table.
    pub async fn empty(kind: Kind) -> Self {
        match kind {
            Kind::Sqlite => Self::on_sqlite(|_| ()),
            Kind::Postgres => Self::on_postgres("template0").await,
        }
    }

    fn on_sqlite(fill: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("guerdon.db");
        fill(&path);
        let url = format!("sqlite://{}?mode=rwc", path.display());
        Self { kind: Kind::Sqlite, url, folder: Some(folder), name: String::new() }
    }

    async fn on_postgres(template: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("guerdon_test_{}_{number}", std::process::id());
        admin(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        let url = postgres::with_database(postgres::admin_url(), &name);
        Self { kind: Kind::Postgres, url, folder: None, name }
    }

    /// The database at an address of PostgreSQL, as it is; it goes with its cluster.
    pub const fn at(url: String) -> Self {
        Self { kind: Kind::Postgres, url, folder: None, name: String::new() }
    }

    /// Asks the database itself what it is, and what it calls itself must be what it should be.
    pub async fn prove(&self) -> String {
        let connection = Database::connect(&self.url).await.unwrap();
        let question = match self.kind {
            Kind::Sqlite => "SELECT 'SQLite ' || sqlite_version() AS name",
            Kind::Postgres => "SELECT version() AS name",
        };
        let name = ask(&connection, question).await;
        connection.close().await.unwrap();
        let expected = match self.kind {
            Kind::Sqlite => "SQLite ",
            Kind::Postgres => "PostgreSQL ",
        };
        assert!(name.starts_with(expected), "{name} is not {expected}");
        name
    }

    /// What a statement finds in its column `name`.
    pub async fn find(&self, statement: &str) -> Vec<String> {
        let connection = Database::connect(&self.url).await.unwrap();
        let found = texts(&connection, statement).await;
        connection.close().await.unwrap();
        found
    }

    /// Everything that stands in it, as text: a line for each row.
    pub async fn dump(&self) -> String {
        let connection = Database::connect(&self.url).await.unwrap();
        let tables = match self.kind {
            Kind::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table'",
            Kind::Postgres => {
                "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public'"
            }
        };
        let mut lines = Vec::new();
        for table in texts(&connection, tables).await {
            let rows = match self.kind {
                Kind::Sqlite => {
                    let columns = format!("SELECT name FROM pragma_table_info('{table}')");
                    let columns = texts(&connection, &columns).await;
                    let shown = columns.iter().map(|name| {
                        format!("CASE typeof({name}) WHEN 'blob' THEN hex({name}) ELSE COALESCE({name}, '') END")
                    });
                    let row = shown.collect::<Vec<_>>().join(" || '|' || ");
                    format!("SELECT {row} AS name FROM {table}")
                }
                Kind::Postgres => format!("SELECT CAST(t AS TEXT) AS name FROM {table} t"),
            };
            let rows = texts(&connection, &rows).await;
            lines.extend(rows.into_iter().map(|row| format!("{table}: {row}")));
        }
        connection.close().await.unwrap();
        lines.join("\n")
    }

    /// Drops it.
    pub async fn remove(self) {
        match self.kind {
            Kind::Sqlite => self.folder.unwrap().close().unwrap(),
            Kind::Postgres => admin(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await,
        }
    }
}

async fn texts(connection: &DatabaseConnection, question: &str) -> Vec<String> {
    let statement = sea_orm::Statement::from_string(connection.get_database_backend(), question);
    let rows = connection.query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| row.try_get("", "name").unwrap()).collect()
}

async fn ask(connection: &DatabaseConnection, question: &str) -> String {
    let statement = sea_orm::Statement::from_string(connection.get_database_backend(), question);
    let row = connection.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get("", "name").unwrap()
}

/// Runs one statement as the cluster's administrator.
async fn admin(statement: &str) {
    let connection = Database::connect(postgres::admin_url()).await.unwrap();
    connection.execute_unprepared(statement).await.unwrap();
    connection.close().await.unwrap();
}

/// A migrated file that is copied for each test; kept until the migrations change.
async fn sqlite_template() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let template = folder.join(format!("template-{}.db", migrations()));
    let _one_at_a_time = MAKING.lock().await;
    if !template.exists() {
        let making = folder.join(format!("making-{}.db", std::process::id()));
        let url = format!("sqlite://{}?mode=rwc", making.display());
        migrate(&url);
        let connection = Database::connect(&url).await.unwrap();
        connection.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
        connection.close().await.unwrap();
        std::fs::rename(&making, &template).unwrap();
    }
    template
}

/// The name of a migrated database that is copied for each test; kept until the migrations change.
async fn postgres_template() -> String {
    let template = format!("guerdon_template_{}", migrations());
    let _one_at_a_time = MAKING.lock().await;
    let here =
        format!("SELECT count(*)::text AS name FROM pg_database WHERE datname = '{template}'");
    let connection = Database::connect(postgres::admin_url()).await.unwrap();
    if ask(&connection, &here).await == "0" {
        let making = format!("guerdon_making_{}", std::process::id());
        admin(&format!("CREATE DATABASE {making}")).await;
        migrate(&postgres::with_database(postgres::admin_url(), &making));
        admin(&format!("ALTER DATABASE {making} RENAME TO {template}")).await;
    }
    connection.close().await.unwrap();
    template
}

static MAKING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Names the state of the migrations: another name when any of their files changes.
fn migrations() -> &'static str {
    static NAME: LazyLock<String> = LazyLock::new(|| {
        let mut paths = Vec::new();
        collect_files(concat!(env!("CARGO_MANIFEST_DIR"), "/migration/src").as_ref(), &mut paths);
        paths.sort();
        let mut hasher = DefaultHasher::new();
        for path in paths {
            std::fs::read(path).unwrap().hash(&mut hasher);
        }
        format!("{:016x}", hasher.finish())
    });
    &NAME
}

fn collect_files(folder: &Path, into: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            collect_files(&path, into);
        } else {
            into.push(path);
        }
    }
}

/// Migrates with the program itself, as an operator would.
fn migrate(url: &str) {
    let done = super::guerdon().arg("migrate").env("DATABASE_URL", url).output().unwrap();
    assert!(done.status.success(), "migrate: {}", String::from_utf8_lossy(&done.stderr));
}
