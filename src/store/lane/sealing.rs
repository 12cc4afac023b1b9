//! Sealing events as they are saved; and, once, those that an older version had written without seals.

use std::fmt::Write as _;

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::LaneTransaction;
use super::seal::{LedgerKey, Link, Sealed};
use crate::store::rows::event::{self, Column, Entity};
use crate::store::rows::lane;
use crate::store::{Database, StoreError};

/// How many events are sealed by one statement.
const AT_ONCE: u64 = 2_000;

/// How far a tenant's events are sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedSoFar {
    /// The number of the last sealed event.
    pub seq: i64,
    /// The number of the last event.
    pub of: i64,
}

impl Database {
    /// Tenants with events that are not sealed.
    pub async fn unsealed_tenants(&self) -> Result<Vec<i64>, StoreError> {
        let unsealed = lane::Entity::find()
            .select_only()
            .column(lane::Column::TenantId)
            .filter(lane::Column::SealedSeq.into_expr().lt(lane::Column::Seq.into_expr()))
            .order_by_asc(lane::Column::TenantId);
        Ok(unsealed.into_tuple().all(&self.reader).await?)
    }

    /// Seals the next of a tenant's events that have no seal, some thousand at most. It holds the
    /// tenant's lane, and what it did is kept: anybody may go on from there.
    pub async fn seal_some(&self, tenant_id: i64) -> Result<SealedSoFar, StoreError> {
        let lane = self.begin_write(tenant_id).await?;
        let mut link = lane.link.clone();
        if link.seq < lane.lane.seq {
            link = lane.seal_next(link).await?;
            lane.save_link(&link).await?;
        }
        let far = SealedSoFar { seq: link.seq, of: lane.lane.seq };
        lane.commit().await?;
        Ok(far)
    }
}

impl LaneTransaction {
    /// Seals new events, and before them those that an older server left without a seal beside this
    /// one. Gives the new end of the chain; `None` when there is nothing to seal.
    pub(super) async fn seal(&self, rows: &mut [event::Model]) -> Result<Option<Link>, StoreError> {
        if rows.is_empty() {
            return Ok(None);
        }
        let mut link = self.link.clone();
        while link.seq < self.lane.seq {
            tracing::warn!(
                tenant = self.tenant_id,
                after = link.seq,
                "events without seals are sealed: an older version writes beside this one"
            );
            link = self.seal_next(link).await?;
        }
        rows.sort_unstable_by_key(|row| row.seq);
        for row in rows {
            let seal = self.ledger_key()?.seal(link.seal.as_deref(), Sealed::AtOnce, row);
            link = Link { seq: row.seq, seal: Some(seal.clone()) };
            row.seal = Some(seal);
        }
        Ok(Some(link))
    }

    /// Keeps the end of the chain on the tenant's row.
    pub(super) async fn save_link(&self, link: &Link) -> Result<(), StoreError> {
        use sea_orm::ActiveValue::Set;

        let changed = lane::ActiveModel {
            seal: Set(link.seal.clone()),
            sealed_seq: Set(link.seq),
            ..Default::default()
        };
        lane::Entity::update_many()
            .set(changed)
            .filter(lane::Column::TenantId.eq(self.tenant_id))
            .exec(&self.transaction)
            .await?;
        Ok(())
    }

    /// Seals the next events after a link. One that has a seal keeps it, even where it does not fit:
    /// nothing that somebody changed is covered up.
    async fn seal_next(&self, mut link: Link) -> Result<Link, StoreError> {
        let rows = Entity::find()
            .filter(Column::TenantId.eq(self.tenant_id))
            .filter(Column::Seq.gt(link.seq))
            .filter(Column::Seq.lte(self.lane.seq))
            .order_by_asc(Column::Seq)
            .limit(AT_ONCE)
            .all(&self.transaction)
            .await?;
        let is_last = (rows.len() as u64) < AT_ONCE;
        let mut sealed = Vec::new();
        for row in rows {
            let seal = match &row.seal {
                Some(seal) => seal.clone(),
                None => {
                    let seal = self.ledger_key()?.seal(link.seal.as_deref(), Sealed::Late, &row);
                    sealed.push((row.seq, seal.clone()));
                    seal
                }
            };
            link = Link { seq: row.seq, seal: Some(seal) };
        }
        self.write_seals(&sealed).await?;
        if is_last {
            // Where the last ones are missing, an audit says so; nothing is waited for.
            link.seq = self.lane.seq;
        }
        Ok(link)
    }

    /// Writes seals onto their rows, in one statement. Numbers and hex need no binding, of which
    /// there would be too many for SQLite.
    async fn write_seals(&self, sealed: &[(i64, String)]) -> Result<(), StoreError> {
        let mut values = String::with_capacity(sealed.len() * 90);
        for (seq, seal) in sealed {
            let comma = if values.is_empty() { "" } else { "," };
            // Writing to a string cannot fail.
            let _ = write!(values, "{comma}({seq},'{seal}')");
        }
        if values.is_empty() {
            return Ok(());
        }
        let tenant_id = self.tenant_id;
        let update = format!(
            "UPDATE events SET seal = made.column2 FROM (VALUES {values}) AS made \
             WHERE events.tenant_id = {tenant_id} AND events.seq = made.column1"
        );
        self.transaction.execute_unprepared(&update).await?;
        Ok(())
    }

    fn ledger_key(&self) -> Result<&LedgerKey, StoreError> {
        self.ledger_key.as_ref().ok_or(StoreError::NoLedgerKey)
    }
}
