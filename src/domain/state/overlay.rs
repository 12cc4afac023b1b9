//! Slices and overlays: what was loaded, and how commands see it.
//!
//! A command reads through three layers: what it changed itself, what earlier commands of its batch
//! changed, and the slice. It writes only to the first. When it is refused its layer is dropped, so
//! nothing of it is left; when it succeeds its layer becomes the batch's.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use super::{Change, Key, Record, Tables};
use crate::domain::amount::{Amount, OutOfBounds};
use crate::domain::records::{AccountKey, Event, EventKey, Lane, Lot, TallyKey};
use crate::domain::refusal::Refusal;
use crate::domain::time::Time;

/// What was loaded for a batch. It knows what it was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice {
    /// The records; an absent one is there as `None`.
    pub tables: Tables,
    /// The open lots of the accounts whose open lots were asked for; the lots are in `tables`.
    pub open_lots: HashMap<AccountKey, Vec<Uuid>>,
    /// The lane's row.
    pub lane: Lane,
    /// What it says of what is not here.
    pub beyond: Beyond,
}

/// What a slice says of a key that it does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beyond {
    /// It was never asked for: whoever reads it asks for it.
    Unknown,
    /// It is absent: a whole tenant is kept in memory.
    Absent,
    /// It is absent, but for what never changes once it is written and need not be kept in memory:
    /// transactions and fact sheets are asked for.
    AbsentUnlessWritten,
}

impl Beyond {
    /// `Ok` when the key's record is absent, else the key is missing.
    fn absent(self, key: Key) -> Result<(), Stop> {
        let written = matches!(key, Key::Transaction(_) | Key::FactSheet(_));
        match self {
            Self::Absent => Ok(()),
            Self::AbsentUnlessWritten if !written => Ok(()),
            Self::Unknown | Self::AbsentUnlessWritten => Err(Stop::Missing(BTreeSet::from([key]))),
        }
    }
}

impl Slice {
    /// A slice that knows only the lane's row.
    #[must_use]
    pub fn new(lane: Lane) -> Self {
        Self { tables: Tables::default(), open_lots: HashMap::new(), lane, beyond: Beyond::Unknown }
    }

    /// A whole tenant kept in memory: what is not here is absent.
    #[must_use]
    pub fn in_memory(lane: Lane) -> Self {
        Self { beyond: Beyond::Absent, ..Self::new(lane) }
    }
}

impl Slice {
    /// The open lots that settling will ask for: those of loaded accounts in which something is due
    /// at `now`.
    #[must_use]
    pub fn due(&self, now: Time) -> BTreeSet<Key> {
        (self.tables.accounts.values().flatten())
            .filter(|account| account.next_due_at.is_some_and(|due| due <= now))
            .filter(|account| !self.open_lots.contains_key(&account.key))
            .map(|account| Key::OpenLots(account.key.clone()))
            .collect()
    }
}

/// Why `apply` ended without a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The slice was never asked for these.
    Missing(BTreeSet<Key>),
    /// The command is refused.
    Refused(Refusal),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<OutOfBounds> for Stop {
    fn from(error: OutOfBounds) -> Self {
        Self::Refused(error.into())
    }
}

/// How a command sees its tenant.
#[derive(Debug)]
pub struct State<'a> {
    slice: &'a Slice,
    earlier: &'a Change,
    /// What the command changed.
    pub change: Change,
}

impl<'a> State<'a> {
    /// The tenant as loaded, with what earlier commands of the batch changed.
    #[must_use]
    pub fn new(slice: &'a Slice, earlier: &'a Change) -> Self {
        Self { slice, earlier, change: Change::default() }
    }

    /// The record, `None` when it is absent; asks for it when nobody did.
    pub fn get<R: Record>(&self, key: &R::Key) -> Result<Option<&R>, Stop> {
        let found = R::table(&self.change.tables)
            .get(key)
            .or_else(|| R::table(&self.earlier.tables).get(key))
            .or_else(|| R::table(&self.slice.tables).get(key));
        match found {
            Some(record) => Ok(record.as_ref()),
            None => self.slice.beyond.absent(R::ask(key.clone())).map(|()| None),
        }
    }

    /// The event with this key, if there was one.
    pub fn event(&self, key: &EventKey) -> Result<Option<&Event>, Stop> {
        let found = (self.change.tables.events.get(key))
            .or_else(|| self.earlier.tables.events.get(key))
            .or_else(|| self.slice.tables.events.get(key));
        match found {
            Some(event) => Ok(event.as_ref()),
            None => self.slice.beyond.absent(Key::Event(key.clone())).map(|()| None),
        }
    }

    /// The open lots of an account, in no order.
    pub fn open_lots(&self, account: &AccountKey) -> Result<Vec<&Lot>, Stop> {
        let loaded = match self.slice.open_lots.get(account) {
            Some(lots) => lots.as_slice(),
            None => {
                self.slice.beyond.absent(Key::OpenLots(account.clone()))?;
                &[]
            }
        };
        let ids: BTreeSet<Uuid> = (loaded.iter())
            .chain(self.earlier.lots_of(account))
            .chain(self.change.lots_of(account))
            .copied()
            .collect();
        let mut lots = Vec::with_capacity(ids.len());
        for id in ids {
            lots.extend(self.get::<Lot>(&id)?.filter(|lot| lot.is_open()));
        }
        Ok(lots)
    }

    /// Asks for several keys at once, so that they are loaded in one round.
    pub fn need(&self, keys: impl IntoIterator<Item = Key>) -> Result<(), Stop> {
        let missing: BTreeSet<Key> = keys.into_iter().filter(|key| !self.knows(key)).collect();
        if missing.is_empty() { Ok(()) } else { Err(Stop::Missing(missing)) }
    }

    /// Was this asked for?
    fn knows(&self, key: &Key) -> bool {
        fn has<R: Record>(state: &State<'_>, key: &R::Key) -> bool {
            state.get::<R>(key).is_ok()
        }
        use crate::domain::records as r;
        match key {
            Key::User(id) => has::<r::User>(self, id),
            Key::Account(account) => has::<r::Account>(self, account),
            Key::OpenLots(account) => {
                let absent = || self.slice.beyond.absent(key.clone()).is_ok();
                self.slice.open_lots.contains_key(account) || absent()
            }
            Key::Lot(id) => has::<r::Lot>(self, id),
            Key::Transaction(id) => has::<r::Transaction>(self, id),
            Key::Reversal(id) => has::<r::Reversal>(self, id),
            Key::Event(key) => self.event(key).is_ok(),
            Key::Referral(id) => has::<r::Referral>(self, id),
            Key::Purchase(id) => has::<r::Purchase>(self, id),
            Key::Code(code) => has::<r::Code>(self, code),
            Key::Click(click) => has::<r::Click>(self, click),
            Key::CapUse(cap) => has::<r::CapUse>(self, cap),
            Key::Attempts(key) => has::<r::Attempts>(self, key),
            Key::Once(once) => has::<r::Once>(self, once),
            Key::Fingerprint(print) => has::<r::Fingerprint>(self, print),
            Key::Decision(id) => has::<r::Decision>(self, id),
            Key::FactSheet(sheet) => has::<r::FactSheet>(self, sheet),
            Key::Promo(code) => has::<r::Promo>(self, code),
            Key::PromoUse(promo_use) => has::<r::PromoUse>(self, promo_use),
            Key::Notice(id) => has::<r::Notice>(self, id),
        }
    }

    /// The lane's row.
    #[must_use]
    pub fn lane(&self) -> &Lane {
        (self.change.lane.as_ref()).or(self.earlier.lane.as_ref()).unwrap_or(&self.slice.lane)
    }

    /// The version of the settings that the whole batch is applied under, whatever its commands change.
    #[must_use]
    pub const fn settings_version(&self) -> i64 {
        self.slice.lane.settings_version
    }

    /// The lane's row, to change.
    pub fn lane_mut(&mut self) -> &mut Lane {
        let (earlier, slice) = (self.earlier.lane.as_ref(), &self.slice.lane);
        self.change.lane.get_or_insert_with(|| earlier.unwrap_or(slice).clone())
    }

    /// Puts a record into the command's own layer.
    pub fn put<R: Record>(&mut self, record: R) {
        self.change.put(record);
    }

    /// Puts a lot into the command's own layer, so that its account finds it.
    pub fn put_lot(&mut self, lot: Lot) {
        self.change.put_lot(lot);
    }

    /// Adds an amount to a running total.
    pub fn tally(&mut self, key: TallyKey, by: Amount) {
        self.change.tally(key, by.get());
    }

    /// Adds to a running count.
    pub fn count(&mut self, key: TallyKey, by: i64) {
        self.change.tally(key, by);
    }
}
