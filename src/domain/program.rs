//! A program as the domain sees it: `program.toml` read, with a tenant's settings laid over it and
//! every `"$name"` replaced by that setting's number.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::link;
use super::provider::Provider;
use super::time::Window;

/// The sources that every tenant knows; a program may add its own.
pub const KNOWN_SOURCES: [&str; 10] = [
    "referral",
    "onboarding",
    "early_adopter",
    "promotion",
    "manual",
    "redemption",
    "purchase",
    "spend",
    "expiry",
    "reversal",
];

/// A program with one tenant's settings in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Program {
    /// The folder's name.
    pub name: String,
    /// SHA-256 of its files, in hex.
    pub hash: String,
    /// The main unit: a currency code (`USD`) or a name (`credits`).
    pub unit: String,
    /// Further units, for quotas.
    pub units: Vec<String>,
    /// Sources beside [`KNOWN_SOURCES`].
    pub sources: Vec<String>,
    /// Where windows and days begin and end.
    pub time_zone: Tz,
    /// The share link, with `{code}` where the code belongs.
    pub link: String,
    /// What happens when a reversal finds the grant spent.
    pub on_shortfall: OnShortfall,
    /// Whether a user or a purchase has the referral.
    pub referrals: ReferralsPer,
    /// How codes look, and who may have them.
    pub codes: Codes,
    /// The onboarding steps, in order.
    pub steps: Vec<Step>,
    /// The caps that effects may name.
    pub caps: BTreeMap<String, Cap>,
    /// Ceilings that no script can pass.
    pub limits: Limits,
    /// The program's defaults with the tenant's values over them.
    pub settings: Map<String, Value>,
    /// The program's defaults alone.
    pub default_settings: Map<String, Value>,
    /// Who signs the users' tokens beside the server, if anybody does.
    pub auth: Option<Arc<Provider>>,
}

/// What happens when a reversal finds that a grant was spent already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnShortfall {
    /// The rest is forgiven, and recorded.
    #[default]
    Clamp,
    /// The rest is owed: the balance goes negative.
    Debt,
}

/// What a referral belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReferralsPer {
    /// One for each referred user.
    #[default]
    User,
    /// One for each purchase that names a code.
    Purchase,
}

/// How referral codes look, and who may have them.
#[derive(Debug, Clone, PartialEq)]
pub struct Codes {
    /// The parts that make a code, in order.
    pub format: Vec<CodePart>,
    /// Is a code made when a user signs up?
    pub on_sign_up: bool,
    /// May users ask for a code?
    pub by_users: bool,
    /// May users ask for a new one?
    pub regenerate: bool,
    /// How often a user may get a new code in a day; `None` is without a limit.
    pub generations_per_day: Option<i64>,
    /// How many credited referrals a referrer's codes bring; `None` is without a limit.
    pub max_uses: Option<i64>,
    /// Is the whole referral program on? When off, the invite prompt is hidden.
    pub invites: bool,
}

/// A part of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodePart {
    /// These very characters.
    Text(String),
    /// So many characters, each drawn from the alphabet.
    Random {
        /// The characters to draw from.
        alphabet: Vec<char>,
        /// How many.
        length: usize,
    },
    /// The first letters A-Z of the user's name, in capitals; fewer when there are fewer.
    Name {
        /// How many at most.
        length: usize,
    },
    /// A random UUID (version 4).
    Uuid,
}

/// An onboarding step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its key in the API.
    pub key: String,
    /// Its title for people.
    pub title: String,
    /// More about it.
    pub description: Option<String>,
}

/// A cap: how much or how often, in which window, counted for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cap {
    /// Counted for whom.
    pub scope: Scope,
    /// In which window.
    pub window: Window,
    /// What is counted, up to where.
    pub measure: Measure,
    /// What happens beyond.
    pub on_exceeded: OnExceeded,
}

/// For whom a cap counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The event's user.
    User,
    /// The referrer of the event's user.
    Referrer,
    /// The whole program.
    Program,
}

/// What a cap counts, and its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Effects.
    Count(i64),
    /// The sum of the effects' amounts.
    Amount(i64),
}

impl Measure {
    /// The limit, in effects or in the unit's smallest part.
    #[must_use]
    pub const fn limit(self) -> i64 {
        match self {
            Self::Count(limit) | Self::Amount(limit) => limit,
        }
    }
}

/// What happens when a cap is passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnExceeded {
    /// The whole decision is SKIPPED, `cap:<name>`.
    #[default]
    Refuse,
    /// What is left is paid; nothing left drops the effect.
    Clip,
}

/// Ceilings outside the scripts; passing one makes the decision FAILED. `None` is no ceiling.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Limits {
    /// The amount of one effect.
    pub per_effect: Option<i64>,
    /// The amounts of one decision's event together.
    pub per_event: Option<i64>,
    /// What one user gets in a day.
    pub per_user_day: Option<i64>,
    /// What all users get in a day.
    pub per_program_day: Option<i64>,
    /// Sources that are not counted (`purchase`).
    pub exempt_sources: Vec<String>,
}

impl Program {
    /// Is this the main unit or one of the program's?
    #[must_use]
    pub fn knows_unit(&self, unit: &str) -> bool {
        self.unit == unit || self.units.iter().any(|known| known == unit)
    }

    /// Is this a source that every tenant knows or one of the program's?
    #[must_use]
    pub fn knows_source(&self, source: &str) -> bool {
        KNOWN_SOURCES.contains(&source) || self.sources.iter().any(|known| known == source)
    }

    /// The share link for a code, which is percent-encoded in it.
    #[must_use]
    pub fn link_for(&self, code: &str) -> String {
        link::with_code(&self.link, code)
    }

    /// The share link without a code: the query parameter that would hold it is left out, and in a
    /// path or fragment its place is empty.
    #[must_use]
    pub fn link_without_code(&self) -> String {
        link::without_code(&self.link)
    }
}
