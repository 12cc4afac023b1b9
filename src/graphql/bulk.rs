//! Many in one call: grants, sign-ups and promotion codes.

use async_graphql::futures_util::future::try_join_all;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::cost;
use super::credit::CreditTransaction;
use super::decision::Decision;
use super::error::{Result, told};
use super::loaders::call;
use super::referral::ReferralCodeValidation;
use super::scalars::{Amount, DateTime, Json};
use super::user::{RegisterUserInput, RegisterUserPayload, User};
use crate::domain::refusal::Refusal;
use crate::operations::bulk::{self, Entry, Granted, Registered};
use crate::operations::{credits, promos};

/// The same grant to many users.
#[derive(InputObject)]
pub struct GrantCreditsInput {
    /// Who gets it, 1 to 1,000. Who is named twice is granted once: the second result repeats the first.
    user_ids: Vec<ID>,
    /// How much each of them gets, more than 0.
    amount: Amount,
    /// The unit; the tenant's main unit when null.
    unit: Option<String>,
    /// Where it comes from: a known source.
    #[graphql(default_with = "Some(\"promotion\".to_owned())")]
    source: Option<String>,
    /// A text for people.
    description: Option<String>,
    /// An id of the caller's world.
    reference_id: Option<String>,
    /// When it ends; exclusive. Never when null.
    expires_at: Option<DateTime>,
    /// The same key again grants to those who have not got it yet, and answers the same for the others. With another grant it is IDEMPOTENCY_CONFLICT for each of them.
    idempotency_key: String,
}

impl GrantCreditsInput {
    fn split(self) -> (Vec<String>, credits::NewGrant) {
        let terms = credits::NewGrant {
            user_id: String::new(),
            amount: self.amount.0,
            unit: self.unit,
            source: self.source.unwrap_or_else(|| "promotion".to_owned()),
            description: self.description,
            reference_id: self.reference_id,
            space_id: None,
            priority: 50,
            available_from: None,
            expires_at: self.expires_at.map(|time| time.0),
            idempotency_key: Some(self.idempotency_key),
        };
        (self.user_ids.into_iter().map(|id| id.0).collect(), terms)
    }
}

/// What became of the same grant to many users.
#[derive(SimpleObject)]
pub struct GrantCreditsPayload {
    /// One for each id, in the order asked.
    results: Vec<GrantCreditsResult>,
}

/// What became of the grant to one of them: `transaction`, or `code` and `message` of what was refused.
#[derive(SimpleObject)]
pub struct GrantCreditsResult {
    /// The user's id, as it was given.
    user_id: ID,
    /// The entry that was booked; null when it was refused.
    transaction: Option<CreditTransaction>,
    /// True when this result repeats an earlier one.
    replayed: bool,
    /// The class of the refusal, as in `extensions.code` of an error; null when it was granted.
    code: Option<String>,
    /// Why it was refused, for people; null when it was granted.
    message: Option<String>,
}

impl GrantCreditsResult {
    fn of(entry: Entry<Granted>, request_id: &str) -> Self {
        let (granted, told) = split(entry.result, request_id);
        Self {
            user_id: ID(entry.id),
            replayed: granted.as_ref().is_some_and(|granted| granted.replayed),
            transaction: granted.and_then(|granted| granted.transaction).map(CreditTransaction),
            code: told.0,
            message: told.1,
        }
    }
}

/// Many sign-ups.
#[derive(InputObject)]
pub struct RegisterUsersInput {
    /// Who signs up, 1 to 1,000.
    users: Vec<RegisterUserInput>,
}

/// What became of many sign-ups.
#[derive(SimpleObject)]
pub struct RegisterUsersPayload {
    /// One for each sign-up, in the order asked.
    results: Vec<RegisterUserResult>,
}

/// What became of one sign-up: `payload`, or `code` and `message` of what was refused.
#[derive(SimpleObject)]
pub struct RegisterUserResult {
    /// The user's id, as it was given.
    id: ID,
    /// What `registerUser` would have answered; null when the sign-up was refused.
    payload: Option<RegisterUserPayload>,
    /// The class of the refusal, as in `extensions.code` of an error; null when the user is there.
    code: Option<String>,
    /// Why it was refused, for people; null when the user is there.
    message: Option<String>,
}

impl RegisterUserResult {
    async fn of(ctx: &Context<'_>, entry: Entry<Registered>) -> Result<Self> {
        let (registered, told) = split(entry.result, &call(ctx)?.request_id);
        let payload = match registered {
            Some(registered) => Some(RegisterUserPayload {
                user: User(registered.user),
                created: registered.created,
                referral_code: ReferralCodeValidation::of(ctx, registered.validation).await?,
                decisions: registered.decisions.into_iter().map(Decision).collect(),
            }),
            None => None,
        };
        Ok(Self { id: ID(entry.id), payload, code: told.0, message: told.1 })
    }
}

/// What was done, or what is told of the refusal.
fn split<T>(
    result: std::result::Result<T, Refusal>,
    request_id: &str,
) -> (Option<T>, (Option<String>, Option<String>)) {
    match result {
        Ok(done) => (Some(done), (None, None)),
        Err(refusal) => {
            let (code, message) = told(refusal, request_id);
            (None, (Some(code), Some(message)))
        }
    }
}

/// Many promotion codes that share one definition.
#[derive(InputObject)]
pub struct CreatePromoCodesInput {
    /// How many, 1 to 10,000.
    count: i32,
    /// What each of them begins with: up to 40 letters, digits, - and _. Nothing when null.
    prefix: Option<String>,
    /// How often each may be redeemed; without a limit when null.
    #[graphql(default_with = "Some(1)")]
    max_redemptions: Option<i32>,
    /// How often one user may redeem each.
    #[graphql(default_with = "Some(1)")]
    per_user: Option<i32>,
    /// From when; at once when null.
    starts_at: Option<DateTime>,
    /// Until when, exclusive; without an end when null.
    ends_at: Option<DateTime>,
    /// What rules read as `event.data` when one is redeemed: an object.
    data: Json,
}

/// Many promotion codes.
#[derive(SimpleObject)]
pub struct PromoCodesPayload {
    /// The codes; fewer than asked for when the server had to break off.
    codes: Vec<String>,
}

/// Changes of many at once. They give way to single commands: at most half of what the server does for the tenant meanwhile is theirs.
#[derive(Default)]
pub struct BulkMutation;

#[Object]
impl BulkMutation {
    /// The same grant to up to 1,000 users, each with its own result: an unknown user is NOT_FOUND for that entry alone. When the call breaks off, the same again with the same key goes on. Needs an admin key.
    #[graphql(
        complexity = "cost::list(input.user_ids.len().min(bulk::MAX_ENTRIES), child_complexity)"
    )]
    async fn grant_credits(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "To whom, how much, from where.")] input: GrantCreditsInput,
    ) -> Result<GrantCreditsPayload> {
        let call = call(ctx)?;
        let (user_ids, terms) = input.split();
        let entries = bulk::grant(call, user_ids, terms).await?;
        let of = |entry| GrantCreditsResult::of(entry, &call.request_id);
        Ok(GrantCreditsPayload { results: entries.into_iter().map(of).collect() })
    }

    /// Signs up to 1,000 users up, each with its own result, as `registerUser` would answer. When the call breaks off, the same again goes on. Needs a service key.
    #[graphql(
        complexity = "cost::list(input.users.len().min(bulk::MAX_ENTRIES), child_complexity)"
    )]
    async fn register_users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who signs up.")] input: RegisterUsersInput,
    ) -> Result<RegisterUsersPayload> {
        let sign_ups = input.users.into_iter().map(Into::into).collect();
        let entries = bulk::register(call(ctx)?, sign_ups).await?;
        // Together, so that the names of referrers are read together.
        let results = entries.into_iter().map(|entry| RegisterUserResult::of(ctx, entry));
        Ok(RegisterUsersPayload { results: try_join_all(results).await? })
    }

    /// Makes up to 10,000 unique codes that share one definition. Each call makes new ones: there is no key. When the server has to break off, the codes made by then are answered, fewer than `count`: ask again for the rest. After an error, or without an answer, `promoCodes` lists what was made. Needs an admin key.
    #[graphql(complexity = "cost::up_to(10_000, input.count) + child_complexity")]
    async fn create_promo_codes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, and what they are good for.")] input: CreatePromoCodesInput,
    ) -> Result<PromoCodesPayload> {
        let (count, prefix) = (input.count.into(), input.prefix);
        let terms = promos::PromoDraft {
            code: None,
            max_redemptions: input.max_redemptions.map(Into::into),
            per_user: input.per_user.unwrap_or(1).into(),
            starts_at: input.starts_at.map(|time| time.0),
            ends_at: input.ends_at.map(|time| time.0),
            data: input.data.0,
        };
        let codes = promos::create_many(call(ctx)?, count, prefix, terms).await?;
        Ok(PromoCodesPayload { codes })
    }
}
