//! Loaders: what the fields of one request ask for one by one is read together. They live for one
//! request and carry its tenant.

use std::collections::HashMap;

use async_graphql::dataloader::{DataLoader, Loader};
use async_graphql::{Context, QueryPathNode, QueryPathSegment};
use uuid::Uuid;

use super::error::Result;
use crate::domain::records::{
    Account, AccountKey, Decision, FactSheet, FactSheetKey, Lot, Referral, Transaction, User,
};
use crate::domain::refusal::Refusal;
use crate::domain::rules::NextStep;
use crate::operations::Call;
use crate::operations::{credits, decisions, referrals, rewards, users, what_next};

/// Reads for one request.
pub struct Reader(Call);

/// The loaders of one request.
pub type Loaders = DataLoader<Reader>;

/// Makes the loaders of a request.
pub fn loaders(call: &Call) -> Loaders {
    DataLoader::new(Reader(call.clone()), tokio::spawn)
}

/// The request's call. It is told which field of the document asks: a change that is done from then
/// on is that field's.
pub fn call<'a>(ctx: &Context<'a>) -> Result<&'a Call> {
    let call = ctx.data::<Call>()?;
    if let Some(QueryPathNode { parent: None, segment: QueryPathSegment::Name(field) }) =
        ctx.path_node
    {
        call.begin_part(field);
    }
    Ok(call)
}

/// The request's loaders.
pub fn reader<'a>(ctx: &Context<'a>) -> Result<&'a Loaders> {
    ctx.data::<Loaders>()
}

/// Names a user.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserId(pub String);

/// Names the next steps of a user.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NextStepsOf(pub String);

/// Names a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TransactionId(pub Uuid);

/// Names a decision.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DecisionId(pub Uuid);

/// Names a referral.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReferralId(pub Uuid);

/// Names the rewards of a referral.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RewardsOf(pub Uuid);

impl Loader<UserId> for Reader {
    type Value = User;
    type Error = Refusal;

    async fn load(&self, keys: &[UserId]) -> std::result::Result<HashMap<UserId, User>, Refusal> {
        let ids: Vec<_> = keys.iter().map(|key| key.0.clone()).collect();
        let found = users::find(&self.0, &ids).await?;
        Ok(found.into_iter().map(|user| (UserId(user.id.clone()), user)).collect())
    }
}

impl Loader<NextStepsOf> for Reader {
    type Value = Vec<NextStep>;
    type Error = Refusal;

    async fn load(
        &self,
        keys: &[NextStepsOf],
    ) -> std::result::Result<HashMap<NextStepsOf, Vec<NextStep>>, Refusal> {
        let ids: Vec<_> = keys.iter().map(|key| key.0.clone()).collect();
        let found = what_next::of_users(&self.0, &ids).await?;
        Ok(ids.into_iter().map(NextStepsOf).zip(found).collect())
    }
}

impl Loader<TransactionId> for Reader {
    type Value = Transaction;
    type Error = Refusal;

    async fn load(
        &self,
        keys: &[TransactionId],
    ) -> std::result::Result<HashMap<TransactionId, Transaction>, Refusal> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let found = credits::find_transactions(&self.0, &ids).await?;
        Ok(found.into_iter().map(|entry| (TransactionId(entry.id), entry)).collect())
    }
}

impl Loader<DecisionId> for Reader {
    type Value = Decision;
    type Error = Refusal;

    async fn load(
        &self,
        keys: &[DecisionId],
    ) -> std::result::Result<HashMap<DecisionId, Decision>, Refusal> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let found = decisions::find(&self.0, &ids).await?;
        Ok(found.into_iter().map(|decision| (DecisionId(decision.id), decision)).collect())
    }
}

impl Loader<ReferralId> for Reader {
    type Value = Referral;
    type Error = Refusal;

    async fn load(
        &self,
        keys: &[ReferralId],
    ) -> std::result::Result<HashMap<ReferralId, Referral>, Refusal> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let found = referrals::find(&self.0, &ids).await?;
        Ok(found.into_iter().map(|referral| (ReferralId(referral.id), referral)).collect())
    }
}

impl Loader<RewardsOf> for Reader {
    type Value = Vec<Lot>;
    type Error = Refusal;

    async fn load(
        &self,
        keys: &[RewardsOf],
    ) -> std::result::Result<HashMap<RewardsOf, Vec<Lot>>, Refusal> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<RewardsOf, Vec<Lot>> = HashMap::new();
        for lot in rewards::of_referrals(&self.0, &ids).await? {
            if let Some(id) = lot.referral_id {
                found.entry(RewardsOf(id)).or_default().push(lot);
            }
        }
        Ok(found)
    }
}

impl Loader<FactSheetKey> for Reader {
    type Value = FactSheet;
    type Error = Refusal;

    async fn load(
        &self,
        keys: &[FactSheetKey],
    ) -> std::result::Result<HashMap<FactSheetKey, FactSheet>, Refusal> {
        let found = decisions::find_sheets(&self.0, keys).await?;
        Ok(found.into_iter().map(|sheet| (sheet.key, sheet)).collect())
    }
}

impl Loader<AccountKey> for Reader {
    type Value = Account;
    type Error = Refusal;

    async fn load(
        &self,
        keys: &[AccountKey],
    ) -> std::result::Result<HashMap<AccountKey, Account>, Refusal> {
        let found = credits::accounts(&self.0, keys).await?;
        Ok(found.into_iter().map(|account| (account.key.clone(), account)).collect())
    }
}
