//! What is put in and given back about users.

use async_graphql::{Enum, ID, InputObject, MaybeUndefined, SimpleObject};

use super::User;
use crate::domain::command::Patch;
use crate::graphql::cost;
use crate::graphql::decision::Decision;
use crate::graphql::referral::ReferralCodeValidation;
use crate::graphql::scalars::{Amount, DateTime, Json};
use crate::operations::users;

/// Which users. Balances are as of the last sweep, at most 60 seconds old.
#[derive(InputObject, Default)]
pub struct UserFilter {
    /// The beginning of id, name or e-mail, without regard to case.
    search: Option<String>,
    /// Those who have at least this much in `unit`.
    min_balance: Option<Amount>,
    /// The unit of `minBalance` and of an order by balance or earnings; the main unit when null.
    unit: Option<String>,
    /// Those who signed up at this instant or later.
    created_from: Option<DateTime>,
    /// Those who signed up before this instant.
    created_to: Option<DateTime>,
}

impl From<UserFilter> for users::UserFilter {
    fn from(filter: UserFilter) -> Self {
        Self {
            search: filter.search,
            min_balance: filter.min_balance.map(|amount| amount.0),
            unit: filter.unit,
            created_from: filter.created_from.map(|time| time.0),
            created_to: filter.created_to.map(|time| time.0),
        }
    }
}

/// In which order users are listed.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserOrder {
    /// The newest first.
    CreatedDesc,
    /// The oldest first.
    CreatedAsc,
    /// The greatest balance first.
    BalanceDesc,
    /// Who earned most first.
    EarnedDesc,
}

impl From<UserOrder> for users::UserOrder {
    fn from(order: UserOrder) -> Self {
        match order {
            UserOrder::CreatedDesc => Self::NewestFirst,
            UserOrder::CreatedAsc => Self::OldestFirst,
            UserOrder::BalanceDesc => Self::BalanceFirst,
            UserOrder::EarnedDesc => Self::EarnedFirst,
        }
    }
}

impl UserOrder {
    /// The list's name in cursors: a place in one order is none in another.
    pub const fn list_name(self) -> &'static str {
        match self {
            Self::CreatedDesc => "users",
            Self::CreatedAsc => "users_oldest",
            Self::BalanceDesc => "users_balance",
            Self::EarnedDesc => "users_earned",
        }
    }
}

/// A sign-up.
#[derive(InputObject)]
pub struct RegisterUserInput {
    /// The tenant's own id of the user, 1 to 255 characters.
    id: ID,
    /// The name.
    name: Option<String>,
    /// The e-mail address.
    email: Option<String>,
    /// Whether the address is verified already.
    #[graphql(default_with = "Some(false)")]
    email_verified: Option<bool>,
    /// The code that the user came in with; a bad one never fails the sign-up.
    referral_code: Option<String>,
    /// The address that the user came from; only a keyed hash is kept.
    ip_address: Option<String>,
    /// What tells the user's device apart; only a keyed hash is kept.
    device_id: Option<String>,
    /// What else rules may read as `user.traits`: an object.
    traits: Option<Json>,
}

impl From<RegisterUserInput> for users::SignUp {
    fn from(input: RegisterUserInput) -> Self {
        Self {
            id: input.id.0,
            name: input.name,
            email: input.email,
            email_verified: input.email_verified.unwrap_or(false),
            referral_code: input.referral_code,
            ip_address: input.ip_address,
            device_id: input.device_id,
            traits: input.traits.map(|traits| traits.0),
        }
    }
}

/// A user after a sign-up.
#[derive(SimpleObject)]
pub struct RegisterUserPayload {
    /// The user.
    pub user: User,
    /// False when the user was there already and nothing changed.
    pub created: bool,
    /// What became of the code; null when none was given.
    pub referral_code: Option<ReferralCodeValidation>,
    /// What the rules decided; empty to an end user.
    #[graphql(complexity = "cost::list(cost::DECISIONS, child_complexity)")]
    pub decisions: Vec<Decision>,
}

/// What changes about a user. What is left out stays; null empties.
#[derive(InputObject)]
pub struct UpdateUserInput {
    /// Which user.
    id: ID,
    /// The name; null empties it.
    name: MaybeUndefined<String>,
    /// The e-mail address; null empties it.
    email: MaybeUndefined<String>,
    /// Whether the address is verified; null leaves it.
    email_verified: Option<bool>,
    /// All traits, in the place of the old ones: an object; null empties them.
    traits: MaybeUndefined<Json>,
}

impl From<UpdateUserInput> for users::UserChange {
    fn from(input: UpdateUserInput) -> Self {
        Self {
            id: input.id.0,
            name: patch(input.name),
            email: patch(input.email),
            email_verified: input.email_verified,
            traits: patch(input.traits.map_value(|traits| traits.0)),
        }
    }
}

fn patch<T>(value: MaybeUndefined<T>) -> Patch<T> {
    match value {
        MaybeUndefined::Undefined => Patch::Keep,
        MaybeUndefined::Null => Patch::Clear,
        MaybeUndefined::Value(value) => Patch::Set(value),
    }
}

/// A user after a change.
#[derive(SimpleObject)]
pub struct UpdateUserPayload {
    /// The user.
    pub user: User,
    /// What the rules decided; empty to an end user.
    #[graphql(complexity = "cost::list(cost::DECISIONS, child_complexity)")]
    pub decisions: Vec<Decision>,
}

/// For whom a token is signed.
#[derive(InputObject)]
pub struct IssueUserTokenInput {
    /// Which user.
    pub user_id: ID,
    /// How long it holds, in seconds: 1 to 604,800 (a week).
    #[graphql(default_with = "Some(3600)")]
    pub ttl_seconds: Option<i32>,
}

/// A token with which a browser calls as one user.
#[derive(SimpleObject)]
pub struct IssueUserTokenPayload {
    /// The token, for the header `Authorization: Bearer`.
    pub token: String,
    /// When it ends.
    pub expires_at: DateTime,
}

/// Whom to forget.
#[derive(InputObject)]
pub struct EraseUserInput {
    /// Which user.
    pub user_id: ID,
}

/// A user who was forgotten.
#[derive(SimpleObject)]
pub struct EraseUserPayload {
    /// What is left: the id and the ledger.
    pub user: User,
}
