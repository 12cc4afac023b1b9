//! Adds what finding users by long beginnings at a constant cost needs.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, SchemaManager};
use sea_orm_migration::{MigrationTrait, async_trait};

use crate::schema::{fourth, run, take_back};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Whole or not at all, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, fourth()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        take_back(manager, fourth()).await
    }
}
