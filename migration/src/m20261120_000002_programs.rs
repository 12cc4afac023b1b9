//! Adds what reviews, live updates, constant-cost lists and resumable forgetting need.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, SchemaManager};
use sea_orm_migration::{MigrationTrait, async_trait};

use crate::schema::{run, second, take_back};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Whole or not at all, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, second()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        take_back(manager, second()).await
    }
}
