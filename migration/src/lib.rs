//! The schema of Guerdon's database.
//!
//! One schema for SQLite, PostgreSQL and a distributed PostgreSQL: `tenant_id` comes first in every
//! key and index, constraints stand in the `CREATE TABLE`, and nothing is made by the database
//! itself but the tenants' numbers.

mod m20261120_000001_schema;
mod m20261120_000002_programs;
mod m20261120_000003_trust;
mod m20261120_000004_doors;
mod schema;

use sea_orm_migration::{MigrationTrait, async_trait};
pub use sea_orm_migration::{MigratorTrait, SchemaManager};

/// All changes of the schema, in order.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261120_000001_schema::Migration),
            Box::new(m20261120_000002_programs::Migration),
            Box::new(m20261120_000003_trust::Migration),
            Box::new(m20261120_000004_doors::Migration),
        ]
    }
}
