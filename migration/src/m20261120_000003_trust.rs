//! Adds what searching at a constant cost and a ledger that shows tampering need.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, SchemaManager};
use sea_orm_migration::{MigrationTrait, async_trait};

use crate::schema::{run, take_back, third};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Whole or not at all, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, third()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        take_back(manager, third()).await
    }
}
