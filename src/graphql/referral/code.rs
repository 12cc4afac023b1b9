//! What is put in and given back about referral codes.

use async_graphql::{Context, ID, InputObject, SimpleObject};

use super::Referral;
use super::cost;
use crate::domain::answer::Validation;
use crate::graphql::decision::Decision;
use crate::graphql::error::Result;
use crate::graphql::loaders::{UserId, reader};
use crate::graphql::scalars::int;
use crate::graphql::user::User;

/// Whether a code can be used, and by whom it was shared. It never reveals an e-mail address.
#[derive(SimpleObject)]
pub struct ReferralCodeValidation {
    /// Whether the code can be used.
    valid: bool,
    /// The code.
    code: String,
    /// The name of who shares it; null when nobody does, or when that user has no name.
    referrer_name: Option<String>,
    /// How many uses are left, 0 when used up; null when there is no limit.
    remaining_uses: Option<i32>,
    /// Why it cannot be used: NOT_FOUND, MAX_USES_REACHED, DISABLED (its owner was erased, or the program is off), SELF_REFERRAL, ALREADY_REFERRED, ALREADY_PURCHASED, NOT_AVAILABLE (a rule failed), or a word of the rules' own. Null when it can.
    reason: Option<String>,
    /// The same as a sentence for people.
    message: String,
}

impl ReferralCodeValidation {
    /// What became of a code; the name of who shares it is looked up.
    pub async fn of(ctx: &Context<'_>, validation: Option<Validation>) -> Result<Option<Self>> {
        let Some(validation) = validation else { return Ok(None) };
        let referrer = match &validation.referrer_id {
            Some(id) => reader(ctx)?.load_one(UserId(id.clone())).await?,
            None => None,
        };
        Ok(Some(Self {
            valid: validation.is_valid(),
            message: validation.message(),
            referrer_name: referrer.and_then(|user| user.personal.name),
            remaining_uses: validation.remaining_uses.map(int),
            code: validation.code,
            reason: validation.reason,
        }))
    }
}

/// Whose code.
#[derive(InputObject, Default)]
pub struct GenerateReferralCodeInput {
    /// Which user; an end user leaves it out.
    pub user_id: Option<ID>,
}

/// A user's code.
#[derive(SimpleObject)]
pub struct ReferralCodePayload {
    /// The code.
    pub code: String,
    /// The link that carries it.
    pub share_url: String,
    /// Whether it was made by this call.
    pub created: bool,
}

/// A code typed in after sign-up.
#[derive(InputObject)]
pub struct ApplyReferralCodeInput {
    /// The code.
    pub code: String,
    /// Which user; an end user leaves it out.
    pub user_id: Option<ID>,
    /// The same key again changes nothing and answers the same.
    pub idempotency_key: Option<String>,
}

/// What became of a code typed in after sign-up.
#[derive(SimpleObject)]
pub struct ApplyReferralCodePayload {
    /// Whether it could be used.
    pub validation: ReferralCodeValidation,
    /// The referral that it made; null when it could not be used.
    pub referral: Option<Referral>,
    /// What the rules decided; empty to an end user.
    #[graphql(complexity = "cost::list(cost::DECISIONS, child_complexity)")]
    pub decisions: Vec<Decision>,
}

/// A visit through a share link.
#[derive(InputObject)]
pub struct TrackReferralClickInput {
    /// The code of the link.
    pub code: String,
    /// The browser, as it names itself.
    pub user_agent: Option<String>,
    /// What tells the device apart: one device counts once a code and day. Only a keyed hash is kept.
    pub device_id: Option<String>,
}

/// What became of a visit.
#[derive(SimpleObject)]
pub struct TrackReferralClickPayload {
    /// Whether it was counted: not for an unknown code, nor for a device that was counted today.
    pub counted: bool,
}

/// A partner.
#[derive(InputObject)]
pub struct CreateReferrerInput {
    /// The name.
    pub name: String,
    /// The e-mail address; the same again returns the same partner.
    pub email: String,
}

/// A partner with a code.
#[derive(SimpleObject)]
pub struct CreateReferrerPayload {
    /// The partner.
    pub user: User,
    /// The partner's code.
    pub code: String,
    /// The link that carries it.
    pub share_url: String,
}
