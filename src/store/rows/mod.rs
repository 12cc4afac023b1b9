//! The tables as SeaORM sees them, one noun a file, and the way from a record to its row and back.
//! Nothing of this leaves the store.

pub mod account;
pub mod cells;
pub mod code;
pub mod counting;
pub mod decision;
pub mod erasure;
pub mod event;
pub mod lane;
pub mod lot;
pub mod mark;
pub mod notice;
pub mod program;
pub mod promo;
pub mod purchase;
pub mod referral;
pub mod tenant;
pub mod transaction;
pub mod user;
pub mod user_text;
pub mod words;

use super::StoreError;

/// A row that holds one record of a tenant.
pub trait Row: Sized {
    /// The record as the domain sees it.
    type Record;

    /// The row of a tenant's record.
    fn of(tenant_id: i64, record: &Self::Record) -> Result<Self, StoreError>;
    /// The record that the row holds; an error when the row cannot be one.
    fn record(self) -> Result<Self::Record, StoreError>;
}

/// The records of many rows, in their order.
pub fn records<M: Row>(rows: Vec<M>) -> Result<Vec<M::Record>, StoreError> {
    rows.into_iter().map(Row::record).collect()
}
