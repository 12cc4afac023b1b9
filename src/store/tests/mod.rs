//! The store on SQLite, and on PostgreSQL when `TEST_DATABASE_URL` names a server.

mod audit;
mod finding;
mod guards;
mod pages;
mod round_trip;
mod samples;
mod sound;
mod taken_over;
mod users;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sea_orm::{ConnectionTrait, Database as SeaOrm};

use super::{Database, LedgerKey, NewTenant, Options, Tenant};
use crate::domain::state::Change;

/// A database of a test's own; the file goes with it.
pub struct Fixture {
    pub database: Database,
    _folder: Option<tempfile::TempDir>,
}

impl Fixture {
    /// Closes a database on a PostgreSQL server and removes it.
    pub async fn drop_postgres(self) {
        let url = self.database.url.to_string();
        self.database.close().await.unwrap();
        let name = url.rsplit('/').next().unwrap().to_owned();
        let server = std::env::var("TEST_DATABASE_URL").unwrap();
        let admin = SeaOrm::connect(&server).await.unwrap();
        let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        admin.execute_unprepared(&drop).await.unwrap();
        admin.close().await.unwrap();
    }
}

/// Runs a test on each database there is.
pub async fn on_each<F: AsyncFn(Database)>(test: F) {
    on_each_bare(async |database| {
        database.migrate().await.unwrap();
        test(database).await;
    })
    .await;
}

/// Runs a test on each database there is, without tables.
pub async fn on_each_bare<F: AsyncFn(Database)>(test: F) {
    let sqlite = on_sqlite().await;
    test(sqlite.database.clone()).await;
    if let Some(postgres) = on_postgres().await {
        test(postgres.database.clone()).await;
        postgres.drop_postgres().await;
    }
}

/// How tests connect: as usual, with a key of their own.
pub fn options() -> Options {
    Options { ledger_key: Some(LedgerKey::new("the key of the tests")), ..Options::default() }
}

/// A new file.
pub async fn on_sqlite() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("guerdon.db").display());
    let database = Database::connect(&url, options()).await.unwrap();
    Fixture { database, _folder: Some(folder) }
}

/// A new database on the server that `TEST_DATABASE_URL` names.
pub async fn on_postgres() -> Option<Fixture> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let server = std::env::var("TEST_DATABASE_URL").ok()?;
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("store_{}_{number}", std::process::id());
    let admin = SeaOrm::connect(&server).await.unwrap();
    admin.execute_unprepared(&format!("DROP DATABASE IF EXISTS {name}")).await.unwrap();
    admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
    admin.close().await.unwrap();
    let (address, _) = server.rsplit_once('/').unwrap();
    let url = format!("{address}/{name}");
    let database = Database::connect(&url, options()).await.unwrap();
    Some(Fixture { database, _folder: None })
}

/// The same database as another process would open it, one that waits for nothing long.
pub async fn open_again(database: &Database) -> Database {
    let options = Options { timeout: Duration::from_millis(300), ..options() };
    Database::connect(&database.url, options).await.unwrap()
}

/// A tenant with nothing in it.
pub async fn tenant(database: &Database, slug: &str) -> Tenant {
    let new = NewTenant {
        slug: slug.to_owned(),
        name: slug.to_uppercase(),
        currency: Some("USD".to_owned()),
        program: "plain".to_owned(),
        program_hash: "00".repeat(32),
        jwt_secret: "secret".to_owned(),
        created_at: samples::at(0),
    };
    database.create_tenant(new).await.unwrap()
}

/// Saves a change through the tenant's lane.
pub async fn save(database: &Database, tenant_id: i64, change: &Change) {
    let lane = database.begin_write(tenant_id).await.unwrap();
    lane.save(change).await.unwrap();
    lane.commit().await.unwrap();
}
