//! Credits: accounts, lots and what changes them.

mod input;
mod mutation;
mod transaction;

use async_graphql::{Context, ID, Object};

pub use input::{
    AddCreditsInput, ConsumeQuotaInput, ConsumeQuotaPayload, CreditPayload,
    ReverseTransactionInput, SpendCreditsInput,
};
pub use mutation::CreditMutation;
pub use transaction::{CreditTransaction, TransactionFilter, TransactionQuery, list};

use super::cost;
use super::error::Result;
use super::loaders::{call, reader};
use super::scalars::{Amount, DateTime, instant};
use crate::domain::money::format_amount;
use crate::domain::records;
use crate::domain::refusal::Refusal;
use crate::operations::credits;

/// What one user has in one unit.
pub struct CreditAccount(pub records::Account);

/// What one user has in one unit.
#[Object]
impl CreditAccount {
    /// Whose account it is.
    async fn user_id(&self) -> ID {
        ID(self.0.key.user_id.clone())
    }

    /// The tenant's currency code (USD) for money, else a name such as `messages`.
    async fn unit(&self) -> &str {
        &self.0.key.unit
    }

    /// What can be spent now. Expired credits are never counted, even before they are swept.
    async fn balance(&self) -> Amount {
        Amount(self.0.balance)
    }

    /// What was granted but is on hold until a date; it is not part of the balance.
    async fn pending(&self) -> Amount {
        Amount(self.0.pending)
    }

    /// Everything ever added, holds that matured included; falls only by what a reversal took.
    async fn total_earned(&self) -> Amount {
        Amount(self.0.earned)
    }

    /// Everything ever spent, less what was given back.
    async fn total_used(&self) -> Amount {
        Amount(self.0.used)
    }

    /// The balance for people: `$10.00` for 1000 of USD, `¥1,000` for 1000 of JPY, `12 messages`.
    async fn balance_formatted(&self) -> String {
        format_amount(&self.0.key.unit, self.0.balance)
    }

    /// What is left of each usable grant, in the order in which it will be spent: lower priority number, then earliest expiry (never-expiring last), then oldest.
    #[graphql(complexity = "cost::first(first, cost::LONGEST_PAGE, child_complexity)")]
    async fn lots(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.", default_with = "Some(100)")] first: Option<i32>,
    ) -> Result<Vec<CreditLot>> {
        let first = first.unwrap_or(100);
        let lots = credits::usable_lots(call(ctx)?, &self.0.key, first.into()).await?;
        Ok(lots.into_iter().map(CreditLot).collect())
    }
}

/// One grant, and what is left of it.
pub struct CreditLot(pub records::Lot);

/// One grant, and what is left of it.
#[Object]
impl CreditLot {
    /// The lot's id.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What was granted.
    async fn amount(&self) -> Amount {
        Amount(self.0.amount)
    }

    /// What is left of it.
    async fn remaining(&self) -> Amount {
        Amount(self.0.remaining)
    }

    /// Where it came from, as in `CreditTransaction.source`.
    async fn source(&self) -> &str {
        &self.0.source
    }

    /// The lower, the sooner it is spent.
    async fn priority(&self) -> i32 {
        self.0.priority
    }

    /// From when it can be spent.
    async fn available_from(&self) -> DateTime {
        DateTime(self.0.available_from)
    }

    /// When it ends; at that very instant it is gone. Null when it never ends.
    async fn expires_at(&self) -> Option<DateTime> {
        instant(self.0.expires_at)
    }

    /// When it was granted.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

/// Reads an account, together with the others that the request asks for.
pub async fn load_account(
    ctx: &Context<'_>,
    user_id: &str,
    unit: Option<String>,
) -> Result<CreditAccount> {
    let key = credits::account_key(call(ctx)?, user_id, unit).await?;
    let found = reader(ctx)?.load_one(key).await?;
    let account = found.ok_or_else(|| Refusal::internal("no account was made up for a user"))?;
    Ok(CreditAccount(account))
}
