//! `program.toml`: read, checked, with the place of what is wrong, and bound to a tenant's settings.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use chrono_tz::Tz;
use serde::Deserialize;
use serde_json::{Map, Value};
use toml::Spanned;

use crate::domain::money::is_currency;
use crate::domain::program::{
    Cap, CodePart, Codes, Limits, Measure, OnExceeded, OnShortfall, Program, ReferralsPer, Scope,
    Step,
};
use crate::domain::rules::RuleError;
use crate::domain::settings::check_content;
use crate::domain::time::Window;

use super::code_format;
use super::files::MANIFEST;
use super::numbers::{Number, Switch};

const DEFAULT_CODE: &str = "{random:8:clear}";
const MAX_NAME: usize = 255;

/// A checked `program.toml`.
#[derive(Debug, Clone)]
pub struct Manifest {
    read: Read,
    time_zone: Tz,
    code: Vec<CodePart>,
    defaults: Map<String, Value>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    name: Spanned<String>,
    unit: Option<Spanned<String>>,
    currency: Option<Spanned<String>>,
    #[serde(default)]
    units: Vec<Spanned<String>>,
    #[serde(default)]
    sources: Vec<Spanned<String>>,
    time_zone: Option<Spanned<String>>,
    link: Spanned<String>,
    #[serde(default)]
    on_shortfall: OnShortfall,
    #[serde(default)]
    referrals: ReferralsPer,
    #[serde(default)]
    codes: ReadCodes,
    #[serde(default)]
    settings: BTreeMap<String, Spanned<toml::Value>>,
    #[serde(default)]
    steps: Vec<Spanned<Step>>,
    #[serde(default)]
    caps: BTreeMap<String, Spanned<ReadCap>>,
    #[serde(default)]
    limits: ReadLimits,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ReadCodes {
    format: Option<Spanned<String>>,
    on_sign_up: bool,
    by_users: Option<bool>,
    regenerate: Option<bool>,
    generations_per_day: Option<Spanned<Number>>,
    max_uses: Option<Spanned<Number>>,
    invites: Option<Spanned<Switch>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadCap {
    scope: Scope,
    window: Window,
    count: Option<Spanned<Number>>,
    amount: Option<Spanned<Number>>,
    #[serde(default)]
    on_exceeded: OnExceeded,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ReadLimits {
    per_effect: Option<Spanned<Number>>,
    per_event: Option<Spanned<Number>>,
    per_user_day: Option<Spanned<Number>>,
    per_program_day: Option<Spanned<Number>>,
    exempt_sources: Vec<String>,
}

impl Manifest {
    /// Reads and checks the text of a `program.toml`. The error has the line and the column.
    pub fn read(source: &str) -> Result<Self, RuleError> {
        let read: Read = toml::from_str(source)
            .map_err(|error| placed(source, error.message(), error.span()))?;
        let checked = Checker { source, read: &read };
        checked.names()?;
        let time_zone = checked.time_zone()?;
        let code = checked.code()?;
        let defaults = checked.settings()?;
        checked.caps(&defaults)?;
        checked.numbers(&defaults)?;
        Ok(Self { time_zone, code, defaults, read })
    }

    /// The program's name for people.
    pub fn title(&self) -> &str {
        self.read.name.as_ref()
    }

    /// The settings as the program gives them.
    pub fn defaults(&self) -> &Map<String, Value> {
        &self.defaults
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
        }
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

impl Read {
    fn numbers(&self) -> impl Iterator<Item = &Spanned<Number>> {
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

struct Checker<'a> {
    source: &'a str,
    read: &'a Read,
}

impl Checker<'_> {
    fn fail<T>(&self, message: impl AsRef<str>, span: Range<usize>) -> Result<T, RuleError> {
        Err(placed(self.source, message.as_ref(), Some(span)))
    }

    fn names(&self) -> Result<(), RuleError> {
        let read = self.read;
        match (&read.currency, &read.unit) {
            (Some(code), None) if !is_currency(code.as_ref()) => {
                let message = format!("`{}` is no ISO 4217 currency like USD.", code.as_ref());
                return self.fail(message, code.span());
            }
            (Some(_), None) | (None, Some(_)) => {}
            _ => {
                let message = "Give either `currency` (\"USD\") or `unit` (\"credits\").";
                return self.fail(message, read.name.span());
            }
        }
        let link = read.link.as_ref();
        let web = link.starts_with("https://") || link.starts_with("http://");
        if !web || !link.contains("{code}") {
            let message = "`link` begins with https:// and has {code} where the code belongs.";
            return self.fail(message, read.link.span());
        }
        let units = read.unit.iter().chain(&read.units);
        for name in units.chain(&read.sources).chain([&read.name, &read.link]) {
            self.name(name.as_ref(), name.span())?;
        }
        self.steps()
    }

    fn steps(&self) -> Result<(), RuleError> {
        let mut keys = BTreeSet::new();
        for step in &self.read.steps {
            self.name(&step.as_ref().key, step.span())?;
            self.name(&step.as_ref().title, step.span())?;
            if !keys.insert(&step.as_ref().key) {
                let message = format!("There are two steps `{}`.", step.as_ref().key);
                return self.fail(message, step.span());
            }
        }
        Ok(())
    }

    fn name(&self, name: &str, span: Range<usize>) -> Result<(), RuleError> {
        if name.trim().is_empty() || name.contains('\0') || name.chars().count() > MAX_NAME {
            return self.fail(format!("A name has 1 to {MAX_NAME} characters."), span);
        }
        Ok(())
    }

    fn time_zone(&self) -> Result<Tz, RuleError> {
        let Some(zone) = &self.read.time_zone else { return Ok(Tz::UTC) };
        zone.as_ref().parse().or_else(|_| {
            let message = format!("`{}` is no IANA time zone like Europe/Berlin.", zone.as_ref());
            self.fail(message, zone.span())
        })
    }

    fn code(&self) -> Result<Vec<CodePart>, RuleError> {
        let Some(format) = &self.read.codes.format else {
            return code_format::read(DEFAULT_CODE).map_err(RuleError::new);
        };
        code_format::read(format.as_ref()).or_else(|why| self.fail(why, format.span()))
    }

    fn settings(&self) -> Result<Map<String, Value>, RuleError> {
        let mut defaults = Map::new();
        for (name, default) in &self.read.settings {
            self.name(name, default.span())?;
            let value = plain_value(default.as_ref())
                .and_then(|value| check_content(&value).map(|()| value))
                .or_else(|why| self.fail(format!("`{name}`: {why}."), default.span()))?;
            defaults.insert(name.clone(), value);
        }
        Ok(defaults)
    }

    fn caps(&self, defaults: &Map<String, Value>) -> Result<(), RuleError> {
        for (name, cap) in &self.read.caps {
            self.name(name, cap.span())?;
            let cap_read = cap.as_ref();
            if cap_read.count.is_some() == cap_read.amount.is_some() {
                let message = format!("The cap `{name}` needs either `count` or `amount`.");
                return self.fail(message, cap.span());
            }
        }
        let Some(invites) = &self.read.codes.invites else { return Ok(()) };
        invites.as_ref().check(defaults).or_else(|why| self.fail(why, invites.span()))
    }

    fn numbers(&self, defaults: &Map<String, Value>) -> Result<(), RuleError> {
        for number in self.read.numbers() {
            number.as_ref().check(defaults).or_else(|why| self.fail(why, number.span()))?;
        }
        Ok(())
    }
}

fn value(number: Option<&Spanned<Number>>, settings: &Map<String, Value>) -> Option<i64> {
    number.map(|number| number.as_ref().value(settings))
}

fn plain(names: &[Spanned<String>]) -> Vec<String> {
    names.iter().map(|name| name.as_ref().clone()).collect()
}

fn plain_value(value: &toml::Value) -> Result<Value, String> {
    match value {
        toml::Value::Integer(number) => Ok((*number).into()),
        toml::Value::Boolean(truth) => Ok((*truth).into()),
        toml::Value::String(text) => Ok(text.as_str().into()),
        toml::Value::Array(items) => items.iter().map(plain_value).collect(),
        toml::Value::Table(table) => {
            let entry = |(name, value): (&String, _)| Ok((name.clone(), plain_value(value)?));
            table.iter().map(entry).collect::<Result<Map<_, _>, String>>().map(Value::Object)
        }
        toml::Value::Float(number) => {
            Err(format!("{number} is not a whole number; write money in cents"))
        }
        toml::Value::Datetime(time) => Err(format!("write the time in quotes: \"{time}\"")),
    }
}

fn placed(source: &str, message: &str, span: Option<Range<usize>>) -> RuleError {
    let before = span.and_then(|span| source.get(..span.start));
    let line = before.map(|text| text.matches('\n').count() + 1);
    let column = before.map(|text| text.chars().rev().take_while(|c| *c != '\n').count() + 1);
    let number = |value: Option<usize>| value.and_then(|value| u32::try_from(value).ok());
    RuleError {
        message: message.to_owned(),
        file: Some(MANIFEST.to_owned()),
        line: number(line),
        column: number(column),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
name = "Example"
currency = "USD"
time_zone = "America/New_York"
link = "https://example.com/?ref={code}"
units = ["messages"]

[codes]
format = "{random:6:A-Z}"
max_uses = "$uses"
invites = "$uses"

[settings]
uses = 10
tiers = [[0, 500], [5, 750]]
contest = {}

[[steps]]
key = "profile"
title = "Fill in your profile"

[caps.monthly]
scope = "referrer"
window = "month"
amount = 5000
on_exceeded = "clip"

[limits]
per_effect = 100000
exempt_sources = ["purchase"]
"#;

    fn refused(from: &str, to: &str) -> RuleError {
        assert!(GOOD.contains(from), "{from}");
        Manifest::read(&GOOD.replace(from, to)).unwrap_err()
    }

    #[test]
    fn a_good_one_is_bound_to_settings() {
        let manifest = Manifest::read(GOOD).unwrap();
        let mut settings = manifest.defaults().clone();
        settings.insert("uses".to_owned(), 3.into());
        let program = manifest.bind("example", "hash", settings);
        assert_eq!(program.codes.max_uses, Some(3));
        assert_eq!(program.default_settings["uses"], 10);
        assert_eq!(program.caps["monthly"].measure, Measure::Amount(5_000));
        assert_eq!(program.limits.per_effect, Some(100_000));
        assert!(program.codes.invites && program.knows_unit("messages"));
        assert_eq!(manifest.numbers(), BTreeSet::from(["uses"]));
    }

    #[test]
    fn a_setting_of_nothing_switches_invites_off() {
        let manifest = Manifest::read(GOOD).unwrap();
        let settings = Map::from_iter([("uses".to_owned(), 0.into())]);
        assert!(!manifest.bind("example", "hash", settings).codes.invites);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let error = refused("currency = \"USD\"", "currency = \"USX\"");
        assert_eq!((error.line, error.column), (Some(3), Some(12)));
        assert_eq!(error.file.as_deref(), Some("program.toml"));
        let error = refused("per_effect = 100000", "per_efect = 100000");
        assert!(error.message.contains("per_efect"), "{error}");
        assert_eq!(error.line, Some(29));
        assert!(refused("currency = \"USD\"", "").message.contains("either `currency`"));
        assert!(refused("{code}", "CODE").message.contains("{code}"));
        assert!(refused("New_York", "Atlantis").message.contains("IANA"));
        assert!(refused("max_uses = \"$uses\"", "max_uses = \"$use\"").message.contains("`use`"));
        assert!(refused("max_uses = \"$uses\"", "max_uses = -1").message.contains("0 or more"));
        assert!(refused("uses = 10", "uses = 1.5").message.contains("not a whole number"));
        assert!(refused("uses = 10", "uses = \"10\"").message.contains("must be a"));
        assert!(refused("contest = {}", "contest = 2026-12-01").message.contains("in quotes"));
        assert!(refused("amount = 5000", "").message.contains("either `count` or `amount`"));
        assert!(refused("amount = 5000", "amount = 5\ncount = 1").message.contains("either"));
        assert!(refused("\"month\"", "\"year\"").message.contains("year"));
        assert!(refused("{random:6:A-Z}", "CODE").message.contains("by chance"));
        assert!(refused("name = \"Example\"", "name = ").line.is_some());
    }
}
