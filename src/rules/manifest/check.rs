//! Checks that go beyond the shape of a `program.toml`, each error with its place.

use std::collections::BTreeSet;
use std::ops::Range;

use chrono_tz::Tz;
use serde_json::{Map, Value};

use crate::domain::link::leads_to_one_place;
use crate::domain::money::is_currency;
use crate::domain::program::CodePart;
use crate::domain::rules::RuleError;
use crate::domain::settings::check_content;

use super::super::code_format;
use super::super::files::MANIFEST;
use super::read::Read;

const DEFAULT_CODE: &str = "{random:8:clear}";
const MAX_NAME: usize = 255;

/// A read `program.toml` and the text that it was read from.
pub(super) struct Checker<'a> {
    pub(super) source: &'a str,
    pub(super) read: &'a Read,
}

impl Checker<'_> {
    pub(super) fn fail<T>(
        &self,
        message: impl AsRef<str>,
        span: Range<usize>,
    ) -> Result<T, RuleError> {
        Err(placed(self.source, message.as_ref(), Some(span)))
    }

    pub(super) fn names(&self) -> Result<(), RuleError> {
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
        if !leads_to_one_place(link) {
            let message = "`link` is one address: its host is written out, {code} stands behind it, and there is no space.";
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

    pub(super) fn name(&self, name: &str, span: Range<usize>) -> Result<(), RuleError> {
        if name.trim().is_empty() || name.contains('\0') || name.chars().count() > MAX_NAME {
            return self.fail(format!("A name has 1 to {MAX_NAME} characters."), span);
        }
        Ok(())
    }

    pub(super) fn time_zone(&self) -> Result<Tz, RuleError> {
        let Some(zone) = &self.read.time_zone else { return Ok(Tz::UTC) };
        zone.as_ref().parse().or_else(|_| {
            let message = format!("`{}` is no IANA time zone like Europe/Berlin.", zone.as_ref());
            self.fail(message, zone.span())
        })
    }

    pub(super) fn code(&self) -> Result<Vec<CodePart>, RuleError> {
        let Some(format) = &self.read.codes.format else {
            return code_format::read(DEFAULT_CODE).map_err(RuleError::new);
        };
        code_format::read(format.as_ref()).or_else(|why| self.fail(why, format.span()))
    }

    pub(super) fn settings(&self) -> Result<Map<String, Value>, RuleError> {
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

    pub(super) fn caps(&self, defaults: &Map<String, Value>) -> Result<(), RuleError> {
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

    pub(super) fn numbers(&self, defaults: &Map<String, Value>) -> Result<(), RuleError> {
        for number in self.read.numbers() {
            number.as_ref().check(defaults).or_else(|why| self.fail(why, number.span()))?;
        }
        Ok(())
    }
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

/// An error at a place of `program.toml`.
pub(super) fn placed(source: &str, message: &str, span: Option<Range<usize>>) -> RuleError {
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
