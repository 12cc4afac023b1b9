//! When keys were last used: noted in memory by the requests, and written beside them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::TimeDelta;
use uuid::Uuid;

use crate::domain::time::Time;
use crate::store::{ApiKey, Database, StoreError};

/// How often the use of a key is written at most.
const EVERY: TimeDelta = TimeDelta::minutes(1);

/// The uses of keys that were noted lately.
#[derive(Default)]
pub struct Uses(Mutex<Noted>);

/// Uses by the tenant's number and the key's id.
#[derive(Default)]
struct Noted {
    waiting: HashMap<(i64, Uuid), Time>,
    written: HashMap<(i64, Uuid), Time>,
}

impl Uses {
    /// Notes that a key is used now, unless it was written a moment ago that it is.
    pub fn note(&self, tenant_id: i64, key: &ApiKey, now: Time) {
        let recent = |at: Time| now - at < EVERY;
        if key.last_used_at.is_some_and(recent) {
            return;
        }
        let (mut noted, place) = (self.noted(), (tenant_id, key.id));
        if !noted.written.get(&place).copied().is_some_and(recent) {
            noted.waiting.entry(place).or_insert(now);
        }
    }

    /// Writes what waits, in one statement for each tenant. What cannot be written is forgotten: the
    /// next use notes it again.
    pub async fn write(&self, database: &Database, now: Time) -> Result<(), StoreError> {
        let mut by_tenant: BTreeMap<i64, Vec<(Uuid, Time)>> = BTreeMap::new();
        for ((tenant_id, id), at) in self.take() {
            by_tenant.entry(tenant_id).or_default().push((id, at));
        }
        for (tenant_id, uses) in by_tenant {
            database.note_key_uses(tenant_id, &uses).await?;
            self.noted().written.extend(uses.into_iter().map(|(id, at)| ((tenant_id, id), at)));
        }
        self.noted().written.retain(|_, at| now - *at < EVERY);
        Ok(())
    }

    fn take(&self) -> HashMap<(i64, Uuid), Time> {
        std::mem::take(&mut self.noted().waiting)
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
