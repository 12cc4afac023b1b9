//! Finding transactions.

use std::collections::HashMap;

use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Select};
use uuid::Uuid;

use super::listing::{Direction, Seqs, by_place, count_capped};
use super::paging::{Count, Page, Rows};
use super::rows::transaction::{self, Column, Entity, lot_use};
use super::rows::{Row, records};
use super::statement::{find_in, row_by_row};
use super::{Database, StoreError};
use crate::domain::records::{Position, TallyKey, Transaction, Use};
use crate::domain::time::Time;

/// Which transactions; what is left out does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TransactionFilter {
    /// Only this user's.
    pub user_id: Option<String>,
    /// Only of this source.
    pub source: Option<String>,
    /// Only in this unit.
    pub unit: Option<String>,
    /// Only booked at this time or later.
    pub from: Option<Time>,
    /// Only booked before this time.
    pub to: Option<Time>,
    /// Only with this id of the caller's world.
    pub reference_id: Option<String>,
}

impl TransactionFilter {
    /// The total that counts just these, if one does.
    fn tally(&self) -> Option<TallyKey> {
        let Self { user_id, source, unit: None, from: None, to: None, reference_id: None } = self
        else {
            return None;
        };
        match (user_id, source) {
            (None, None) => Some(TallyKey::tenant("transactions")),
            (Some(user), None) => Some(TallyKey::user(user, "transactions")),
            (Some(user), Some(source)) => {
                Some(TallyKey::user(user, format!("transactions:{source}")))
            }
            (None, Some(_)) => None,
        }
    }
}

impl Database {
    /// Transactions by their ids, in no order, without their uses of lots.
    pub async fn transactions_by_ids(
        &self,
        tenant_id: i64,
        ids: &[Uuid],
    ) -> Result<Vec<Transaction>, StoreError> {
        let tenant = (Column::TenantId, tenant_id);
        records(find_in::<Entity, _, _>(&self.reader, tenant, Column::Id, ids).await?)
    }

    /// The transactions of these events, in the ledger's order, without their uses of lots.
    pub async fn transactions_by_seqs(
        &self,
        tenant_id: i64,
        seqs: &[i64],
    ) -> Result<Vec<Transaction>, StoreError> {
        let tenant = (Column::TenantId, tenant_id);
        let mut found = find_in::<Entity, _, _>(&self.reader, tenant, Column::Seq, seqs).await?;
        found.sort_unstable_by_key(|row| (row.seq, row.n));
        records(found)
    }

    /// A page of transactions, newest first, without their uses of lots.
    pub async fn transactions_page(
        &self,
        tenant_id: i64,
        filter: &TransactionFilter,
        page: Page<Position>,
    ) -> Result<Rows<Transaction>, StoreError> {
        let query = self.transactions_where(tenant_id, filter).await?;
        let place = [Column::Seq, Column::N];
        let rows = by_place(&self.reader, query, place, Direction::NewestFirst, &page).await?;
        rows.try_map(Row::record)
    }

    /// How many transactions: exact without a filter, for one user, and for one user and source.
    pub async fn count_transactions(
        &self,
        tenant_id: i64,
        filter: &TransactionFilter,
    ) -> Result<Count, StoreError> {
        if let Some(tally) = filter.tally() {
            return Ok(Count::exact(self.tally(tenant_id, &tally).await?));
        }
        let query = self.transactions_where(tenant_id, filter).await?;
        count_capped(&self.reader, query, Column::Seq).await
    }

    async fn transactions_where(
        &self,
        tenant_id: i64,
        filter: &TransactionFilter,
    ) -> Result<Select<Entity>, StoreError> {
        let seqs: Seqs = self.seqs_between(tenant_id, filter.from, filter.to).await?;
        let mut query = Entity::find().filter(Column::TenantId.eq(tenant_id));
        let equal = [
            (Column::ReferenceId, &filter.reference_id),
            (Column::UserId, &filter.user_id),
            (Column::Source, &filter.source),
            (Column::Unit, &filter.unit),
        ];
        // One index is enough, the one that leaves least: SQLite would take any that fits. A user's
        // entries stand in one by source, and in one by unit.
        let mut looked_up = Vec::new();
        for (column, wanted) in equal {
            let Some(wanted) = wanted else { continue };
            let by_index = matches!(
                (looked_up.as_slice(), column),
                ([], _) | ([Column::UserId], Column::Source | Column::Unit)
            );
            let plain = column.into_expr();
            let compared = if by_index { plain } else { row_by_row(plain) };
            query = query.filter(compared.eq(wanted.as_str()));
            looked_up.push(column);
        }
        Ok(seqs.apply(query, Column::Seq))
    }
}

/// Transactions by their ids, with their uses.
pub(super) async fn by_ids<C: ConnectionTrait>(
    connection: &C,
    tenant_id: i64,
    ids: &[Uuid],
) -> Result<Vec<Transaction>, StoreError> {
    let tenant = (Column::TenantId, tenant_id);
    let rows = find_in::<transaction::Entity, _, _>(connection, tenant, Column::Id, ids);
    let mut found = records(rows.await?)?;
    let mut uses = uses_of(connection, tenant_id, ids).await?;
    for entry in &mut found {
        entry.uses = uses.remove(&entry.id).unwrap_or_default();
    }
    Ok(found)
}

/// The uses of these transactions, each in order.
async fn uses_of<C: ConnectionTrait>(
    connection: &C,
    tenant_id: i64,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Use>>, StoreError> {
    use lot_use::Column;

    let tenant = (Column::TenantId, tenant_id);
    let mut rows =
        find_in::<lot_use::Entity, _, _>(connection, tenant, Column::TransactionId, ids).await?;
    rows.sort_by_key(|row| row.ordinal);
    let mut uses: HashMap<Uuid, Vec<Use>> = HashMap::new();
    for row in rows {
        uses.entry(row.transaction_id).or_default().push(row.lot_use()?);
    }
    Ok(uses)
}
