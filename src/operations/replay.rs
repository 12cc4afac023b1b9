//! Telling a tenant's history again, from the first event to the last, and comparing what it makes
//! with what is stored: each decision, and every row of the books.
//!
//! While one stretch of history is told, the next is read. What is kept in memory is what changes:
//! accounts, lots, users, counts. Entries of the ledger and facts never change; they are compared
//! where they were made, and read again when a later event needs one.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Map;

use super::audit::Finding;
use super::programs::{InForce, Programs};
use crate::domain::records::Lane;
use crate::domain::replay::{InForceThen, Proof, Recorded, Replay};
use crate::domain::state::Key;
use crate::store::{Database, Snapshot, StoreError, Tenant};

/// Events that are read, and told, at once: enough that queries cost little, and few enough that a
/// page of them is nothing to keep.
pub const A_PAGE: u64 = 2_000;

/// What telling a tenant's history again showed.
#[derive(Debug)]
pub struct Retold {
    /// Events told.
    pub events: u64,
    /// Decisions made again.
    pub decisions: u64,
    /// Rows of the books compared, besides those of the events' own.
    pub rows: u64,
    /// How long it took.
    pub took: Duration,
    /// How much differs.
    pub differences: u64,
    /// What differs, the first 1,000 of it.
    pub findings: Vec<Finding>,
}

/// Tells a tenant's history again, as it was at one instant, beside a running server, page by page
/// (see [`A_PAGE`]). `progress` hears how many events are told.
pub async fn replay(
    database: &Database,
    tenant: &Tenant,
    page: u64,
    progress: impl Fn(u64),
) -> Result<Retold, StoreError> {
    let began = Instant::now();
    let mut history = History::open(database, tenant, page).await?;
    let mut replay = history.beginning().await?;
    let mut recorded = history.after(0).await?;
    let mut events = 0;
    while let Some(last) = recorded.last().map(|last| last.event.seq) {
        history.prepare(&mut replay, &recorded).await?;
        let telling = Telling { replay, recorded, in_force: history.in_force.clone(), next: 0 };
        let (told, next) = tokio::join!(history.tell(telling), history.after(last));
        (replay, recorded) = (told?, next?);
        events = u64::try_from(last).unwrap_or_default();
        progress(events);
    }
    let rows = history.snapshot.compare_books(&mut replay).await?;
    let decisions = replay.decisions();
    let (found, differences) = replay.into_differences();
    let findings = found.into_iter().map(|found| Finding {
        tenant: tenant.slug.clone(),
        invariant: name(found.proof),
        row: found.row,
        detail: found.detail,
    });
    let findings = findings.collect();
    Ok(Retold { events, decisions, rows, took: began.elapsed(), differences, findings })
}

const fn name(proof: Proof) -> &'static str {
    match proof {
        Proof::Decisions => "each decision made again on its frozen facts has the same effects",
        Proof::Books => "the books made again from the stored commands are those that are kept",
    }
}

/// Which program a stretch of history ran under: its hash, and the version of the settings.
type Version = (String, i64);

/// A tenant's history, being read.
struct History<'a> {
    database: &'a Database,
    tenant: &'a Tenant,
    page: u64,
    programs: Programs,
    snapshot: Snapshot,
    /// The tenant's row, as it is at the end.
    lane: Lane,
    in_force: HashMap<Version, Arc<InForce>>,
}

/// A stretch of history, being told.
struct Telling {
    replay: Replay,
    recorded: Vec<Recorded>,
    in_force: HashMap<Version, Arc<InForce>>,
    /// The place of the next event.
    next: usize,
}

impl Telling {
    /// Tells until the end, or until something has to be loaded first.
    fn go_on(mut self) -> (Self, BTreeSet<Key>) {
        while let Some(recorded) = self.recorded.get(self.next) {
            let event = &recorded.event;
            let version = (event.program_hash.clone(), event.settings_version);
            let Some(in_force) = self.in_force.get(&version) else { break };
            let then = InForceThen { rules: in_force.rules.as_ref(), program: &in_force.program };
            if let Err(missing) = self.replay.step(recorded, then) {
                return (self, missing);
            }
            self.next += 1;
        }
        (self, BTreeSet::new())
    }
}

impl<'a> History<'a> {
    async fn open(
        database: &'a Database,
        tenant: &'a Tenant,
        page: u64,
    ) -> Result<Self, StoreError> {
        let programs = Programs::new(database.clone());
        let snapshot = database.snapshot(tenant.id, "").await?;
        let lane = snapshot.lane().await?;
        Ok(Self { database, tenant, page, programs, snapshot, lane, in_force: HashMap::new() })
    }

    /// The tenant as it was made, before its first event.
    async fn beginning(&self) -> Result<Replay, StoreError> {
        let first = self.snapshot.history_after(0, 1).await?;
        let first = first.first().map(|first| first.event.program_hash.clone());
        let program_hash = first.unwrap_or_else(|| self.lane.program_hash.clone());
        let lane = Lane {
            seq: 0,
            last_at: self.tenant.created_at,
            program: self.program_of(&program_hash).await?,
            program_hash,
            settings_version: 0,
            settings: Map::new(),
            users: 0,
            credited_referrals: 0,
        };
        Ok(Replay::new(lane, self.snapshot.forgotten().await?))
    }

    async fn after(&self, seq: i64) -> Result<Vec<Recorded>, StoreError> {
        self.snapshot.history_after(seq, self.page).await
    }

    /// Makes ready what a stretch of history is told with: the programs that were in force, and the
    /// earlier entries that its events name.
    async fn prepare(
        &mut self,
        replay: &mut Replay,
        recorded: &[Recorded],
    ) -> Result<(), StoreError> {
        replay.turn_the_page();
        let versions: BTreeMap<Version, ()> = recorded
            .iter()
            .map(|told| ((told.event.program_hash.clone(), told.event.settings_version), ()))
            .collect();
        for version in versions.into_keys() {
            if !self.in_force.contains_key(&version) {
                let in_force = self.program_then(&version).await?;
                self.in_force.insert(version, in_force);
            }
        }
        let named = recorded.iter().filter_map(Recorded::names).collect();
        self.snapshot.load(replay.slice(), &named).await
    }

    async fn program_then(&self, (hash, version): &Version) -> Result<Arc<InForce>, StoreError> {
        let settings = self.database.settings_version(self.tenant.id, *version).await?;
        let then = Lane {
            program: self.program_of(hash).await?,
            program_hash: hash.clone(),
            settings_version: *version,
            settings: settings.unwrap_or_default(),
            ..self.lane.clone()
        };
        self.programs.in_force(self.tenant.id, &then).await
    }

    /// The program whose version has this hash: the tenant's own, where several have it.
    async fn program_of(&self, hash: &str) -> Result<String, StoreError> {
        let names = self.database.programs_of_hash(hash).await?;
        let own = names.contains(&self.lane.program).then(|| self.lane.program.clone());
        Ok(own.or_else(|| names.into_iter().next()).unwrap_or_else(|| self.lane.program.clone()))
    }

    /// Tells a stretch, off the async workers, and loads what it lacks on the way.
    async fn tell(&self, mut telling: Telling) -> Result<Replay, StoreError> {
        loop {
            let went = tokio::task::spawn_blocking(move || telling.go_on()).await;
            let (at, missing) = went.map_err(|error| StoreError::Corrupt(error.to_string()))?;
            telling = at;
            if missing.is_empty() {
                return Ok(telling.replay);
            }
            self.snapshot.load(telling.replay.slice(), &missing).await?;
        }
    }
}
