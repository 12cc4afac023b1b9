//! Forgetting a user in small steps. What is personal is deleted; where a rule wrote of the user, the
//! words are emptied and the row stays. How far it came is saved with each step, so that anybody
//! may go on at any time.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Select};
use uuid::Uuid;

use super::LaneTransaction;
use crate::domain::records::{Event, Operation, Position};
use crate::store::listing::{Direction, by_place};
use crate::store::paging::{Page, Rows};
use crate::store::rows::decision::{self, personal as of_sheets};
use crate::store::rows::erasure::{self, Progress};
use crate::store::rows::event::personal as of_events;
use crate::store::rows::notice::{self, emission};
use crate::store::rows::{Row, cells, counting::fingerprint};
use crate::store::statement::upsert;
use crate::store::{Database, StoreError};

impl Database {
    /// Takes one step in forgetting a user, of at most `limit` rows of each table; is anything left?
    /// A step holds the tenant's lane: a batch that is under way could otherwise write back what it
    /// loaded before.
    pub async fn erase_some(
        &self,
        tenant_id: i64,
        user_id: &str,
        limit: u64,
    ) -> Result<bool, StoreError> {
        let lane = self.begin_write(tenant_id).await?;
        let key = (tenant_id, user_id.to_owned());
        let Some(row) = erasure::Entity::find_by_id(key).one(&lane.transaction).await? else {
            lane.rollback().await?;
            return Ok(false);
        };
        let step = Step { lane: &lane, user_id, through: row.through_seq, limit };
        let mut progress: Progress = cells::parse(&row.progress)?;
        let mut left = step.delete_events().await?;
        left |= step.delete_sheets().await?;
        left |= step.delete_fingerprints().await?;
        left |= step.empty_decisions(&mut progress.decisions).await?;
        left |= step.empty_emissions(&mut progress.emissions).await?;
        let (received, about) = (notice::Column::UserId, notice::Column::AboutId);
        left |= step.empty_notices(received, &mut progress.received).await?;
        left |= step.empty_notices(about, &mut progress.about).await?;
        step.note(left.then_some(&progress)).await?;
        lane.commit().await?;
        Ok(left)
    }
}

/// One step at work. Each part says whether there may be more of its rows.
struct Step<'a> {
    lane: &'a LaneTransaction,
    user_id: &'a str,
    /// The number of the event that erased the user: what came later holds nothing personal.
    through: i64,
    limit: u64,
}

impl Step<'_> {
    async fn delete_events(&self) -> Result<bool, StoreError> {
        use of_events::{Column, Entity};

        let seqs: Vec<i64> = Entity::find()
            .select_only()
            .column(Column::Seq)
            .filter(Column::TenantId.eq(self.lane.tenant_id))
            .filter(Column::UserId.eq(self.user_id))
            .filter(Column::Seq.lte(self.through))
            .limit(self.limit)
            .into_tuple()
            .all(&self.lane.transaction)
            .await?;
        let found = seqs.len();
        Entity::delete_many()
            .filter(Column::TenantId.eq(self.lane.tenant_id))
            .filter(Column::Seq.is_in(seqs))
            .exec(&self.lane.transaction)
            .await?;
        Ok(self.is_full(found))
    }

    async fn delete_sheets(&self) -> Result<bool, StoreError> {
        use of_sheets::{Column, Entity};

        let seqs: Vec<i64> = Entity::find()
            .select_only()
            .column(Column::Seq)
            .filter(Column::TenantId.eq(self.lane.tenant_id))
            .filter(Column::UserId.eq(self.user_id))
            .filter(Column::Seq.lte(self.through))
            .limit(self.limit)
            .into_tuple()
            .all(&self.lane.transaction)
            .await?;
        let found = seqs.len();
        Entity::delete_many()
            .filter(Column::TenantId.eq(self.lane.tenant_id))
            .filter(Column::UserId.eq(self.user_id))
            .filter(Column::Seq.is_in(seqs))
            .exec(&self.lane.transaction)
            .await?;
        Ok(self.is_full(found))
    }

    async fn delete_fingerprints(&self) -> Result<bool, StoreError> {
        use fingerprint::{Column, Entity};

        let hashes: Vec<String> = Entity::find()
            .select_only()
            .column(Column::Hash)
            .filter(Column::TenantId.eq(self.lane.tenant_id))
            .filter(Column::UserId.eq(self.user_id))
            .limit(self.limit)
            .into_tuple()
            .all(&self.lane.transaction)
            .await?;
        let found = hashes.len();
        Entity::delete_many()
            .filter(Column::TenantId.eq(self.lane.tenant_id))
            .filter(Column::UserId.eq(self.user_id))
            .filter(Column::Hash.is_in(hashes))
            .exec(&self.lane.transaction)
            .await?;
        Ok(self.is_full(found))
    }

    async fn empty_decisions(&self, done: &mut (i64, i32)) -> Result<bool, StoreError> {
        use decision::{Column, Entity};

        let query = Entity::find().filter(Column::UserId.eq(self.user_id));
        let query = query.filter(Column::TenantId.eq(self.lane.tenant_id));
        let query = query.filter(Column::Seq.lte(self.through));
        let found = self.next(query, [Column::Seq, Column::N], *done).await?;
        let mut emptied = Vec::new();
        for row in found.rows {
            *done = (row.seq, row.n);
            let before = row.record()?;
            let after = before.clone().without_words();
            if after != before {
                emptied.push(decision::Model::of(self.lane.tenant_id, &after)?);
            }
        }
        upsert::<Entity, _>(&self.lane.transaction, emptied).await?;
        Ok(found.has_next)
    }

    async fn empty_emissions(&self, done: &mut (i64, i32)) -> Result<bool, StoreError> {
        use emission::{Column, Entity};

        let query = Entity::find().filter(Column::UserId.eq(self.user_id));
        let query = query.filter(Column::TenantId.eq(self.lane.tenant_id));
        let query = query.filter(Column::Seq.lte(self.through));
        let found = self.next(query, [Column::Seq, Column::N], *done).await?;
        *done = found.rows.last().map_or(*done, |row| (row.seq, row.n));
        let ids: Vec<Uuid> = found.rows.iter().map(|row| row.id).collect();
        Entity::update_many()
            .col_expr(Column::Data, Expr::value("{}"))
            .filter(Column::TenantId.eq(self.lane.tenant_id))
            .filter(Column::Id.is_in(ids))
            .exec(&self.lane.transaction)
            .await?;
        Ok(found.has_next)
    }

    /// Empties notices to the user or about the user, as `whose` says.
    async fn empty_notices(
        &self,
        whose: notice::Column,
        done: &mut (i64, i32),
    ) -> Result<bool, StoreError> {
        use notice::{Column, Entity};

        let query = Entity::find().filter(whose.eq(self.user_id));
        let query = query.filter(Column::TenantId.eq(self.lane.tenant_id));
        let query = query.filter(Column::Seq.lte(self.through));
        let found = self.next(query, [Column::Seq, Column::N], *done).await?;
        *done = found.rows.last().map_or(*done, |row| (row.seq, row.n));
        let ids: Vec<Uuid> = found.rows.iter().map(|row| row.id).collect();
        Entity::update_many()
            .col_expr(Column::Message, Expr::value(""))
            .filter(Column::TenantId.eq(self.lane.tenant_id))
            .filter(Column::Id.is_in(ids))
            .exec(&self.lane.transaction)
            .await?;
        Ok(found.has_next)
    }

    /// The next rows after a place, in order.
    async fn next<E: EntityTrait>(
        &self,
        query: Select<E>,
        place: [E::Column; 2],
        (seq, n): (i64, i32),
    ) -> Result<Rows<E::Model>, StoreError> {
        let page = Page { after: Some(Position { seq, n }), ..Page::first(self.limit) };
        by_place(&self.lane.transaction, query, place, Direction::OldestFirst, &page).await
    }

    fn is_full(&self, found: usize) -> bool {
        found as u64 >= self.limit
    }

    /// Keeps how far it came; the work is done without it.
    async fn note(&self, progress: Option<&Progress>) -> Result<(), StoreError> {
        use erasure::{Column, Entity};

        let (tenant, user) =
            (Column::TenantId.eq(self.lane.tenant_id), Column::UserId.eq(self.user_id));
        let Some(progress) = progress else {
            let done = Entity::delete_many().filter(tenant).filter(user);
            done.exec(&self.lane.transaction).await?;
            return Ok(());
        };
        let kept = Entity::update_many()
            .col_expr(Column::Progress, Expr::value(cells::json(progress)?))
            .filter(tenant)
            .filter(user);
        kept.exec(&self.lane.transaction).await?;
        Ok(())
    }
}

impl LaneTransaction {
    /// Notes whom the events erased, so that they are forgotten whatever happens after the commit.
    pub(super) async fn save_erasures(&self, events: &[Event]) -> Result<(), StoreError> {
        let erased = events.iter().filter(|event| event.operation == Operation::EraseUser);
        let rows = erased.filter_map(|event| {
            Some(erasure::Model {
                tenant_id: self.tenant_id,
                user_id: event.user_id.clone()?,
                through_seq: event.seq,
                progress: "{}".to_owned(),
            })
        });
        upsert::<erasure::Entity, _>(&self.transaction, rows.collect()).await
    }
}
