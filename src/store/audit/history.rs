//! A tenant's history as it is stored: the events in order, each with everything of it that never
//! changes again.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use super::snapshot::Snapshot;
use crate::domain::records::{Code, Decision, Emission, Event, FactSheet, Lane, Transaction, Use};
use crate::domain::replay::{Forgotten, Recorded};
use crate::domain::state::{Key, Slice};
use crate::store::StoreError;
use crate::store::lane::load;
use crate::store::rows::{Row, code, decision, event, lane, notice, records, transaction, user};
use crate::store::statement::find_in;

impl Snapshot {
    /// The tenant's row as it is.
    pub async fn lane(&self) -> Result<Lane, StoreError> {
        let row = lane::Entity::find_by_id(self.tenant_id).one(&self.transaction).await?;
        row.ok_or(StoreError::UnknownTenant(self.tenant_id))?.record()
    }

    /// Who was erased, with the codes that they had.
    pub async fn forgotten(&self) -> Result<Forgotten, StoreError> {
        let users: Vec<String> = user::Entity::find()
            .select_only()
            .column(user::Column::Id)
            .filter(user::Column::TenantId.eq(self.tenant_id))
            .filter(user::Column::ErasedAt.is_not_null())
            .into_tuple()
            .all(&self.transaction)
            .await?;
        let tenant = (code::Column::TenantId, self.tenant_id);
        let column = code::Column::UserId;
        let codes = find_in::<code::Entity, _, _>(&self.transaction, tenant, column, &users);
        let codes: Vec<Code> = records(codes.await?)?;
        Ok(Forgotten::new(users, codes))
    }

    /// Loads what is asked for into a slice.
    pub async fn load(&self, slice: &mut Slice, keys: &BTreeSet<Key>) -> Result<(), StoreError> {
        load::load(&self.transaction, self.tenant_id, slice, keys).await
    }

    /// The next events after a number, at most `limit`, in order.
    pub async fn history_after(&self, seq: i64, limit: u64) -> Result<Vec<Recorded>, StoreError> {
        let through = seq.saturating_add(i64::try_from(limit).unwrap_or(i64::MAX));
        let span = Span { snapshot: self, after: seq, through };
        let mut history: BTreeMap<i64, Recorded> = BTreeMap::new();
        for event in span.events().await? {
            history.insert(event.seq, recorded(event));
        }
        // Rows of events that are not there are found by the invariants.
        for sheet in span.sheets().await? {
            if let Some(event) = history.get_mut(&sheet.key.seq) {
                event.sheets.push(sheet);
            }
        }
        for made in span.decisions().await? {
            if let Some(event) = history.get_mut(&made.position.seq) {
                event.decisions.push(made);
            }
        }
        for entry in span.transactions().await? {
            if let Some(event) = history.get_mut(&entry.position.seq) {
                event.transactions.push(entry);
            }
        }
        for sent in span.emissions().await? {
            if let Some(event) = history.get_mut(&sent.position.seq) {
                event.emissions.push(sent);
            }
        }
        Ok(history.into_values().collect())
    }
}

fn recorded(event: Event) -> Recorded {
    Recorded {
        event,
        sheets: Vec::new(),
        decisions: Vec::new(),
        transactions: Vec::new(),
        emissions: Vec::new(),
    }
}

/// The events with numbers above `after`, through `through`.
struct Span<'a> {
    snapshot: &'a Snapshot,
    after: i64,
    through: i64,
}

impl Span<'_> {
    /// The rows of the span, of one table, in the order of their places.
    async fn rows<E: EntityTrait>(
        &self,
        tenant: E::Column,
        place: &[E::Column],
    ) -> Result<Vec<E::Model>, StoreError> {
        let Some(seq) = place.first() else { return Ok(Vec::new()) };
        let mut query: Select<E> = E::find()
            .filter(tenant.eq(self.snapshot.tenant_id))
            .filter(seq.gt(self.after))
            .filter(seq.lte(self.through));
        for column in place {
            query = query.order_by_asc(*column);
        }
        Ok(query.all(&self.snapshot.transaction).await?)
    }

    async fn events(&self) -> Result<Vec<Event>, StoreError> {
        use event::{Column, Entity, personal};

        let rows = self.rows::<Entity>(Column::TenantId, &[Column::Seq]).await?;
        let own = [personal::Column::Seq];
        let own = self.rows::<personal::Entity>(personal::Column::TenantId, &own).await?;
        let own: HashMap<i64, String> =
            own.into_iter().map(|row| (row.seq, row.personal)).collect();
        rows.into_iter()
            .map(|row| {
                let text = own.get(&row.seq).map(String::as_str);
                row.event(text)
            })
            .collect()
    }

    async fn sheets(&self) -> Result<Vec<FactSheet>, StoreError> {
        use decision::{personal, sheet};

        let place = [sheet::Column::Seq, sheet::Column::N];
        let rows = self.rows::<sheet::Entity>(sheet::Column::TenantId, &place).await?;
        let place = [personal::Column::Seq, personal::Column::N];
        let own = self.rows::<personal::Entity>(personal::Column::TenantId, &place).await?;
        let own: HashMap<(i64, i32), String> =
            own.into_iter().map(|row| ((row.seq, row.n), row.personal)).collect();
        rows.into_iter()
            .map(|row| {
                let text = own.get(&(row.seq, row.n)).map(String::as_str);
                row.sheet(text)
            })
            .collect()
    }

    async fn decisions(&self) -> Result<Vec<Decision>, StoreError> {
        use decision::{Column, Entity};

        records(self.rows::<Entity>(Column::TenantId, &[Column::Seq, Column::N]).await?)
    }

    async fn emissions(&self) -> Result<Vec<Emission>, StoreError> {
        use notice::emission::{Column, Entity};

        records(self.rows::<Entity>(Column::TenantId, &[Column::Seq, Column::N]).await?)
    }

    async fn transactions(&self) -> Result<Vec<Transaction>, StoreError> {
        use transaction::{Column, Entity};

        let rows = self.rows::<Entity>(Column::TenantId, &[Column::Seq, Column::N]).await?;
        let mut uses = self.uses(&rows).await?;
        let mut entries: Vec<Transaction> = records(rows)?;
        for entry in &mut entries {
            entry.uses = uses.remove(&entry.id).unwrap_or_default();
        }
        Ok(entries)
    }

    /// The uses of these entries, each in order. Ids are ordered by time, so that those of a span lie
    /// close together: a range of their key is read.
    async fn uses(
        &self,
        entries: &[transaction::Model],
    ) -> Result<HashMap<Uuid, Vec<Use>>, StoreError> {
        use transaction::lot_use::{Column, Entity};

        let ids = || entries.iter().map(|entry| entry.id);
        let (Some(first), Some(last)) = (ids().min(), ids().max()) else {
            return Ok(HashMap::new());
        };
        let rows = Entity::find()
            .filter(Column::TenantId.eq(self.snapshot.tenant_id))
            .filter(Column::TransactionId.between(first, last))
            .order_by_asc(Column::TransactionId)
            .order_by_asc(Column::Ordinal)
            .all(&self.snapshot.transaction)
            .await?;
        let mut uses: HashMap<Uuid, Vec<Use>> = HashMap::new();
        for row in rows {
            uses.entry(row.transaction_id).or_default().push(row.lot_use()?);
        }
        Ok(uses)
    }
}
