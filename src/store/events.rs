//! Finding events, and the settings that were in force.

use std::collections::HashMap;

use sea_orm::{Condition, ConnectionTrait};
use serde_json::{Map, Value};

use super::rows::event::{self, Column, Entity, personal};
use super::rows::{cells, lane};
use super::statement::{Keyed, find_in};
use super::{Database, StoreError};
use crate::domain::records::{Event, EventKey};

impl Database {
    /// The tenant's events with these keys, as far as they are there, in no order.
    pub async fn events_by_keys(
        &self,
        tenant_id: i64,
        keys: &[EventKey],
    ) -> Result<Vec<Event>, StoreError> {
        by_keys(&self.reader, tenant_id, keys).await
    }

    /// The tenant's own settings as they were in these versions, as far as those are there.
    pub async fn settings_versions(
        &self,
        tenant_id: i64,
        versions: &[i64],
    ) -> Result<Vec<(i64, Map<String, Value>)>, StoreError> {
        use lane::settings::{Column, Entity};

        let tenant = (Column::TenantId, tenant_id);
        let rows = find_in::<Entity, _, _>(&self.reader, tenant, Column::Version, versions).await?;
        rows.into_iter().map(|row| Ok((row.version, cells::parse(&row.settings)?))).collect()
    }
}

/// The tenant's events with these keys, as far as they are there, in no order.
pub(super) async fn by_keys<C: ConnectionTrait>(
    connection: &C,
    tenant_id: i64,
    keys: &[EventKey],
) -> Result<Vec<Event>, StoreError> {
    let keyed = Keyed::<Entity, _> {
        tenant: (Column::TenantId, tenant_id),
        prefix: [Column::Operation],
        last: Column::IdempotencyKey,
    };
    let keys = keys.iter().map(|key| ([key.operation.name().to_owned()], key.key.clone()));
    let rows = keyed.find(connection, &Condition::all(), keys).await?;
    whole(connection, tenant_id, rows).await
}

/// Events with what is personal about them, as far as that is still there.
async fn whole<C: ConnectionTrait>(
    connection: &C,
    tenant_id: i64,
    rows: Vec<event::Model>,
) -> Result<Vec<Event>, StoreError> {
    let with_digest: Vec<i64> =
        rows.iter().filter(|row| row.personal_digest.is_some()).map(|row| row.seq).collect();
    let tenant = (personal::Column::TenantId, tenant_id);
    let column = personal::Column::Seq;
    let own = find_in::<personal::Entity, _, _>(connection, tenant, column, &with_digest).await?;
    let own: HashMap<i64, String> = own.into_iter().map(|row| (row.seq, row.personal)).collect();
    rows.into_iter()
        .map(|row| {
            let text = own.get(&row.seq).map(String::as_str);
            row.event(text)
        })
        .collect()
}
