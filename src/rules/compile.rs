//! A program compiled: its `program.toml` checked, each of its rule files parsed once.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::domain::refusal::Refusal;
use crate::domain::rules::RuleError;
use crate::domain::settings;

use super::bound::Bound;
use super::files::ProgramFiles;
use super::manifest::Manifest;
use super::rule::Rule;
use super::scan::tokens;
use super::words::Known;
use super::{handlers, sandbox, words};

/// What stands for a `program.toml` that cannot be read, so that the tenant's events are kept.
const STAND_IN: &str = "name = 'unreadable'\ncurrency = 'USD'\nlink = 'https://localhost/?ref={code}'\n[codes]\nby_users = false\nregenerate = false\n";

/// A compiled program, shared by all the tenants that run it.
#[derive(Debug, Clone)]
pub struct Compiled {
    files: Arc<ProgramFiles>,
    hash: String,
    manifest: Arc<Manifest>,
    rules: Arc<[Rule]>,
    failure: Option<RuleError>,
}

impl Compiled {
    /// Checks and compiles a program. The error has the file, the line and the column.
    pub fn compile(files: &ProgramFiles) -> Result<Self, RuleError> {
        files.check()?;
        let manifest = Manifest::read(files.manifest(), &files.files)?;
        let rules = files.rules().map(|(file, source)| Rule::compile(file, source));
        let rules = rules.collect::<Result<Vec<_>, _>>()?;
        Ok(Self::of(files, manifest, rules, None))
    }

    /// Compiles a program; where that fails, stands in for it: a program whose `failure` tells why,
    /// that handles every event and decides it FAILED.
    #[must_use]
    pub fn compile_or_stand_in(files: &ProgramFiles) -> Self {
        Self::compile(files).unwrap_or_else(|error| Self::stand_in(files, error))
    }

    /// Stands in for a program that cannot be used because of `error`. Settings, caps and the like
    /// still come from its `program.toml` when that can be read.
    #[must_use]
    pub fn stand_in(files: &ProgramFiles, error: RuleError) -> Self {
        let read = |source| Manifest::read(source, &files.files);
        let manifest = read(files.manifest()).or_else(|_| read(STAND_IN));
        match manifest {
            Ok(manifest) => Self::of(files, manifest, Vec::new(), Some(error)),
            Err(impossible) => unreachable!("{impossible}"),
        }
    }

    fn of(
        files: &ProgramFiles,
        manifest: Manifest,
        rules: Vec<Rule>,
        failure: Option<RuleError>,
    ) -> Self {
        Self {
            hash: files.hash(),
            files: Arc::new(files.clone()),
            manifest: Arc::new(manifest),
            rules: rules.into(),
            failure,
        }
    }

    /// The files that this was compiled from.
    #[must_use]
    pub fn files(&self) -> &ProgramFiles {
        &self.files
    }

    /// The hash of the files, in hex.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The program's name for people, `name` of its `program.toml`.
    #[must_use]
    pub fn title(&self) -> &str {
        self.manifest.title()
    }

    /// The settings as the program gives them.
    #[must_use]
    pub fn defaults(&self) -> &Map<String, Value> {
        self.manifest.defaults()
    }

    /// Why this only stands in for the program, if it does.
    #[must_use]
    pub fn failure(&self) -> Option<&RuleError> {
        self.failure.as_ref()
    }

    /// Looks for misspelt functions, facts and settings, which would fail only when the rule runs.
    /// For people at work on the rules: a program is published without it, and a decision that
    /// meets such a name is FAILED.
    pub fn check_names(&self) -> Result<(), RuleError> {
        for rule in self.rules.iter() {
            let source = self.files.files.get(&rule.file).map_or("", String::as_str);
            let known = Known::of(&self.manifest, &rule.ast);
            words::check(&rule.file, &tokens(source), &known)?;
        }
        Ok(())
    }

    /// Checks a change of a tenant's settings: names and types as in [`settings::check_change`],
    /// and no negative number where the program counts with a setting.
    pub fn check_change(&self, change: &Map<String, Value>) -> Result<(), Refusal> {
        settings::check_change(self.defaults(), change)?;
        for name in self.manifest.numbers() {
            if change.get(name).and_then(Value::as_i64).is_some_and(i64::is_negative) {
                let message = format!("The setting `{name}` must be 0 or more.");
                return Err(Refusal::bad_input(message));
            }
        }
        Ok(())
    }

    /// Binds the program to a tenant's own settings. A setting that does not fit falls back to its
    /// default, with a warning.
    #[must_use]
    pub fn bind(&self, own: &Map<String, Value>) -> Bound {
        self.bind_in(own, None)
    }

    /// Binds the program like [`Compiled::bind`], in a tenant's own currency when it has one and the
    /// program counts money.
    #[must_use]
    pub fn bind_in(&self, own: &Map<String, Value>, currency: Option<&str>) -> Bound {
        let (mut merged, mut warnings) = settings::merge(self.defaults(), own);
        for name in self.manifest.numbers() {
            if merged.get(name).and_then(Value::as_i64).is_some_and(i64::is_negative) {
                warnings.push(format!("The setting `{name}` is negative. The default is used."));
                if let Some(default) = self.defaults().get(name) {
                    merged.insert(name.to_owned(), default.clone());
                }
            }
        }
        let mut program = self.manifest.bind(&self.files.name, &self.hash, merged);
        if let Some(currency) = currency.filter(|_| self.manifest.counts_money()) {
            currency.clone_into(&mut program.unit);
        }
        Bound::new(program, warnings, Arc::clone(&self.rules), self.failure.clone())
    }
}

impl Rule {
    fn compile(file: &str, source: &str) -> Result<Self, RuleError> {
        let ast = sandbox::compile(file, source)?;
        let words = tokens(source);
        let functions = handlers::check(file, &words, &ast)?;
        let name = file.strip_suffix(".rhai").unwrap_or(file).to_owned();
        Ok(Self { name, file: file.to_owned(), functions, ast })
    }
}
