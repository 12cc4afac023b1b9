//! The ledger's entries.

use async_graphql::{Context, ID, InputObject, Object};

use crate::domain::money::format_amount;
use crate::domain::records;
use crate::domain::refusal::Refusal;
use crate::graphql::cost;
use crate::graphql::decision::{self, Decision};
use crate::graphql::error::Result;
use crate::graphql::loaders::{TransactionId, call, reader};
use crate::graphql::page::{self, CountedConnection, PageArgs};
use crate::graphql::scalars::{Amount, DateTime, instant};
use crate::graphql::user::{self, User};
use crate::operations::credits;

/// An entry of the ledger. It never changes and is never deleted.
#[derive(Clone)]
pub struct CreditTransaction(pub records::Transaction);

/// An entry of the ledger. It never changes and is never deleted.
#[Object]
impl CreditTransaction {
    /// The entry's id.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Whose entry it is.
    async fn user(&self, ctx: &Context<'_>) -> Result<User> {
        user::load(ctx, &self.0.account.user_id).await
    }

    /// The unit of its amounts.
    async fn unit(&self) -> &str {
        &self.0.account.unit
    }

    /// Positive when earned, negative when used, expired or taken back.
    async fn amount(&self) -> Amount {
        Amount(self.0.amount)
    }

    /// The account's balance after it.
    async fn balance_after(&self) -> Amount {
        Amount(self.0.balance_after)
    }

    /// The amount for people, e.g. `$10.00`.
    async fn amount_formatted(&self) -> String {
        format_amount(&self.0.account.unit, self.0.amount)
    }

    /// Where it came from: referral, onboarding, early_adopter, promotion, manual, redemption, purchase, spend, expiry, reversal, or a name of the rules' own.
    async fn source(&self) -> &str {
        &self.0.source
    }

    /// An id of the caller's world; null when none was given.
    async fn reference_id(&self) -> Option<&str> {
        self.0.reference_id.as_deref()
    }

    /// A text for people; null when none was given.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// Who gave it by hand: `key:` and the API key's name. Null when a rule, a spend or a sweep made it.
    async fn granted_by(&self) -> Option<&str> {
        self.0.granted_by.as_deref()
    }

    /// The space of the caller's world that it belongs to; null when none was given.
    async fn space_id(&self) -> Option<&str> {
        self.0.space_id.as_deref()
    }

    /// When what it granted ends; null when it never does.
    async fn expires_at(&self) -> Option<DateTime> {
        instant(self.0.expires_at)
    }

    /// The entry that this one undoes; null unless it is a reversal.
    async fn reverses(&self, ctx: &Context<'_>) -> Result<Option<CreditTransaction>> {
        let Some(id) = self.0.reverses else { return Ok(None) };
        Ok(reader(ctx)?.load_one(TransactionId(id)).await?.map(CreditTransaction))
    }

    /// What could not be taken because it was spent already; null unless it is a reversal.
    async fn forgiven(&self) -> Option<Amount> {
        self.0.forgiven.map(Amount)
    }

    /// The rule decision that made it; null when none did, and to an end user.
    async fn decision(&self, ctx: &Context<'_>) -> Result<Option<Decision>> {
        decision::load(ctx, self.0.decision_id).await
    }

    /// When it took effect: the instant of an expiry or of a hold's end.
    async fn effective_at(&self) -> DateTime {
        DateTime(self.0.effective_at)
    }

    /// When it was booked.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

/// Which ledger entries.
#[derive(InputObject, Default)]
pub struct TransactionFilter {
    /// Those of this user.
    user_id: Option<ID>,
    /// Those that came from this source.
    source: Option<String>,
    /// Those in this unit.
    unit: Option<String>,
    /// Those booked at this instant or later.
    from: Option<DateTime>,
    /// Those booked before this instant.
    to: Option<DateTime>,
    /// Those with this reference.
    reference_id: Option<String>,
}

impl TransactionFilter {
    /// Narrows the filter to one user; refuses one that names another.
    pub fn of_user(mut self, user_id: &str) -> Result<Self> {
        match &self.user_id {
            Some(other) if other.as_str() != user_id => Err(Refusal::bad_input(
                "Leave userId out of the filter: these are one user's transactions.",
            )
            .into()),
            _ => {
                self.user_id = Some(ID(user_id.to_owned()));
                Ok(self)
            }
        }
    }
}

impl From<TransactionFilter> for credits::TransactionFilter {
    fn from(filter: TransactionFilter) -> Self {
        Self {
            user_id: filter.user_id.map(|id| id.0),
            source: filter.source,
            unit: filter.unit,
            from: filter.from.map(|time| time.0),
            to: filter.to.map(|time| time.0),
            reference_id: filter.reference_id,
        }
    }
}

/// A page of the ledger; `list` names it in cursors.
pub async fn list(
    ctx: &Context<'_>,
    list: &str,
    args: PageArgs,
    filter: TransactionFilter,
) -> Result<CountedConnection<CreditTransaction>> {
    let call = call(ctx)?;
    let mut page = page::request(call, list, args)?;
    page::count_if_selected(ctx, &mut page);
    let found = credits::transactions(call, filter.into(), page).await?;
    page::counted_connection(call, list, found, CreditTransaction)
}

/// Queries about the ledger.
#[derive(Default)]
pub struct TransactionQuery;

#[Object]
#[expect(clippy::too_many_arguments, reason = "a list's arguments are Relay's, each by its name")]
impl TransactionQuery {
    /// Every ledger entry of the tenant, newest first. Needs an admin key.
    #[graphql(complexity = "cost::page(first, last, child_complexity)")]
    async fn transactions(
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
        #[graphql(desc = "Only those that match.")] filter: Option<TransactionFilter>,
    ) -> Result<CountedConnection<CreditTransaction>> {
        call(ctx)?.caller.require_admin()?;
        let args = PageArgs { first, after, last, before };
        list(ctx, "transactions", args, filter.unwrap_or_default()).await
    }
}
