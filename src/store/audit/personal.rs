//! What is personal has the digest that stands on the row beside it. Only the program knows the key,
//! so this is checked here, row by row in order, some at a time.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::invariant::{Broken, NAMED};
use super::snapshot::Snapshot;
use crate::store::StoreError;
use crate::store::rows::decision::{personal as fact_personal, sheet};
use crate::store::rows::event::{self, personal as event_personal};
use crate::store::statement::{KEYS_AT_ONCE, find_in};

const AT_ONCE: usize = 500;

pub(super) async fn broken(snapshot: &Snapshot) -> Result<Vec<Broken>, StoreError> {
    let mut broken = events(snapshot).await?;
    broken.extend(fact_sheets(snapshot).await?);
    let most = usize::try_from(NAMED).unwrap_or(KEYS_AT_ONCE);
    broken.truncate(most);
    Ok(broken)
}

async fn events(snapshot: &Snapshot) -> Result<Vec<Broken>, StoreError> {
    use event_personal::{Column, Entity};

    let (mut broken, mut last) = (Vec::new(), 0);
    loop {
        let some = Entity::find()
            .filter(Column::TenantId.eq(snapshot.tenant_id))
            .filter(Column::Seq.gt(last))
            .order_by_asc(Column::Seq)
            .limit(AT_ONCE as u64)
            .all(&snapshot.transaction)
            .await?;
        let seqs: Vec<i64> = some.iter().map(|row| row.seq).collect();
        let tenant = (event::Column::TenantId, snapshot.tenant_id);
        let column = event::Column::Seq;
        let rows = find_in::<event::Entity, _, _>(&snapshot.transaction, tenant, column, &seqs);
        let rows = rows.await?;
        for own in &some {
            let digest = rows.iter().find(|row| row.seq == own.seq);
            let digest = digest.and_then(|row| row.personal_digest.as_deref());
            if digest != Some(snapshot.digests.of(&own.personal).as_str()) {
                broken.push(unlike(format!("event {}", own.seq)));
            }
        }
        match seqs.last() {
            Some(seq) if some.len() == AT_ONCE => last = *seq,
            _ => return Ok(broken),
        }
    }
}

async fn fact_sheets(snapshot: &Snapshot) -> Result<Vec<Broken>, StoreError> {
    use fact_personal::{Column, Entity};

    let (mut broken, mut last) = (Vec::new(), 0);
    loop {
        // Whole events: the sheets of one are few.
        let seqs: Vec<i64> = Entity::find()
            .select_only()
            .column(Column::Seq)
            .distinct()
            .filter(Column::TenantId.eq(snapshot.tenant_id))
            .filter(Column::Seq.gt(last))
            .order_by_asc(Column::Seq)
            .limit(AT_ONCE as u64)
            .into_tuple()
            .all(&snapshot.transaction)
            .await?;
        let Some(seq) = seqs.last() else { return Ok(broken) };
        last = *seq;
        let tenant = (Column::TenantId, snapshot.tenant_id);
        let some =
            find_in::<Entity, _, _>(&snapshot.transaction, tenant, Column::Seq, &seqs).await?;
        let tenant = (sheet::Column::TenantId, snapshot.tenant_id);
        let column = sheet::Column::Seq;
        let rows = find_in::<sheet::Entity, _, _>(&snapshot.transaction, tenant, column, &seqs);
        let rows = rows.await?;
        for own in &some {
            let row = rows.iter().find(|row| (row.seq, row.n) == (own.seq, own.n));
            let digest = row.and_then(|row| row.personal_digest.as_deref());
            if digest != Some(snapshot.digests.of(&own.personal).as_str()) {
                broken.push(unlike(format!("fact sheet {} {}", own.seq, own.n)));
            }
        }
    }
}

fn unlike(row: String) -> Broken {
    Broken { row, claimed: None, counted: None }
}
