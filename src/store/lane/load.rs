//! Loading a slice: one query for each kind of key, however many keys of it there are.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{Condition, ConnectionTrait, EntityTrait};

use super::asked::Asked;
use crate::domain::records::{AccountKey, FactSheet, Fingerprint, FingerprintKey};
use crate::domain::state::{Key, Record, Slice, Table};
use crate::domain::time::Time;
use crate::store::StoreError;
use crate::store::rows::{
    Row, account, cells, code, counting, decision, lot, notice, promo, purchase, records, referral,
    transaction, user,
};
use crate::store::statement::{Keyed, find_in};
use crate::store::{decisions, events, lots, transactions};

/// How many of those seen with a fingerprint are known.
pub const SEEN_KEPT: usize = 100;

/// Loads what is asked for: each key ends in the slice as a record or as absent.
pub async fn load<C: ConnectionTrait>(
    connection: &C,
    tenant_id: i64,
    slice: &mut Slice,
    keys: &BTreeSet<Key>,
) -> Result<(), StoreError> {
    let asked = Asked::sort(keys);
    let from = From { connection, tenant_id };
    from.people(slice, &asked).await?;
    from.ledger(slice, &asked).await?;
    from.referring(slice, &asked).await?;
    from.deciding(slice, &asked).await?;
    from.counting(slice, &asked).await
}

/// Where it is loaded from.
struct From<'a, C> {
    connection: &'a C,
    tenant_id: i64,
}

impl<C: ConnectionTrait> From<'_, C> {
    async fn people(&self, slice: &mut Slice, asked: &Asked) -> Result<(), StoreError> {
        let events = events::by_keys(self.connection, self.tenant_id, &asked.events).await?;
        slice.tables.events.extend(asked.events.iter().map(|key| (key.clone(), None)));
        for event in events {
            let key = event.event_key();
            slice.tables.events.extend(key.map(|key| (key, Some(event))));
        }
        let users = self
            .by::<user::Entity, _>(user::Column::TenantId, user::Column::Id, &asked.users)
            .await?;
        lay(&mut slice.tables.users, &asked.users, users);
        let notices = self
            .by::<notice::Entity, _>(notice::Column::TenantId, notice::Column::Id, &asked.notices)
            .await?;
        lay(&mut slice.tables.notices, &asked.notices, notices);
        Ok(())
    }

    async fn ledger(&self, slice: &mut Slice, asked: &Asked) -> Result<(), StoreError> {
        use transaction::reversal;

        let keyed = Keyed::<account::Entity, _> {
            tenant: (account::Column::TenantId, self.tenant_id),
            prefix: [account::Column::Unit],
            last: account::Column::UserId,
        };
        let keys = asked.accounts.iter().map(by_unit);
        let found = keyed.find(self.connection, &Condition::all(), keys).await?;
        lay(&mut slice.tables.accounts, &asked.accounts, records(found)?);
        let lots =
            self.by::<lot::Entity, _>(lot::Column::TenantId, lot::Column::Id, &asked.lots).await?;
        lay(&mut slice.tables.lots, &asked.lots, lots);
        self.open_lots(slice, &asked.open_lots).await?;
        let found =
            transactions::by_ids(self.connection, self.tenant_id, &asked.transactions).await?;
        lay(&mut slice.tables.transactions, &asked.transactions, found);
        let reversals = self
            .by::<reversal::Entity, _>(
                reversal::Column::TenantId,
                reversal::Column::OfId,
                &asked.reversals,
            )
            .await?;
        lay(&mut slice.tables.reversals, &asked.reversals, reversals);
        Ok(())
    }

    async fn referring(&self, slice: &mut Slice, asked: &Asked) -> Result<(), StoreError> {
        use code::click;

        let referrals = self
            .by::<referral::Entity, _>(
                referral::Column::TenantId,
                referral::Column::Id,
                &asked.referrals,
            )
            .await?;
        lay(&mut slice.tables.referrals, &asked.referrals, referrals);
        let purchases = self
            .by::<purchase::Entity, _>(
                purchase::Column::TenantId,
                purchase::Column::Id,
                &asked.purchases,
            )
            .await?;
        lay(&mut slice.tables.purchases, &asked.purchases, purchases);
        let codes = self
            .by::<code::Entity, _>(code::Column::TenantId, code::Column::Matched, &asked.codes)
            .await?;
        lay(&mut slice.tables.codes, &asked.codes, codes);
        let keyed = Keyed::<click::Entity, _> {
            tenant: (click::Column::TenantId, self.tenant_id),
            prefix: [click::Column::Code, click::Column::Day],
            last: click::Column::Device,
        };
        let keys = asked
            .clicks
            .iter()
            .map(|key| ([key.code.clone(), key.day.to_string()], key.device.clone()));
        let found = keyed.find(self.connection, &Condition::all(), keys).await?;
        lay(&mut slice.tables.clicks, &asked.clicks, records(found)?);
        Ok(())
    }

    async fn deciding(&self, slice: &mut Slice, asked: &Asked) -> Result<(), StoreError> {
        use promo::promo_use;

        let found = self
            .by::<decision::Entity, _>(
                decision::Column::TenantId,
                decision::Column::Id,
                &asked.decisions,
            )
            .await?;
        lay(&mut slice.tables.decisions, &asked.decisions, found);
        let sheets: Vec<FactSheet> =
            decisions::sheets(self.connection, self.tenant_id, &asked.fact_sheets).await?;
        lay(&mut slice.tables.fact_sheets, &asked.fact_sheets, sheets);
        let promos = self
            .by::<promo::Entity, _>(promo::Column::TenantId, promo::Column::Matched, &asked.promos)
            .await?;
        lay(&mut slice.tables.promos, &asked.promos, promos);
        let keyed = Keyed::<promo_use::Entity, _> {
            tenant: (promo_use::Column::TenantId, self.tenant_id),
            prefix: [promo_use::Column::Code],
            last: promo_use::Column::UserId,
        };
        let keys = asked.promo_uses.iter().map(|key| ([key.code.clone()], key.user_id.clone()));
        let found = keyed.find(self.connection, &Condition::all(), keys).await?;
        lay(&mut slice.tables.promo_uses, &asked.promo_uses, records(found)?);
        Ok(())
    }

    async fn counting(&self, slice: &mut Slice, asked: &Asked) -> Result<(), StoreError> {
        use counting::{attempts, cap_use, once};

        let keyed = Keyed::<cap_use::Entity, _> {
            tenant: (cap_use::Column::TenantId, self.tenant_id),
            prefix: [cap_use::Column::Cap, cap_use::Column::CapWindow],
            last: cap_use::Column::Subject,
        };
        let keys = asked
            .cap_uses
            .iter()
            .map(|key| ([key.cap.clone(), key.window.clone()], key.subject.clone()));
        let found = keyed.find(self.connection, &Condition::all(), keys).await?;
        lay(&mut slice.tables.cap_uses, &asked.cap_uses, records(found)?);
        let keyed = Keyed::<once::Entity, _> {
            tenant: (once::Column::TenantId, self.tenant_id),
            prefix: [once::Column::OnceKey],
            last: once::Column::UserId,
        };
        let keys = asked.onces.iter().map(|key| ([key.key.clone()], key.user_id.clone()));
        let found = keyed.find(self.connection, &Condition::all(), keys).await?;
        lay(&mut slice.tables.onces, &asked.onces, records(found)?);
        let keyed = Keyed::<attempts::Entity, _> {
            tenant: (attempts::Column::TenantId, self.tenant_id),
            prefix: [attempts::Column::Action],
            last: attempts::Column::Subject,
        };
        let keys = asked.attempts.iter().map(|key| ([key.action.clone()], key.subject.clone()));
        let found = keyed.find(self.connection, &Condition::all(), keys).await?;
        lay(&mut slice.tables.attempts, &asked.attempts, records(found)?);
        let prints = self.fingerprints(&asked.fingerprints).await?;
        lay(&mut slice.tables.fingerprints, &asked.fingerprints, prints);
        Ok(())
    }

    /// The records whose key, of one column, is asked for.
    async fn by<E, V>(
        &self,
        tenant: E::Column,
        column: E::Column,
        keys: &[V],
    ) -> Result<Vec<<E::Model as Row>::Record>, StoreError>
    where
        E: EntityTrait,
        E::Model: Row,
        V: Into<sea_orm::Value> + Clone,
    {
        let found = find_in::<E, _, _>(self.connection, (tenant, self.tenant_id), column, keys);
        records(found.await?)
    }

    /// All open lots of these accounts.
    async fn open_lots(
        &self,
        slice: &mut Slice,
        accounts: &[AccountKey],
    ) -> Result<(), StoreError> {
        let found = lots::open(self.connection, self.tenant_id, accounts).await?;
        slice.open_lots.extend(accounts.iter().map(|key| (key.clone(), Vec::new())));
        for lot in found {
            slice.open_lots.entry(lot.account.clone()).or_default().push(lot.id);
            slice.tables.lots.insert(lot.id, Some(lot));
        }
        Ok(())
    }

    /// Those seen with these fingerprints, the latest 100 of each, oldest first.
    async fn fingerprints(&self, keys: &[FingerprintKey]) -> Result<Vec<Fingerprint>, StoreError> {
        use counting::fingerprint;

        let keyed = Keyed::<fingerprint::Entity, _> {
            tenant: (fingerprint::Column::TenantId, self.tenant_id),
            prefix: [fingerprint::Column::Kind],
            last: fingerprint::Column::Hash,
        };
        let keys = keys.iter().map(|key| ([key.kind.clone()], key.hash.clone()));
        let rows = keyed.find(self.connection, &Condition::all(), keys).await?;
        let mut prints: BTreeMap<FingerprintKey, Vec<(Time, String)>> = BTreeMap::new();
        for row in rows {
            let key = FingerprintKey { kind: row.kind, hash: row.hash };
            prints.entry(key).or_default().push((cells::time(row.at)?, row.user_id));
        }
        let fingerprint = |(key, mut seen): (_, Vec<(Time, String)>)| {
            seen.sort();
            seen.drain(..seen.len().saturating_sub(SEEN_KEPT));
            Fingerprint { key, seen: seen.into_iter().map(|(at, user)| (user, at)).collect() }
        };
        Ok(prints.into_iter().map(fingerprint).collect())
    }
}

/// An account's key, its unit first.
fn by_unit(key: &AccountKey) -> ([String; 1], String) {
    ([key.unit.clone()], key.user_id.clone())
}

/// Lays what was asked for and what was found into a table.
fn lay<R: Record>(table: &mut Table<R>, asked: &[R::Key], found: Vec<R>) {
    table.extend(asked.iter().map(|key| (key.clone(), None)));
    table.extend(found.into_iter().map(|record| (record.key(), Some(record))));
}
