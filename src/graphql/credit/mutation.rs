//! Changes of the ledger by hand.

use async_graphql::{Context, Object};

use super::{
    AddCreditsInput, ConsumeQuotaInput, ConsumeQuotaPayload, CreditAccount, CreditPayload,
    ReverseTransactionInput, SpendCreditsInput,
};
use crate::graphql::error::Result;
use crate::graphql::loaders::call;
use crate::operations::credits;

/// Changes of the ledger by hand.
#[derive(Default)]
pub struct CreditMutation;

#[Object]
impl CreditMutation {
    /// Grants credit. With `availableFrom` in the future the grant is on hold, and has no transaction until then. Needs a service key.
    async fn add_credits(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "To whom, how much, from where.")] input: AddCreditsInput,
    ) -> Result<CreditPayload> {
        Ok(credits::add(call(ctx)?, input.into()).await?.into())
    }

    /// Spends from the lots that expire first. INSUFFICIENT_CREDITS, and nothing changed, when the balance is too small. Needs a service key.
    async fn spend_credits(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who spends how much.")] input: SpendCreditsInput,
    ) -> Result<CreditPayload> {
        Ok(credits::spend(call(ctx)?, input.into()).await?.into())
    }

    /// Undoes a grant or a spend; of a grant, what is not undone yet. Any other entry is BAD_USER_INPUT. Needs an admin key.
    async fn reverse_transaction(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which entry, and why.")] input: ReverseTransactionInput,
    ) -> Result<CreditPayload> {
        let (id, reason, key) = (input.transaction_id, input.reason, input.idempotency_key);
        Ok(credits::reverse(call(ctx)?, &id, reason, key).await?.into())
    }

    /// Uses up some of a quota reward (messages, requests). Needs a service key.
    async fn consume_quota(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose quota, how much.")] input: ConsumeQuotaInput,
    ) -> Result<ConsumeQuotaPayload> {
        let consumed = credits::consume_quota(call(ctx)?, input.into()).await?;
        Ok(ConsumeQuotaPayload { account: CreditAccount(consumed.account) })
    }
}
