//! Finding purchases.

use super::rows::{purchase, records};
use super::statement::find_in;
use super::{Database, StoreError};
use crate::domain::records::Purchase;

impl Database {
    /// Purchases by the payments' own ids, in no order.
    pub async fn purchases_by_ids(
        &self,
        tenant_id: i64,
        ids: &[String],
    ) -> Result<Vec<Purchase>, StoreError> {
        use purchase::{Column, Entity};

        let tenant = (Column::TenantId, tenant_id);
        records(find_in::<Entity, _, _>(&self.reader, tenant, Column::Id, ids).await?)
    }
}
