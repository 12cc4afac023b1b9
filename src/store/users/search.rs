//! Users of whom a text begins so, in the order of their sign-up.
//!
//! An index for each length up to [`INDEXED`] has the users with a beginning of that length in the
//! order of their sign-up: a page costs the same however many there are. Of a longer beginning up to
//! [`SORTED`] texts are looked up whole and sorted. Where there are more, those who share its first
//! [`INDEXED`] characters are gone through, which takes long only when many share these, and of them
//! only some that are far from the page's end go on alike.

use std::collections::HashMap;

use sea_orm::sea_query::{Expr, ExprTrait, Func, Query};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select};

use crate::domain::records::{Position, User};
use crate::store::listing::{Direction, Seqs, count_rows, window};
use crate::store::paging::{Count, Page, Rows, Window};
use crate::store::rows::user::searchable;
use crate::store::rows::user_text::{Column, Entity, KEPT};
use crate::store::{Database, StoreError};

/// So many texts are sorted; in tests so few that both ways are gone.
const SORTED: u64 = if cfg!(test) { 4 } else { 2_000 };
/// The longest beginning that has an index of its own.
const INDEXED: usize = 32;
/// In the index of a longer beginning than this are only texts that are so long.
const IN_EVERY_TEXT: usize = 10;
/// So many texts a user has at most: the id, the name and the e-mail address.
pub(super) const TEXTS: u64 = 3;

/// The beginning of a text, as it is looked for.
pub struct Beginning {
    text: String,
    length: usize,
}

impl Beginning {
    /// What is searched for, unless that is nothing, or more than is kept of a text.
    pub fn of(search: &str) -> Option<Self> {
        let text = searchable(search);
        let length = text.chars().count();
        (1..=KEPT).contains(&length).then_some(Self { text, length })
    }

    /// The texts that begin so, by the index of whole texts.
    fn texts(&self, tenant_id: i64) -> Select<Entity> {
        texts(tenant_id, &self.text)
    }

    /// The texts that begin so, by the index that has them in the order of sign-up.
    pub fn in_order(&self, tenant_id: i64) -> Select<Entity> {
        let length = self.length.min(INDEXED);
        let shared: String = self.text.chars().take(length).collect();
        // Written out, so that it is the expression of the index.
        let beginning = Expr::cust(format!("substr(text, 1, {length})"));
        let query = Entity::find().filter(Column::TenantId.eq(tenant_id));
        let mut query = query.filter(beginning.eq(shared));
        if length > IN_EVERY_TEXT {
            query = query.filter(Expr::cust(format!("length(text) >= {length}")));
        }
        match self.length > INDEXED {
            true => query.filter(begins_with(Column::Text, &self.text)),
            false => query,
        }
    }
}

impl Database {
    /// A page of those of whom a text begins so and who signed up by these events.
    pub(super) async fn users_found(
        &self,
        tenant_id: i64,
        (beginning, seqs): (&Beginning, Seqs),
        direction: Direction,
        page: Page<Position>,
    ) -> Result<Rows<User>, StoreError> {
        let (query, seq) = match self.are_sorted(tenant_id, beginning).await? {
            // What was found is sorted: a database might rather read every text in order.
            true => (beginning.texts(tenant_id), Column::Seq.into_expr().add(0)),
            false => (beginning.in_order(tenant_id), Column::Seq.into_expr()),
        };
        let query = seqs.apply_to(query, seq.clone());
        let place = [seq, Column::N.into_expr()];
        let found = window(&self.reader, query, place, direction, &of_texts(&page)).await?;
        let mut ids: Vec<String> = found.into_iter().map(|text| text.user_id).collect();
        ids.dedup();
        self.users_in_order(tenant_id, Rows::cut(&page, ids)).await
    }

    /// Are those of whom a text begins so to be sorted? Not where an index has them in order.
    async fn are_sorted(&self, tenant_id: i64, beginning: &Beginning) -> Result<bool, StoreError> {
        if beginning.length <= INDEXED {
            return Ok(false);
        }
        let some = beginning.texts(tenant_id).select_only().column(Column::Seq);
        let some = some.order_by_asc(Column::Text).limit(SORTED + 1);
        let seqs: Vec<i64> = some.into_tuple().all(&self.reader).await?;
        Ok(seqs.len() as u64 <= SORTED)
    }

    /// The users with these ids, in this order.
    async fn users_in_order(
        &self,
        tenant_id: i64,
        ids: Rows<String>,
    ) -> Result<Rows<User>, StoreError> {
        let users = self.users_by_ids(tenant_id, &ids.rows).await?;
        let mut users: HashMap<String, User> =
            users.into_iter().map(|user| (user.id.clone(), user)).collect();
        let rows = ids.rows.iter().filter_map(|id| users.remove(id)).collect();
        Ok(Rows { rows, has_next: ids.has_next, has_previous: ids.has_previous })
    }

    /// How many users have a text that begins so and signed up by these events.
    pub(super) async fn count_found(
        &self,
        tenant_id: i64,
        (beginning, seqs): (&Beginning, Seqs),
    ) -> Result<Count, StoreError> {
        let mut texts = beginning.texts(tenant_id).select_only().column(Column::Seq);
        if seqs == Seqs::default() {
            texts = texts.order_by_asc(Column::Text).limit(TEXTS * (Count::CAP + 1));
        }
        let texts = seqs.apply_to(texts, Column::Seq.into_expr().add(0)).into_query();
        let users =
            Query::select().distinct().column(Column::Seq).from_subquery(texts, "texts").take();
        count_rows(&self.reader, users).await
    }
}

/// The texts that begin so, by the index of whole texts.
pub(super) fn texts(tenant_id: i64, beginning: &str) -> Select<Entity> {
    Entity::find()
        .filter(Column::TenantId.eq(tenant_id))
        .filter(Column::Text.gte(beginning))
        .filter(Column::Text.lt(format!("{beginning}{}", char::MAX)))
}

/// Does a text begin so? Compared row by row.
pub(super) fn begins_with(text: impl ColumnTrait, beginning: &str) -> Expr {
    let length = i32::try_from(beginning.chars().count()).unwrap_or(i32::MAX);
    let begins = Func::cust("substr").arg(text.into_expr()).arg(1_i32).arg(length);
    Expr::from(begins).eq(beginning)
}

/// The page of texts that has the page of users: each of them may have been found by every text.
fn of_texts(page: &Page<Position>) -> Page<Position> {
    let size = TEXTS * (page.window.size() + 1);
    let window = match page.window {
        Window::First(_) => Window::First(size),
        Window::Last(_) => Window::Last(size),
    };
    Page { window, ..*page }
}
