//! Finding transactions.

use std::collections::HashMap;

use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::StoreError;
use super::rows::records;
use super::rows::transaction::{self, lot_use};
use super::statement::find_in;
use crate::domain::records::{Transaction, Use};

/// Transactions by their ids, with their uses.
pub(super) async fn by_ids<C: ConnectionTrait>(
    connection: &C,
    tenant_id: i64,
    ids: &[Uuid],
) -> Result<Vec<Transaction>, StoreError> {
    use transaction::Column;

    let rows = find_in::<transaction::Entity, _, _>(
        connection,
        (Column::TenantId, tenant_id),
        Column::Id,
        ids,
    );
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

    let mut rows = find_in::<lot_use::Entity, _, _>(
        connection,
        (Column::TenantId, tenant_id),
        Column::TransactionId,
        ids,
    )
    .await?;
    rows.sort_by_key(|row| row.ordinal);
    let mut uses: HashMap<Uuid, Vec<Use>> = HashMap::new();
    for row in rows {
        uses.entry(row.transaction_id).or_default().push(row.lot_use()?);
    }
    Ok(uses)
}
