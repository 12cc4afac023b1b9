//! `program.toml`: read, checked, with the place of what is wrong, and bound to a tenant's settings.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono_tz::Tz;
use serde_json::{Map, Value};
use toml::Spanned;

use crate::domain::program::{Cap, CodePart, Codes, Limits, Measure, Program};
use crate::domain::provider::Provider;
use crate::domain::rules::RuleError;

use self::check::{Checker, placed};
use self::read::{Read, ReadCap};
use super::numbers::Number;

mod auth;
mod check;
mod read;
#[cfg(test)]
mod tests;

/// A checked `program.toml`.
#[derive(Debug, Clone)]
pub struct Manifest {
    read: Read,
    time_zone: Tz,
    code: Vec<CodePart>,
    defaults: Map<String, Value>,
    auth: Option<Arc<Provider>>,
}

impl Manifest {
    /// Reads and checks the text of a `program.toml`, which may name a key among the `files` beside
    /// it. The error has the line and the column.
    pub fn read(source: &str, files: &BTreeMap<String, String>) -> Result<Self, RuleError> {
        let read: Read = toml::from_str(source)
            .map_err(|error| placed(source, error.message(), error.span()))?;
        let checked = Checker { source, read: &read };
        checked.names()?;
        let time_zone = checked.time_zone()?;
        let code = checked.code()?;
        let defaults = checked.settings()?;
        checked.caps(&defaults)?;
        checked.numbers(&defaults)?;
        let auth = checked.auth(files)?;
        Ok(Self { time_zone, code, defaults, auth, read })
    }

    /// The program's name for people.
    pub fn title(&self) -> &str {
        self.read.name.as_ref()
    }

    /// The settings as the program gives them.
    pub fn defaults(&self) -> &Map<String, Value> {
        &self.defaults
    }

    /// The names of the caps.
    pub fn cap_names(&self) -> impl Iterator<Item = &str> {
        self.read.caps.keys().map(String::as_str)
    }

    /// The settings that stand as numbers in codes, caps and limits, so must not be negative.
    pub fn numbers(&self) -> BTreeSet<&str> {
        let names = self.read.numbers().map(|number| match number.as_ref() {
            Number::Setting(name) => Some(name.as_str()),
            Number::Fixed(_) => None,
        });
        names.flatten().collect()
    }

    /// The program with these settings in force, every `"$name"` replaced by its number.
    pub fn bind(&self, name: &str, hash: &str, settings: Map<String, Value>) -> Program {
        let read = &self.read;
        let unit = read.currency.as_ref().or(read.unit.as_ref());
        Program {
            name: name.to_owned(),
            hash: hash.to_owned(),
            unit: unit.map_or_else(String::new, |unit| unit.as_ref().clone()),
            units: plain(&read.units),
            sources: plain(&read.sources),
            time_zone: self.time_zone,
            link: read.link.as_ref().clone(),
            on_shortfall: read.on_shortfall,
            referrals: read.referrals,
            codes: self.codes(&settings),
            steps: read.steps.iter().map(|step| step.as_ref().clone()).collect(),
            caps: self.caps(&settings),
            limits: self.limits(&settings),
            settings,
            default_settings: self.defaults.clone(),
            auth: self.auth.clone(),
        }
    }

    /// Is the main unit a currency?
    pub const fn counts_money(&self) -> bool {
        self.read.currency.is_some()
    }

    fn codes(&self, settings: &Map<String, Value>) -> Codes {
        let codes = &self.read.codes;
        Codes {
            format: self.code.clone(),
            on_sign_up: codes.on_sign_up,
            by_users: codes.by_users.unwrap_or(true),
            regenerate: codes.regenerate.unwrap_or(true),
            generations_per_day: value(codes.generations_per_day.as_ref(), settings),
            max_uses: value(codes.max_uses.as_ref(), settings),
            invites: codes.invites.as_ref().is_none_or(|on| on.as_ref().value(settings)),
        }
    }

    fn caps(&self, settings: &Map<String, Value>) -> BTreeMap<String, Cap> {
        let bind = |cap: &ReadCap| Cap {
            scope: cap.scope,
            window: cap.window,
            measure: match value(cap.count.as_ref(), settings) {
                Some(count) => Measure::Count(count),
                None => Measure::Amount(value(cap.amount.as_ref(), settings).unwrap_or(0)),
            },
            on_exceeded: cap.on_exceeded,
        };
        self.read.caps.iter().map(|(name, cap)| (name.clone(), bind(cap.as_ref()))).collect()
    }

    fn limits(&self, settings: &Map<String, Value>) -> Limits {
        let limits = &self.read.limits;
        Limits {
            per_effect: value(limits.per_effect.as_ref(), settings),
            per_event: value(limits.per_event.as_ref(), settings),
            per_user_day: value(limits.per_user_day.as_ref(), settings),
            per_program_day: value(limits.per_program_day.as_ref(), settings),
            exempt_sources: limits.exempt_sources.clone(),
        }
    }
}

fn value(number: Option<&Spanned<Number>>, settings: &Map<String, Value>) -> Option<i64> {
    number.map(|number| number.as_ref().value(settings))
}

fn plain(names: &[Spanned<String>]) -> Vec<String> {
    names.iter().map(|name| name.as_ref().clone()).collect()
}
