//! The chain of seals, walked from the first event to the last: what was changed, deleted or inserted
//! breaks it, and is found without the rest of the chain being doubted.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::snapshot::Snapshot;
use crate::store::StoreError;
use crate::store::lane::seal::{LedgerKey, Sealed, hex_of};
use crate::store::rows::{event, lane};

/// How many events are read at once.
const AT_ONCE: u64 = 1_000;

/// How many damaged places, or stretches sealed late, are named.
const NAMED: usize = 1_000;

/// An event and its seal: whoever keeps it can prove later that nothing up to it was changed since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The event's number.
    pub seq: i64,
    /// Its seal, in hex.
    pub seal: String,
}

/// Events in a row to which the same happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// The first one's number.
    pub from: i64,
    /// The last one's.
    pub to: i64,
}

/// What is wrong with the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// These do not fit their seals.
    Changed(Stretch),
    /// These are not there.
    Missing(Stretch),
    /// These have no seal.
    Unsealed(Stretch),
    /// The last ones, up to one that was seen before, are not there.
    CutOff(Stretch),
    /// The tenant's row names another end of the chain than the one that is there.
    OtherEnd(i64),
    /// An earlier audit saw another seal on this event: it, or something before it, was sealed anew.
    Rewritten(i64),
}

/// What walking a tenant's chain came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// What is wrong, the first 1,000 places.
    pub damages: Vec<Damage>,
    /// The last event with a seal.
    pub head: Option<Head>,
    /// Events that were sealed later than they were written, because an older version wrote them.
    pub late: Vec<Stretch>,
    /// Was nothing of the tenant sealed yet?
    pub is_new: bool,
}

impl Snapshot {
    /// Walks the tenant's chain, and looks for the heads of earlier audits in it.
    pub async fn chain(&self, earlier: &[Head]) -> Result<Chain, StoreError> {
        use event::{Column, Entity};

        let key = self.ledger_key.as_ref().ok_or(StoreError::NoLedgerKey)?;
        let mut walk = Walk::new(key, earlier);
        loop {
            let mut some = Entity::find().filter(Column::TenantId.eq(self.tenant_id));
            if let Some(last) = walk.read {
                some = some.filter(Column::Seq.gt(last));
            }
            let some = some.order_by_asc(Column::Seq).limit(AT_ONCE).all(&self.transaction).await?;
            some.iter().for_each(|row| walk.step(row));
            if (some.len() as u64) < AT_ONCE {
                break;
            }
        }
        let row = lane::Entity::find_by_id(self.tenant_id).one(&self.transaction).await?;
        Ok(walk.end(&row.ok_or(StoreError::UnknownTenant(self.tenant_id))?))
    }
}

/// A walk on its way.
struct Walk<'a> {
    key: &'a LedgerKey,
    /// The number of the last event that was read.
    read: Option<i64>,
    /// What may stand before the next event: the last seal; and after a damaged place, also what
    /// that seal should have been.
    previous: Vec<Option<String>>,
    /// Is it unknown what stood before the next event?
    is_lost: bool,
    /// The last event that has a seal, and the seal.
    last: Option<(i64, String)>,
    damages: Vec<Damage>,
    late: Vec<Stretch>,
    /// Heads that were not found yet.
    earlier: Vec<&'a Head>,
}

impl<'a> Walk<'a> {
    fn new(key: &'a LedgerKey, earlier: &'a [Head]) -> Self {
        Self {
            key,
            read: None,
            previous: vec![None],
            is_lost: false,
            last: None,
            damages: Vec::new(),
            late: Vec::new(),
            earlier: earlier.iter().collect(),
        }
    }

    fn step(&mut self, row: &event::Model) {
        let expected = self.read.unwrap_or(0).max(0) + 1;
        if row.seq > expected {
            self.note(Damage::Missing(Stretch { from: expected, to: row.seq - 1 }));
            self.is_lost = true;
        }
        self.read = Some(row.seq);
        match &row.seal {
            Some(seal) => self.check(row, seal),
            None => {
                self.note(Damage::Unsealed(Stretch { from: row.seq, to: row.seq }));
                self.previous = self.should_be(row);
            }
        }
    }

    fn check(&mut self, row: &event::Model, seal: &str) {
        let when = Sealed::of(seal);
        let fits =
            |previous: &Option<String>| self.key.seal(previous.as_deref(), when, row) == seal;
        // What came after a deleted one cannot be proved, nor need it be doubted.
        let is_sound = self.is_lost || self.previous.iter().any(fits);
        let seen = Some(seal.to_owned());
        if is_sound {
            self.previous = vec![seen];
        } else {
            self.note(Damage::Changed(Stretch { from: row.seq, to: row.seq }));
            // Was only the seal changed, then the next event still stands on the right one.
            self.previous = self.should_be(row);
            self.previous.push(seen);
        }
        self.is_lost = false;
        if when == Sealed::Late && self.late.len() < NAMED {
            match self.late.last_mut().filter(|last| last.to == row.seq - 1) {
                Some(last) => last.to = row.seq,
                None => self.late.push(Stretch { from: row.seq, to: row.seq }),
            }
        }
        self.earlier.retain(|head| head.seq != row.seq || head.seal != hex_of(seal));
        self.last = Some((row.seq, seal.to_owned()));
    }

    /// The seals that an event should have, as far as is known what stood before it.
    fn should_be(&self, row: &event::Model) -> Vec<Option<String>> {
        let previous = self.previous.first().cloned().flatten();
        [Sealed::AtOnce, Sealed::Late]
            .map(|when| Some(self.key.seal(previous.as_deref(), when, row)))
            .to_vec()
    }

    /// Notes a damage; it goes on from the last one when that is of the same kind, and ends just
    /// before.
    fn note(&mut self, damage: Damage) {
        let goes_on = match (self.damages.last_mut(), damage) {
            (Some(Damage::Changed(last)), Damage::Changed(next))
            | (Some(Damage::Unsealed(last)), Damage::Unsealed(next))
                if last.to == next.from - 1 =>
            {
                last.to = next.to;
                true
            }
            _ => false,
        };
        if !goes_on && self.damages.len() < NAMED {
            self.damages.push(damage);
        }
    }

    /// Compares the end with the tenant's row, and with the heads that were not found.
    fn end(mut self, row: &lane::Model) -> Chain {
        let read = self.read.unwrap_or(0);
        let (seq, seal) = match &self.last {
            Some((seq, seal)) => (*seq, Some(seal.clone())),
            None => (0, None),
        };
        let is_new = self.last.is_none() && row.sealed_seq == 0 && row.seal.is_none();
        if is_new {
            self.damages.retain(|damage| !matches!(damage, Damage::Unsealed(_)));
        }
        let mut seen = row.sealed_seq;
        for head in std::mem::take(&mut self.earlier) {
            if head.seq > read {
                seen = seen.max(head.seq);
            } else {
                self.note(Damage::Rewritten(head.seq));
            }
        }
        if seen > read {
            self.note(Damage::CutOff(Stretch { from: read + 1, to: seen }));
        } else if !is_new && (row.sealed_seq, &row.seal) != (seq, &seal) {
            self.note(Damage::OtherEnd(row.sealed_seq));
        }
        let head = seal.map(|seal| Head { seq, seal: hex_of(&seal).to_owned() });
        Chain { damages: self.damages, head, late: self.late, is_new }
    }
}
