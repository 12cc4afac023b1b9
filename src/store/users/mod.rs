//! Finding users.

mod filter;
mod ranking;
mod search;
mod sign_up;

pub use filter::UserFilter;
pub use ranking::{Ranking, Standing};
#[cfg(test)]
pub(in crate::store) use search::Beginning;

use super::rows::records;
use super::rows::user::{Column, Entity};
use super::statement::find_in;
use super::{Database, StoreError};
use crate::domain::records::User;

impl Database {
    /// Users by their ids, in no order; partners too.
    pub async fn users_by_ids(
        &self,
        tenant_id: i64,
        ids: &[String],
    ) -> Result<Vec<User>, StoreError> {
        let tenant = (Column::TenantId, tenant_id);
        records(find_in::<Entity, _, _>(&self.reader, tenant, Column::Id, ids).await?)
    }
}
