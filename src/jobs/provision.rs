//! Provisioning: a program folder whose name no tenant has yet makes one.

use crate::domain::refusal::Refusal;
use crate::domain::money;
use crate::operations::tenants::{NewTenant, make};
use crate::operations::Operations;

/// Makes a tenant of the program's name, running it, unless there is one.
pub async fn provision(operations: &Operations, program: &str) -> Result<(), Refusal> {
    if operations.database.tenant_by_slug(program).await?.is_some() {
        return Ok(());
    }
    let runs = operations.programs.for_new_tenant(Some(program)).await?;
    let currency = if money::is_currency(&runs.unit) { runs.unit.clone() } else { "USD".to_owned() };
    let name = operations.programs.title(program).await?;
    let new = NewTenant { slug: program.to_owned(), name, currency, program: Some(program.to_owned()) };
    make(operations, new).await?;
    tracing::info!(tenant = program, "a tenant was made for the program folder");
    Ok(())
}
