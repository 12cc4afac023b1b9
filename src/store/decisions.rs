//! Finding decisions, and the fact sheets they were made on.

use std::collections::{BTreeMap, HashMap};

use sea_orm::{ColumnTrait, Condition, ConnectionTrait};

use super::StoreError;
use super::rows::decision::{personal, sheet};
use super::statement::find_by;
use crate::domain::records::{FactSheet, FactSheetKey};

/// Fact sheets by their names, with what is personal about them, if that is still there.
pub(super) async fn sheets<C: ConnectionTrait>(
    connection: &C,
    tenant_id: i64,
    keys: &[FactSheetKey],
) -> Result<Vec<FactSheet>, StoreError> {
    let rows = find_by::<sheet::Entity, _, _>(
        connection,
        (sheet::Column::TenantId, tenant_id),
        keys,
        |keys| named(sheet::Column::Seq, sheet::Column::N, keys),
    )
    .await?;
    let personal = find_by::<personal::Entity, _, _>(
        connection,
        (personal::Column::TenantId, tenant_id),
        keys,
        |keys| named(personal::Column::Seq, personal::Column::N, keys),
    )
    .await?;
    let personal: HashMap<(i64, i32), String> =
        personal.into_iter().map(|row| ((row.seq, row.n), row.personal)).collect();
    rows.into_iter()
        .map(|row| {
            let own = personal.get(&(row.seq, row.n)).map(String::as_str);
            row.sheet(own)
        })
        .collect()
}

/// Rows by their event's number and their own number in it.
fn named<C: ColumnTrait>(seq: C, n: C, keys: &[FactSheetKey]) -> Condition {
    let mut groups: BTreeMap<i32, Vec<i64>> = BTreeMap::new();
    for key in keys {
        groups.entry(key.n).or_default().push(key.seq);
    }
    groups.into_iter().fold(Condition::any(), |any, (number, seqs)| {
        any.add(Condition::all().add(n.eq(number)).add(seq.is_in(seqs)))
    })
}
