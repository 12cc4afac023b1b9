//! How often may be called.

use std::num::NonZeroU32;

use clap::{Args, ValueEnum};

use crate::http::RateLimits;

/// The rate limits. Each is a bucket that holds a minute's worth and fills again evenly.
#[derive(Debug, Args)]
pub struct RateOptions {
    /// `off` takes all rate limits away, for tests. The limits that are counted in the database stay:
    /// a program's own, failed redemptions, and codes that nobody has.
    #[arg(long, env = "GUERDON_RATE_LIMITS", default_value = "on")]
    rate_limits: Switch,
    /// What the documents of one end user may cost in a minute; 0 is no limit.
    #[arg(long, env = "GUERDON_USER_RATE", default_value_t = units(RateLimits::default().user))]
    user_rate: u32,
    /// How many requests a minute may come without a credential from one address; 0 is no limit.
    #[arg(long, env = "GUERDON_ANONYMOUS_RATE", default_value_t = units(RateLimits::default().anonymous))]
    anonymous_rate: u32,
    /// What the documents of one service key may cost in a minute; 0 is no limit.
    #[arg(long, env = "GUERDON_SERVICE_RATE", default_value_t = units(RateLimits::default().service))]
    service_rate: u32,
    /// What the documents of one admin key may cost in a minute; 0 is no limit.
    #[arg(long, env = "GUERDON_ADMIN_RATE", default_value_t = units(RateLimits::default().admin))]
    admin_rate: u32,
    /// What the operator's documents may cost in a minute; 0 is no limit.
    #[arg(long, env = "GUERDON_OPERATOR_RATE", default_value_t = units(RateLimits::default().operator))]
    operator_rate: u32,
}

/// Whether there are limits at all.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Switch {
    On,
    Off,
}

fn units(limit: Option<NonZeroU32>) -> u32 {
    limit.map_or(0, NonZeroU32::get)
}

impl From<RateOptions> for RateLimits {
    fn from(given: RateOptions) -> Self {
        match given.rate_limits {
            Switch::Off => Self::none(),
            Switch::On => Self {
                user: NonZeroU32::new(given.user_rate),
                anonymous: NonZeroU32::new(given.anonymous_rate),
                service: NonZeroU32::new(given.service_rate),
                admin: NonZeroU32::new(given.admin_rate),
                operator: NonZeroU32::new(given.operator_rate),
            },
        }
    }
}
