//! Provisioning: a program folder whose name no tenant has yet makes one.

use crate::domain::refusal::{Code, Refusal};
use crate::operations::Operations;
use crate::operations::tenants::{NewTenant, make};

/// Makes a tenant of the program's name, running it, unless there is one.
pub async fn provision(operations: &Operations, program: &str) -> Result<(), Refusal> {
    if operations.database.tenant_by_slug(program).await?.is_some() {
        return Ok(());
    }
    let name = operations.programs.title(program).await?;
    let new = NewTenant {
        slug: program.to_owned(),
        name,
        currency: None,
        program: Some(program.to_owned()),
    };
    match make(operations, new).await {
        // Another server, which started with this one, was quicker.
        Err(refusal) if refusal.code == Code::AlreadyExists => return Ok(()),
        made => drop(made?),
    }
    tracing::info!(tenant = program, "a tenant was made for the program folder");
    Ok(())
}
