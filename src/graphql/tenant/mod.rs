//! Tenants, their programs and their keys.

mod input;
mod mutation;

use async_graphql::{Context, Object, SimpleObject};
use serde_json::Value;

pub use input::{
    ApiKey, CreateApiKeyInput, CreateApiKeyPayload, CreateTenantInput, RevokeApiKeyInput,
    RevokeApiKeyPayload, RotateApiKeyInput, RotateApiKeyPayload, TenantPayload,
    UpdateSettingsInput,
};
pub use mutation::TenantMutation;

use super::cost;
use super::error::Result;
use super::loaders::call;
use super::page::{self, Connection, PageArgs};
use super::scalars::{DateTime, Json, int};
use crate::domain::rules;
use crate::operations::{keys, tenants};

/// A product whose users are rewarded.
#[derive(Clone)]
pub struct Tenant(pub tenants::Tenant);

/// A product whose users are rewarded.
#[Object]
#[expect(clippy::too_many_arguments, reason = "a list's arguments are Relay's, each by its name")]
impl Tenant {
    /// Its name in credentials, headers and links.
    async fn slug(&self) -> &str {
        &self.0.reference.slug
    }

    /// Its name for people.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Its main unit: a currency code (USD), or the name of what it counts.
    async fn currency(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(tenants::in_force(call(ctx)?, &self.0).await?.program.unit.clone())
    }

    /// What rules read as `settings`: the program's defaults with the tenant's own values over them.
    async fn settings(&self, ctx: &Context<'_>) -> Result<Json> {
        let in_force = tenants::in_force(call(ctx)?, &self.0).await?;
        Ok(Json(Value::Object(in_force.program.settings.clone())))
    }

    /// The program that the tenant runs.
    async fn program(&self, ctx: &Context<'_>) -> Result<Program> {
        let in_force = tenants::in_force(call(ctx)?, &self.0).await?;
        let error = tenants::program_error(call(ctx)?, &in_force).await?;
        let file = |(path, source): &(String, String)| RuleFile {
            path: path.clone(),
            source: source.clone(),
        };
        Ok(Program {
            name: in_force.program.name.clone(),
            hash: in_force.program.hash.clone(),
            files: in_force.files.iter().map(file).collect(),
            loaded_at: DateTime(in_force.loaded_at),
            error: error.map(RuleError::from),
        })
    }

    /// Its API keys, ended ones too, the oldest first; never the keys themselves. Needs an admin key.
    #[graphql(complexity = "cost::page(first, last, child_complexity)")]
    async fn api_keys(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the beginning of the list, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "Begin after the entry of this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end of the list, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "End before the entry of this cursor.")] before: Option<String>,
    ) -> Result<Connection<ApiKey>> {
        let call = call(ctx)?;
        let page = page::request(call, "apiKeys", PageArgs { first, after, last, before })?;
        page::connection(call, "apiKeys", keys::list(call, &self.0, page).await?, ApiKey::from)
    }

    /// When the tenant was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

/// A folder of rule files, as it is in force.
#[derive(SimpleObject)]
pub struct Program {
    /// The folder's name.
    name: String,
    /// SHA-256 of its files, in hex.
    hash: String,
    /// Its files.
    #[graphql(complexity = "cost::list(cost::FILES, child_complexity)")]
    files: Vec<RuleFile>,
    /// When it came into force.
    loaded_at: DateTime,
    /// Why a newer folder on disk was refused, or which setting no longer fits; the last good program goes on. Null when all is well.
    error: Option<RuleError>,
}

/// A file of a program.
#[derive(SimpleObject)]
pub struct RuleFile {
    /// Its path in the folder, e.g. `purchase.rhai`.
    path: String,
    /// Its text.
    #[graphql(complexity = "cost::LONG_TEXT")]
    source: String,
}

/// An error of a script or of a program's file.
#[derive(SimpleObject)]
pub struct RuleError {
    /// What is wrong, and what to do.
    message: String,
    /// The file; null when the error belongs to none.
    file: Option<String>,
    /// The line, from 1; null when the error belongs to none.
    line: Option<i32>,
    /// The column, from 1; null when the error belongs to none.
    column: Option<i32>,
}

impl From<rules::RuleError> for RuleError {
    fn from(error: rules::RuleError) -> Self {
        Self {
            message: error.message,
            file: error.file,
            line: error.line.map(|line| int(line.into())),
            column: error.column.map(|column| int(column.into())),
        }
    }
}

/// Queries about tenants.
#[derive(Default)]
pub struct TenantQuery;

#[Object]
#[expect(clippy::too_many_arguments, reason = "a list's arguments are Relay's, each by its name")]
impl TenantQuery {
    /// The tenant of the credential. Needs an admin key.
    async fn tenant(&self, ctx: &Context<'_>) -> Result<Tenant> {
        Ok(Tenant(tenants::own(call(ctx)?).await?))
    }

    /// Every tenant of the server, the oldest first. Needs the operator key.
    #[graphql(complexity = "cost::page(first, last, child_complexity)")]
    async fn tenants(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many from the beginning of the list, 1 to 100; 20 when neither first nor last is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Begin after the entry of this cursor; at the beginning when null.")]
        after: Option<String>,
        #[graphql(desc = "How many from the end of the list, 1 to 100; not together with first.")]
        last: Option<i32>,
        #[graphql(desc = "End before the entry of this cursor; at the end when null.")]
        before: Option<String>,
    ) -> Result<Connection<Tenant>> {
        let call = call(ctx)?;
        call.caller.require_operator()?;
        let page = page::request(call, "tenants", PageArgs { first, after, last, before })?;
        let found = tenants::list(call, page).await?;
        page::connection(call, "tenants", found, Tenant)
    }
}
