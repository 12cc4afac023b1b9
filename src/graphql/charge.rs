//! What a document costs is paid before it is executed.

use std::sync::Arc;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation};
use async_graphql::{ServerError, ValidationResult};

use crate::operations::Call;

/// Takes each document's cost from its caller's bucket.
pub struct Charge;

impl ExtensionFactory for Charge {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for Charge {
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let found = next.run(ctx).await?;
        if let Some(call) = ctx.data_opt::<Call>() {
            let charged = call.operations.rates.charge(&call.caller, found.complexity);
            charged.map_err(|refusal| {
                vec![async_graphql::Error::from(refusal).into_server_error(Default::default())]
            })?;
        }
        Ok(found)
    }
}
