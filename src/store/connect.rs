//! Connections: one writer and several readers on SQLite; pools for lanes and for reads on PostgreSQL.

use std::time::Duration;

use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, Database as SeaOrm, DatabaseConnection};

use super::StoreError;
use super::lane::seal::LedgerKey;

/// How the store connects.
#[derive(Debug, Clone)]
pub struct Options {
    /// Connections that only read, at most.
    pub read_connections: u32,
    /// Connections of lanes, at most; SQLite has one, whatever this says.
    pub lane_connections: u32,
    /// How long a lane's connection waits for a lock, a statement or the next statement; and how
    /// long anyone waits for a connection.
    pub timeout: Duration,
    /// Where the schema is changed, when that is another address than the database's own (of a
    /// distributed PostgreSQL: the coordinator's).
    pub migration_url: Option<String>,
    /// The key under which the ledger is sealed. Without it nothing can be written down a lane.
    pub ledger_key: Option<LedgerKey>,
}

impl Default for Options {
    /// 8 connections to read, 8 for lanes, 5 seconds.
    fn default() -> Self {
        Self {
            read_connections: 8,
            lane_connections: 8,
            timeout: Duration::from_secs(5),
            migration_url: None,
            ledger_key: None,
        }
    }
}

/// Is this the address of a SQLite file?
pub fn is_sqlite(url: &str) -> bool {
    url.starts_with("sqlite:")
}

/// Is this the address of a SQLite file that is not there?
pub fn lacks_file(url: &str) -> bool {
    let file = is_sqlite(url).then(|| url.parse::<SqliteConnectOptions>().ok()).flatten();
    file.is_some_and(|file| !file.get_filename().exists())
}

/// The connections for writing: each waits 5 seconds for a lock and no longer.
pub async fn writer(url: &str, options: &Options) -> Result<DatabaseConnection, StoreError> {
    let mut connect = common(url, options);
    let timeout = options.timeout;
    if is_sqlite(url) {
        connect.max_connections(1);
        connect.map_sqlx_sqlite_opts(move |file| sqlite(file, timeout).create_if_missing(true));
    } else {
        connect.max_connections(options.lane_connections);
        connect.map_sqlx_postgres_opts(move |server| lane_settings(server, timeout));
    }
    open(connect).await
}

/// The connections for reading.
pub async fn reader(url: &str, options: &Options) -> Result<DatabaseConnection, StoreError> {
    let mut connect = common(url, options);
    let timeout = options.timeout;
    connect.max_connections(options.read_connections);
    connect.map_sqlx_sqlite_opts(move |file| sqlite(file, timeout).pragma("query_only", "ON"));
    connect.map_sqlx_postgres_opts(|server| server.options([RANDOM_PAGES]));
    open(connect).await
}

/// One connection for changing the schema, which may take its time. On SQLite it waits a minute for
/// another process that changes it.
pub async fn migrator(url: &str, options: &Options) -> Result<DatabaseConnection, StoreError> {
    let mut connect = common(url, options);
    connect.max_connections(1);
    connect.map_sqlx_sqlite_opts(|file| sqlite(file, A_MINUTE).create_if_missing(true));
    open(connect).await
}

const A_MINUTE: Duration = Duration::from_secs(60);

/// Opens connections. Whoever comes to a new SQLite file while another process switches it to its
/// journal is turned away at once, whatever the timeout: so it is tried again for a while.
async fn open(connect: ConnectOptions) -> Result<DatabaseConnection, StoreError> {
    let mut tries = 1;
    loop {
        let opened = SeaOrm::connect(connect.clone()).await.map_err(StoreError::from);
        match opened {
            Err(error) if error.is_conflict() && tries < TRIES => {
                tries += 1;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            opened => return opened,
        }
    }
}

const TRIES: u32 = 20;

fn common(url: &str, options: &Options) -> ConnectOptions {
    let mut connect = ConnectOptions::new(url);
    connect
        .sqlx_logging(false)
        .acquire_timeout(options.timeout)
        .idle_timeout(Duration::from_secs(60))
        // A ping before every use costs a round trip; a connection that sat idle is worth one.
        .test_before_acquire(false)
        .test_before_acquire_if_idle_for(Duration::from_secs(5));
    connect
}

fn sqlite(file: SqliteConnectOptions, timeout: Duration) -> SqliteConnectOptions {
    file.journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(timeout)
        .statement_cache_capacity(STATEMENTS_KEPT)
}

fn lane_settings(server: PgConnectOptions, timeout: Duration) -> PgConnectOptions {
    let millis = timeout.as_millis().to_string();
    server.statement_cache_capacity(STATEMENTS_KEPT).options([
        ("lock_timeout", millis.as_str()),
        ("statement_timeout", &millis),
        ("idle_in_transaction_session_timeout", &millis),
        ("default_transaction_isolation", "read committed"),
        // Whatever a lane asks, an index answers. A plan made while a table was small would go on
        // reading all of it.
        ("enable_seqscan", "off"),
        RANDOM_PAGES,
    ])
}

/// Where a row is hardly matters any more: PostgreSQL's own 4.0 is for turning disks.
const RANDOM_PAGES: (&str, &str) = ("random_page_cost", "1.1");

/// Prepared statements that a connection keeps: those of a lane, in the sizes of its batches.
const STATEMENTS_KEPT: usize = 512;
