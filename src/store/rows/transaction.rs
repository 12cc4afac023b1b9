//! `transactions`, with their `uses` of lots and `reversals`.

use sea_orm::entity::prelude::*;

use super::{Row, cells};
use crate::domain::records::{AccountKey, Position, Transaction};
use crate::store::StoreError;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "transactions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub seq: i64,
    pub n: i32,
    pub user_id: String,
    pub unit: String,
    pub amount: i64,
    pub balance_after: i64,
    pub source: String,
    pub lot_id: Option<Uuid>,
    pub reverses: Option<Uuid>,
    pub forgiven: Option<i64>,
    pub decision_id: Option<Uuid>,
    pub reference_id: Option<String>,
    pub description: Option<String>,
    pub granted_by: Option<String>,
    pub space_id: Option<String>,
    pub expires_at: Option<i64>,
    pub effective_at: i64,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Row for Model {
    type Record = Transaction;

    fn of(tenant_id: i64, transaction: &Transaction) -> Result<Self, StoreError> {
        Ok(Self {
            tenant_id,
            id: transaction.id,
            seq: transaction.position.seq,
            n: transaction.position.n,
            user_id: transaction.account.user_id.clone(),
            unit: transaction.account.unit.clone(),
            amount: transaction.amount.get(),
            balance_after: transaction.balance_after.get(),
            source: transaction.source.clone(),
            lot_id: transaction.lot_id,
            reverses: transaction.reverses,
            forgiven: transaction.forgiven.map(|amount| amount.get()),
            decision_id: transaction.decision_id,
            reference_id: transaction.reference_id.clone(),
            description: transaction.description.clone(),
            granted_by: transaction.granted_by.clone(),
            space_id: transaction.space_id.clone(),
            expires_at: cells::micros_of(transaction.expires_at),
            effective_at: cells::micros(transaction.effective_at),
            created_at: cells::micros(transaction.created_at),
        })
    }

    /// The entry without its uses, which stand in rows of their own.
    fn record(self) -> Result<Transaction, StoreError> {
        Ok(Transaction {
            id: self.id,
            position: Position { seq: self.seq, n: self.n },
            account: AccountKey { user_id: self.user_id, unit: self.unit },
            amount: cells::amount(self.amount)?,
            balance_after: cells::amount(self.balance_after)?,
            source: self.source,
            lot_id: self.lot_id,
            reverses: self.reverses,
            forgiven: cells::amount_of(self.forgiven)?,
            decision_id: self.decision_id,
            reference_id: self.reference_id,
            description: self.description,
            granted_by: self.granted_by,
            space_id: self.space_id,
            expires_at: cells::time_of(self.expires_at)?,
            effective_at: cells::time(self.effective_at)?,
            created_at: cells::time(self.created_at)?,
            uses: Vec::new(),
        })
    }
}

/// `uses`.
pub mod lot_use {
    use sea_orm::entity::prelude::*;

    use crate::domain::records::{Transaction, Use, UseKind};
    use crate::store::StoreError;
    use crate::store::rows::cells;
    use crate::store::rows::words::Word;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "uses")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub transaction_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub ordinal: i32,
        pub lot_id: Uuid,
        pub amount: i64,
        pub kind: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl Model {
        /// The rows of a transaction's uses.
        pub fn of(tenant_id: i64, transaction: &Transaction) -> impl Iterator<Item = Self> {
            (0..).zip(&transaction.uses).map(move |(ordinal, lot_use)| Self {
                tenant_id,
                transaction_id: transaction.id,
                ordinal,
                lot_id: lot_use.lot_id,
                amount: lot_use.amount.get(),
                kind: lot_use.kind.word().to_owned(),
            })
        }

        /// The use.
        pub fn lot_use(self) -> Result<Use, StoreError> {
            Ok(Use {
                lot_id: self.lot_id,
                amount: cells::amount(self.amount)?,
                kind: UseKind::of_word(&self.kind)?,
            })
        }
    }
}

/// `reversals`.
pub mod reversal {
    use sea_orm::entity::prelude::*;

    use crate::domain::records::Reversal;
    use crate::store::StoreError;
    use crate::store::rows::Row;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "reversals")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub of_id: Uuid,
        pub by_id: Uuid,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl Row for Model {
        type Record = Reversal;

        fn of(tenant_id: i64, reversal: &Reversal) -> Result<Self, StoreError> {
            Ok(Self { tenant_id, of_id: reversal.of, by_id: reversal.by })
        }

        fn record(self) -> Result<Reversal, StoreError> {
            Ok(Reversal { of: self.of_id, by: self.by_id })
        }
    }
}
