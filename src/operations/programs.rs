//! The programs in force: which version of its program, with which settings, decides for a tenant.
//!
//! A tenant's row in `lanes` names the version and carries the settings, so every server sees a
//! change with its next batch. Compiled versions and bound settings are kept by their names, which
//! never mean anything else.

use std::sync::Arc;

use moka::future::Cache;
use serde_json::{Map, Value};

use crate::domain::caller::TenantRef;
use crate::domain::program::Program;
use crate::domain::records::Lane;
use crate::domain::refusal::Refusal;
use crate::domain::rules::{RuleError, Rules};
use crate::domain::time::Time;
use crate::rules::compile::Compiled;
use crate::rules::files::ProgramFiles;
use crate::store::{Database, StoreError};

/// How many compiled versions, and how many tenants' settings, are kept ready.
const KEPT: u64 = 10_000;

/// The program of a tenant that names none.
const FIRST_PROGRAM: &str = "starter";

/// What decides for one tenant: a program version with the tenant's settings.
#[derive(Clone)]
pub struct InForce {
    /// The tenant's slug.
    pub tenant: Arc<str>,
    /// The program, with the tenant's settings over its defaults.
    pub program: Arc<Program>,
    /// Its rules.
    pub rules: Arc<dyn Rules>,
    /// Its name for people.
    pub title: String,
    /// What is wrong with this version or with a setting; see also [`Programs::error_of`].
    pub error: Option<RuleError>,
    /// Its files: path and text.
    pub files: Vec<(String, String)>,
    /// When the version was first seen.
    pub loaded_at: Time,
    compiled: Arc<Compiled>,
}

impl InForce {
    /// Checks a change of settings against this program: names, types, and no negative number where
    /// the program counts with it.
    pub fn check_change(&self, change: &Map<String, Value>) -> Result<(), Refusal> {
        self.compiled.check_change(change)
    }

    /// Can the program not be read, so that another stands in for it? Then its link is not its own.
    #[must_use]
    pub fn stands_in(&self) -> bool {
        self.compiled.failure().is_some()
    }
}

/// The programs in force. Cheap to clone.
#[derive(Clone)]
pub struct Programs {
    database: Database,
    compiled: Cache<(String, String), Version>,
    bound: Cache<(i64, String, i64), Arc<InForce>>,
    owners: Cache<i64, Owner>,
}

/// What a tenant brings to its program; it never changes.
#[derive(Clone)]
struct Owner {
    slug: Arc<str>,
    /// Its own currency, when that is not the program's.
    currency: Option<String>,
}

#[derive(Clone)]
struct Version {
    compiled: Arc<Compiled>,
    created_at: Time,
}

impl Programs {
    /// Programs kept in this database.
    #[must_use]
    pub fn new(database: Database) -> Self {
        let (compiled, bound) = (Cache::new(KEPT), Cache::new(KEPT));
        Self { database, compiled, bound, owners: Cache::new(KEPT) }
    }

    /// What decides for a tenant now.
    pub async fn of(&self, tenant: &TenantRef) -> Result<Arc<InForce>, Refusal> {
        let lane = self.database.lane(tenant.id).await?;
        Ok(self.in_force(tenant.id, &lane).await?)
    }

    /// What decides for a tenant whose row this is.
    pub async fn in_force(&self, tenant_id: i64, lane: &Lane) -> Result<Arc<InForce>, StoreError> {
        let key = (tenant_id, lane.program_hash.clone(), lane.settings_version);
        if let Some(bound) = self.bound.get(&key).await {
            return Ok(bound);
        }
        let version = self.version(&lane.program, &lane.program_hash).await?;
        let bound = Arc::new(self.bind(tenant_id, &version, &lane.settings).await?);
        self.bound.insert(key, Arc::clone(&bound)).await;
        Ok(bound)
    }

    /// The active version of a program, without any tenant's settings: what a new tenant gets. Without
    /// a name it is the program that teaches. NOT_FOUND when no folder of that name was published.
    pub async fn for_new_tenant(&self, name: Option<&str>) -> Result<Arc<Program>, Refusal> {
        Ok(self.active(name.unwrap_or(FIRST_PROGRAM)).await?.compiled.bind(&Map::new()).program)
    }

    /// A program's name for people. NOT_FOUND when no folder of that name was published.
    pub async fn title(&self, name: &str) -> Result<String, Refusal> {
        Ok(self.active(name).await?.compiled.title().to_owned())
    }

    async fn active(&self, name: &str) -> Result<Version, Refusal> {
        let active = self.database.active_program(name).await?.ok_or_else(|| {
            Refusal::not_found(format!(
                "There is no program {name:?}: make a folder of that name among the rules."
            ))
        })?;
        Ok(self.version(&active.name, &active.hash).await?)
    }

    /// What would decide with these files laid over those in force; the error says why they do not
    /// compile.
    pub async fn draft(
        &self,
        tenant_id: i64,
        in_force: &InForce,
        files: &[(String, String)],
        settings: &Map<String, Value>,
    ) -> Result<Result<InForce, RuleError>, StoreError> {
        let compiled = if files.is_empty() {
            Arc::clone(&in_force.compiled)
        } else {
            match Compiled::compile(&in_force.compiled.files().with_drafts(files)) {
                Ok(compiled) => Arc::new(compiled),
                Err(error) => return Ok(Err(error)),
            }
        };
        let version = Version { compiled, created_at: in_force.loaded_at };
        Ok(Ok(self.bind(tenant_id, &version, settings).await?))
    }

    /// What is wrong: with a newer version on disk that was refused, else with the one in force.
    pub async fn error_of(&self, in_force: &InForce) -> Result<Option<RuleError>, StoreError> {
        let active = self.database.active_program(&in_force.program.name).await?;
        let newer = active
            .and_then(|active| active.error)
            .and_then(|error| serde_json::from_value(error).ok());
        Ok(newer.or_else(|| in_force.error.clone()))
    }

    /// A version of a program, compiled. One that does not compile stands in for itself: every event
    /// is decided FAILED, with why.
    async fn version(&self, name: &str, hash: &str) -> Result<Version, StoreError> {
        let key = (name.to_owned(), hash.to_owned());
        if let Some(version) = self.compiled.get(&key).await {
            return Ok(version);
        }
        let stored = (self.database.program_version(name, hash).await?).ok_or_else(|| {
            StoreError::Corrupt(format!("the version {hash} of program {name} is not there"))
        })?;
        let files = ProgramFiles { name: stored.name, files: stored.files };
        let version = Version {
            compiled: Arc::new(Compiled::compile_or_stand_in(&files)),
            created_at: stored.created_at,
        };
        self.compiled.insert(key, version.clone()).await;
        Ok(version)
    }

    async fn bind(
        &self,
        tenant_id: i64,
        version: &Version,
        settings: &Map<String, Value>,
    ) -> Result<InForce, StoreError> {
        let owner = self.owner(tenant_id).await?;
        let bound = version.compiled.bind_in(settings, owner.currency.as_deref());
        let warning =
            (!bound.warnings.is_empty()).then(|| RuleError::new(bound.warnings.join(" ")));
        let files = version.compiled.files().files.iter();
        Ok(InForce {
            tenant: owner.slug,
            program: Arc::clone(&bound.program),
            title: version.compiled.title().to_owned(),
            error: version.compiled.failure().cloned().or(warning),
            files: files.map(|(path, text)| (path.clone(), text.clone())).collect(),
            loaded_at: version.created_at,
            compiled: Arc::clone(&version.compiled),
            rules: Arc::new(bound),
        })
    }

    async fn owner(&self, tenant_id: i64) -> Result<Owner, StoreError> {
        if let Some(owner) = self.owners.get(&tenant_id).await {
            return Ok(owner);
        }
        let tenant = self.database.tenant_by_id(tenant_id).await?;
        let tenant = tenant.ok_or(StoreError::UnknownTenant(tenant_id))?;
        let owner = Owner { slug: tenant.slug.into(), currency: tenant.currency };
        self.owners.insert(tenant_id, owner.clone()).await;
        Ok(owner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Programs {
        /// Lets other rules than its program's own decide for a tenant.
        pub(in crate::operations) async fn put_in_place(
            &self,
            tenant_id: i64,
            rules: Arc<dyn Rules>,
        ) {
            let lane = self.database.lane(tenant_id).await.unwrap();
            let in_force = (*self.in_force(tenant_id, &lane).await.unwrap()).clone();
            let key = (tenant_id, lane.program_hash, lane.settings_version);
            self.bound.insert(key, Arc::new(InForce { rules, ..in_force })).await;
        }
    }
}
