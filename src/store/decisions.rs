//! Finding decisions, and the fact sheets they were made on.

use std::collections::{BTreeMap, HashMap};

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::listing::{Direction, by_place};
use super::paging::{Page, Rows};
use super::rows::decision::{Column, Entity, personal, sheet};
use super::rows::words::Word;
use super::rows::{Row, records};
use super::statement::{KEYS_AT_ONCE, find_in};
use super::{Database, StoreError};
use crate::domain::records::{Decision, FactSheet, FactSheetKey, Outcome, Position};

/// Which decisions; what is left out does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DecisionFilter {
    /// Only on events of this user.
    pub user_id: Option<String>,
    /// Only on events of this type.
    pub event: Option<String>,
    /// Only those that ended so.
    pub outcome: Option<Outcome>,
}

impl Database {
    /// Decisions by their ids, in no order.
    pub async fn decisions_by_ids(
        &self,
        tenant_id: i64,
        ids: &[Uuid],
    ) -> Result<Vec<Decision>, StoreError> {
        let tenant = (Column::TenantId, tenant_id);
        records(find_in::<Entity, _, _>(&self.reader, tenant, Column::Id, ids).await?)
    }

    /// The decisions on these events, in the tenant's order.
    pub async fn decisions_by_seqs(
        &self,
        tenant_id: i64,
        seqs: &[i64],
    ) -> Result<Vec<Decision>, StoreError> {
        let tenant = (Column::TenantId, tenant_id);
        let mut rows = find_in::<Entity, _, _>(&self.reader, tenant, Column::Seq, seqs).await?;
        rows.sort_unstable_by_key(|row| (row.seq, row.n));
        records(rows)
    }

    /// A page of decisions, newest first.
    pub async fn decisions_page(
        &self,
        tenant_id: i64,
        filter: &DecisionFilter,
        page: Page<Position>,
    ) -> Result<Rows<Decision>, StoreError> {
        let mut query = Entity::find().filter(Column::TenantId.eq(tenant_id));
        if let Some(user_id) = &filter.user_id {
            query = query.filter(Column::UserId.eq(user_id.as_str()));
        }
        if let Some(event) = &filter.event {
            query = query.filter(Column::Event.eq(event.as_str()));
        }
        if let Some(outcome) = filter.outcome {
            query = query.filter(Column::Outcome.eq(outcome.word()));
        }
        let place = [Column::Seq, Column::N];
        let rows = by_place(&self.reader, query, place, Direction::NewestFirst, &page).await?;
        rows.try_map(Row::record)
    }

    /// Fact sheets by their names, in no order.
    pub async fn fact_sheets(
        &self,
        tenant_id: i64,
        keys: &[FactSheetKey],
    ) -> Result<Vec<FactSheet>, StoreError> {
        sheets(&self.reader, tenant_id, keys).await
    }
}

/// Fact sheets by their names, with what is personal about them, if that is still there.
pub(super) async fn sheets<C: ConnectionTrait>(
    connection: &C,
    tenant_id: i64,
    keys: &[FactSheetKey],
) -> Result<Vec<FactSheet>, StoreError> {
    let place = [sheet::Column::Seq, sheet::Column::N];
    let tenant = (sheet::Column::TenantId, tenant_id);
    let rows = named::<sheet::Entity, _>(connection, tenant, place, keys).await?;
    let place = [personal::Column::Seq, personal::Column::N];
    let tenant = (personal::Column::TenantId, tenant_id);
    let personal = named::<personal::Entity, _>(connection, tenant, place, keys).await?;
    let personal: HashMap<(i64, i32), String> =
        personal.into_iter().map(|row| ((row.seq, row.n), row.personal)).collect();
    rows.into_iter()
        .map(|row| {
            let own = personal.get(&(row.seq, row.n)).map(String::as_str);
            row.sheet(own)
        })
        .collect()
}

/// Rows by their event's number and their own number in it; a query for each of the latter, of
/// which there are few.
async fn named<E: EntityTrait, C: ConnectionTrait>(
    connection: &C,
    tenant: (E::Column, i64),
    [seq, n]: [E::Column; 2],
    keys: &[FactSheetKey],
) -> Result<Vec<E::Model>, StoreError> {
    let mut groups: BTreeMap<i32, Vec<i64>> = BTreeMap::new();
    for key in keys {
        groups.entry(key.n).or_default().push(key.seq);
    }
    let mut found = Vec::new();
    for (number, seqs) in groups {
        for some in seqs.chunks(KEYS_AT_ONCE) {
            let rows = E::find().filter(tenant.0.eq(tenant.1)).filter(n.eq(number));
            found.extend(rows.filter(seq.is_in(some.to_vec())).all(connection).await?);
        }
    }
    Ok(found)
}
