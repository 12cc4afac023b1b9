//! Saving a change: a few statements for each table that it touches, none for the others.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::Ordering;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::LaneTransaction;
use super::load::SEEN_KEPT;
use super::seal::Link;
use crate::domain::records::{Lane, Operation};
use crate::domain::state::{Change, Record, Table};
use crate::domain::time::month_of;
use crate::store::StoreError;
use crate::store::rows::{
    Row, account, cells, code, counting, decision, event, lane, lot, notice, promo, purchase,
    referral, transaction, user, user_text,
};
use crate::store::statement::{add, insert, upsert};

impl LaneTransaction {
    /// Writes what changed, rows after those that they refer to. Nothing of it is kept before
    /// [`LaneTransaction::commit`].
    pub async fn save(&self, change: &Change) -> Result<(), StoreError> {
        let link = self.save_events(change).await?;
        self.save_people(change).await?;
        self.save_ledger(change).await?;
        self.save_decisions(change).await?;
        self.save_counts(change).await?;
        match (&change.lane, link) {
            (Some(row), link) => self.save_row(row, link).await,
            (None, Some(link)) => self.save_link(&link).await,
            (None, None) => Ok(()),
        }
    }

    /// Gives the new end of the chain of seals, if there is one.
    async fn save_events(&self, change: &Change) -> Result<Option<Link>, StoreError> {
        let mut rows = Vec::with_capacity(change.events.len());
        let mut personal = Vec::new();
        for event in &change.events {
            let text = cells::json_of(event.personal.as_ref())?;
            let digest = text.as_deref().map(|text| self.digests.of(text));
            rows.push(event::Model::of(self.tenant_id, event, digest)?);
            personal.extend(text.map(|text| event::personal::Model {
                tenant_id: self.tenant_id,
                seq: event.seq,
                user_id: event.user_id.clone(),
                personal: text,
            }));
        }
        let link = self.seal(&mut rows).await?;
        insert::<event::Entity, _>(&self.transaction, rows).await?;
        insert::<event::personal::Entity, _>(&self.transaction, personal).await?;
        self.save_erasures(&change.events).await?;
        Ok(link)
    }

    async fn save_people(&self, change: &Change) -> Result<(), StoreError> {
        let tables = &change.tables;
        upsert::<user::Entity, _>(&self.transaction, self.rows(&tables.users)?).await?;
        self.save_texts(change).await?;
        upsert::<code::Entity, _>(&self.transaction, self.rows(&tables.codes)?).await?;
        upsert::<code::click::Entity, _>(&self.transaction, self.rows(&tables.clicks)?).await?;
        upsert::<referral::Entity, _>(&self.transaction, self.rows(&tables.referrals)?).await?;
        upsert::<purchase::Entity, _>(&self.transaction, self.rows(&tables.purchases)?).await?;
        upsert::<notice::Entity, _>(&self.transaction, self.rows(&tables.notices)?).await
    }

    /// What users are found by: of those who are new, and of those whom an event renamed or erased.
    async fn save_texts(&self, change: &Change) -> Result<(), StoreError> {
        use user_text::{Column, Entity, Model};

        let renames = [Operation::UpdateUser, Operation::EraseUser];
        let renamed: HashSet<&str> = (change.events.iter())
            .filter(|event| renames.contains(&event.operation))
            .filter_map(|event| event.user_id.as_deref())
            .collect();
        let (mut outdated, mut rows) = (Vec::new(), Vec::new());
        for user in change.tables.users.values().flatten() {
            let is_new = user.created.seq > self.lane.seq;
            if !is_new && !renamed.contains(user.id.as_str()) {
                continue;
            }
            if !is_new {
                outdated.push(user.id.as_str());
            }
            rows.extend(Model::of(self.tenant_id, user));
        }
        if !outdated.is_empty() {
            Entity::delete_many()
                .filter(Column::TenantId.eq(self.tenant_id))
                .filter(Column::UserId.is_in(outdated))
                .exec(&self.transaction)
                .await?;
        }
        insert::<Entity, _>(&self.transaction, rows).await
    }

    async fn save_ledger(&self, change: &Change) -> Result<(), StoreError> {
        use transaction::{lot_use, reversal};

        let tables = &change.tables;
        let mut accounts: Vec<account::Model> = self.rows(&tables.accounts)?;
        // Who watches an account learns by this that it changed.
        let changed_seq = change.lane.as_ref().unwrap_or(&self.lane).seq;
        accounts.iter_mut().for_each(|account| account.changed_seq = changed_seq);
        upsert::<account::Entity, _>(&self.transaction, accounts).await?;
        let mut lots = self.lots(change)?;
        lots.sort_unstable_by_key(|lot| (lot.seq, lot.n));
        upsert::<lot::Entity, _>(&self.transaction, lots).await?;
        let mut entries: Vec<transaction::Model> = self.rows(&tables.transactions)?;
        entries.sort_unstable_by_key(|entry| (entry.seq, entry.n));
        insert::<transaction::Entity, _>(&self.transaction, entries).await?;
        let uses = (tables.transactions.values().flatten())
            .flat_map(|entry| lot_use::Model::of(self.tenant_id, entry))
            .collect();
        insert::<lot_use::Entity, _>(&self.transaction, uses).await?;
        insert::<reversal::Entity, _>(&self.transaction, self.rows(&tables.reversals)?).await
    }

    async fn save_decisions(&self, change: &Change) -> Result<(), StoreError> {
        use notice::emission;

        let tables = &change.tables;
        self.save_sheets(change).await?;
        upsert::<decision::Entity, _>(&self.transaction, self.rows(&tables.decisions)?).await?;
        upsert::<promo::Entity, _>(&self.transaction, self.rows(&tables.promos)?).await?;
        let uses = self.rows(&tables.promo_uses)?;
        upsert::<promo::promo_use::Entity, _>(&self.transaction, uses).await?;
        let emissions = (tables.emissions.iter())
            .map(|emission| emission::Model::of(self.tenant_id, emission))
            .collect::<Result<_, _>>()?;
        insert::<emission::Entity, _>(&self.transaction, emissions).await
    }

    async fn save_sheets(&self, change: &Change) -> Result<(), StoreError> {
        use decision::{personal, sheet};

        let (mut rows, mut own) = (Vec::new(), Vec::new());
        for facts in change.tables.fact_sheets.values().flatten() {
            let text = cells::json_of(facts.personal.as_ref())?;
            let digest = text.as_deref().map(|text| self.digests.of(text));
            rows.push(sheet::Model::of(self.tenant_id, facts, digest)?);
            own.extend(text.map(|text| personal::Model {
                tenant_id: self.tenant_id,
                seq: facts.key.seq,
                n: facts.key.n,
                user_id: facts.user_id.clone(),
                personal: text,
            }));
        }
        insert::<sheet::Entity, _>(&self.transaction, rows).await?;
        insert::<personal::Entity, _>(&self.transaction, own).await
    }

    async fn save_counts(&self, change: &Change) -> Result<(), StoreError> {
        use counting::{attempts, cap_use, once, tally};

        let (tables, tenant_id) = (&change.tables, self.tenant_id);
        upsert::<cap_use::Entity, _>(&self.transaction, self.rows(&tables.cap_uses)?).await?;
        upsert::<attempts::Entity, _>(&self.transaction, self.rows(&tables.attempts)?).await?;
        upsert::<once::Entity, _>(&self.transaction, self.rows(&tables.onces)?).await?;
        self.save_fingerprints(change).await?;
        let tallies = (change.tallies.iter().filter(|(_, by)| **by != 0))
            .map(|(key, by)| tally::Model {
                tenant_id,
                scope: key.scope.clone(),
                name: key.name.clone(),
                value: *by,
            })
            .collect();
        add::<tally::Entity, _>(&self.transaction, tallies, &[tally::Column::Value]).await?;
        self.save_referrers(change).await
    }

    /// What referrers gained, by day and by month.
    async fn save_referrers(&self, change: &Change) -> Result<(), StoreError> {
        use counting::{referrer_day, referrer_month};

        let tenant_id = self.tenant_id;
        let mut months: BTreeMap<(String, &str), (i64, i64)> = BTreeMap::new();
        let mut days = Vec::with_capacity(change.referrer_days.len());
        for ((day, user_id), more) in &change.referrer_days {
            let (credited, earned) = (more.credited, more.earned.get());
            let month = months.entry((month_of(*day), user_id)).or_default();
            *month = (month.0 + credited, month.1 + earned);
            let (day, user_id) = (day.to_string(), user_id.clone());
            days.push(referrer_day::Model { tenant_id, day, user_id, credited, earned });
        }
        let sums = [referrer_day::Column::Credited, referrer_day::Column::Earned];
        add::<referrer_day::Entity, _>(&self.transaction, days, &sums).await?;
        let months = (months.into_iter())
            .map(|((month, user_id), (credited, earned))| {
                let user_id = user_id.to_owned();
                referrer_month::Model { tenant_id, month, user_id, credited, earned }
            })
            .collect();
        let sums = [referrer_month::Column::Credited, referrer_month::Column::Earned];
        add::<referrer_month::Entity, _>(&self.transaction, months, &sums).await
    }

    /// The rows of lots, each with its status at the batch's time.
    fn lots(&self, change: &Change) -> Result<Vec<lot::Model>, StoreError> {
        let now = change.lane.as_ref().unwrap_or(&self.lane).last_at;
        let row = |lot| Ok(lot::Model::of(self.tenant_id, lot)?.saved_at(lot, now));
        change.tables.lots.values().flatten().map(row).collect()
    }

    /// Who was seen with what. Of a fingerprint that many were seen with, those from before the
    /// first that is known are deleted: there are never many more of one than are loaded.
    async fn save_fingerprints(&self, change: &Change) -> Result<(), StoreError> {
        use counting::fingerprint::{Column, Entity, Model};

        let prints = || change.tables.fingerprints.values().flatten();
        let seen = prints().flat_map(|print| Model::of(self.tenant_id, print)).collect();
        upsert::<Entity, _>(&self.transaction, seen).await?;
        for print in prints().filter(|print| print.seen.len() >= SEEN_KEPT) {
            let Some((_, first)) = print.seen.first() else { continue };
            Entity::delete_many()
                .filter(Column::TenantId.eq(self.tenant_id))
                .filter(Column::Kind.eq(print.key.kind.as_str()))
                .filter(Column::Hash.eq(print.key.hash.as_str()))
                .filter(Column::At.lt(cells::micros(*first)))
                .exec(&self.transaction)
                .await?;
        }
        Ok(())
    }

    /// The tenant's own row; its settings only when they have another version.
    async fn save_row(&self, row: &Lane, link: Option<Link>) -> Result<(), StoreError> {
        use sea_orm::ActiveValue::{NotSet, Set};

        self.saved.fetch_max(row.seq, Ordering::Relaxed);
        let model = lane::Model::of(self.tenant_id, row)?;
        let settings_changed = row.settings_version != self.lane.settings_version;
        let settings = if settings_changed { Set(model.settings.clone()) } else { NotSet };
        let changed = lane::ActiveModel {
            tenant_id: NotSet,
            seq: Set(model.seq),
            last_at: Set(model.last_at),
            program: Set(model.program),
            program_hash: Set(model.program_hash),
            settings_version: Set(model.settings_version),
            settings,
            users: Set(model.users),
            credited_referrals: Set(model.credited_referrals),
            sealed_seq: link.as_ref().map_or(NotSet, |link| Set(link.seq)),
            seal: link.map_or(NotSet, |link| Set(link.seal)),
        };
        lane::Entity::update_many()
            .set(changed)
            .filter(lane::Column::TenantId.eq(self.tenant_id))
            .exec(&self.transaction)
            .await?;
        if settings_changed {
            let version = lane::settings::Model {
                tenant_id: self.tenant_id,
                version: row.settings_version,
                settings: model.settings,
                seq: row.seq,
            };
            upsert::<lane::settings::Entity, _>(&self.transaction, vec![version]).await?;
        }
        Ok(())
    }

    /// The rows of a table's records.
    fn rows<R: Record, M: Row<Record = R>>(&self, table: &Table<R>) -> Result<Vec<M>, StoreError> {
        table.values().flatten().map(|record| M::of(self.tenant_id, record)).collect()
    }
}
