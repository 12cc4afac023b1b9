//! The shape of a `program.toml`, as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::domain::program::{OnExceeded, OnShortfall, ReferralsPer, Scope, Step};
use crate::domain::time::Window;
use crate::rules::numbers::{Number, Switch};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Read {
    pub(super) name: Spanned<String>,
    pub(super) unit: Option<Spanned<String>>,
    pub(super) currency: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) units: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) sources: Vec<Spanned<String>>,
    pub(super) time_zone: Option<Spanned<String>>,
    pub(super) link: Spanned<String>,
    #[serde(default)]
    pub(super) on_shortfall: OnShortfall,
    #[serde(default)]
    pub(super) referrals: ReferralsPer,
    #[serde(default)]
    pub(super) codes: ReadCodes,
    #[serde(default)]
    pub(super) settings: BTreeMap<String, Spanned<toml::Value>>,
    #[serde(default)]
    pub(super) steps: Vec<Spanned<Step>>,
    #[serde(default)]
    pub(super) caps: BTreeMap<String, Spanned<ReadCap>>,
    #[serde(default)]
    pub(super) limits: ReadLimits,
    pub(super) auth: Option<Spanned<ReadAuth>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ReadCodes {
    pub(super) format: Option<Spanned<String>>,
    pub(super) on_sign_up: bool,
    pub(super) by_users: Option<bool>,
    pub(super) regenerate: Option<bool>,
    pub(super) generations_per_day: Option<Spanned<Number>>,
    pub(super) max_uses: Option<Spanned<Number>>,
    pub(super) invites: Option<Spanned<Switch>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadCap {
    pub(super) scope: Scope,
    pub(super) window: Window,
    pub(super) count: Option<Spanned<Number>>,
    pub(super) amount: Option<Spanned<Number>>,
    #[serde(default)]
    pub(super) on_exceeded: OnExceeded,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ReadLimits {
    pub(super) per_effect: Option<Spanned<Number>>,
    pub(super) per_event: Option<Spanned<Number>>,
    pub(super) per_user_day: Option<Spanned<Number>>,
    pub(super) per_program_day: Option<Spanned<Number>>,
    pub(super) exempt_sources: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadAuth {
    pub(super) issuer: Spanned<String>,
    pub(super) audience: Spanned<String>,
    pub(super) algorithms: Spanned<Vec<Spanned<String>>>,
    pub(super) user_claim: Option<Spanned<String>>,
    pub(super) jwks: Option<Spanned<String>>,
    pub(super) pem: Option<Spanned<String>>,
}

impl Read {
    /// Every number that may be a setting.
    pub(super) fn numbers(&self) -> impl Iterator<Item = &Spanned<Number>> {
        let (codes, limits) = (&self.codes, &self.limits);
        let of_caps =
            self.caps.values().flat_map(|cap| [&cap.as_ref().count, &cap.as_ref().amount]);
        [&codes.generations_per_day, &codes.max_uses]
            .into_iter()
            .chain([&limits.per_effect, &limits.per_event])
            .chain([&limits.per_user_day, &limits.per_program_day])
            .chain(of_caps)
            .flatten()
    }
}
