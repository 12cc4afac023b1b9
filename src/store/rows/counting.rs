//! `cap_uses`, `attempts`, `onces`, `fingerprints`, `tallies`, `referrer_days` and
//! `referrer_months`.

/// `cap_uses`.
pub mod cap_use {
    use sea_orm::entity::prelude::*;

    use crate::domain::records::{CapKey, CapUse};
    use crate::store::StoreError;
    use crate::store::rows::Row;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "cap_uses")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub cap: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub cap_window: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub subject: String,
        pub used: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl Row for Model {
        type Record = CapUse;

        fn of(tenant_id: i64, cap_use: &CapUse) -> Result<Self, StoreError> {
            let CapKey { cap, subject, window } = cap_use.key.clone();
            Ok(Self { tenant_id, cap, cap_window: window, subject, used: cap_use.used })
        }

        fn record(self) -> Result<CapUse, StoreError> {
            let key = CapKey { cap: self.cap, subject: self.subject, window: self.cap_window };
            Ok(CapUse { key, used: self.used })
        }
    }
}

/// `attempts`.
pub mod attempts {
    use sea_orm::entity::prelude::*;

    use crate::domain::records::{Attempts, AttemptsKey};
    use crate::store::StoreError;
    use crate::store::rows::{Row, cells};

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "attempts")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub action: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub subject: String,
        /// Microseconds since 1970, oldest first, as JSON.
        pub times: String,
        pub last_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl Row for Model {
        type Record = Attempts;

        fn of(tenant_id: i64, attempts: &Attempts) -> Result<Self, StoreError> {
            let AttemptsKey { action, subject } = attempts.key.clone();
            let times: Vec<i64> = attempts.times.iter().copied().map(cells::micros).collect();
            let last_at = times.last().copied().unwrap_or_default();
            Ok(Self { tenant_id, action, subject, times: cells::json(&times)?, last_at })
        }

        fn record(self) -> Result<Attempts, StoreError> {
            let key = AttemptsKey { action: self.action, subject: self.subject };
            let times: Vec<i64> = cells::parse(&self.times)?;
            let times = times.into_iter().map(cells::time).collect::<Result<_, _>>()?;
            Ok(Attempts { key, times })
        }
    }
}

/// `onces`.
pub mod once {
    use sea_orm::entity::prelude::*;

    use crate::domain::records::{Once, OnceKey};
    use crate::store::StoreError;
    use crate::store::rows::{Row, cells};

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "onces")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub user_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub once_key: String,
        pub at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl Row for Model {
        type Record = Once;

        fn of(tenant_id: i64, once: &Once) -> Result<Self, StoreError> {
            let OnceKey { user_id, key } = once.key.clone();
            Ok(Self { tenant_id, user_id, once_key: key, at: cells::micros(once.at) })
        }

        fn record(self) -> Result<Once, StoreError> {
            let key = OnceKey { user_id: self.user_id, key: self.once_key };
            Ok(Once { key, at: cells::time(self.at)? })
        }
    }
}

/// `fingerprints`: a row for each user seen with one.
pub mod fingerprint {
    use sea_orm::entity::prelude::*;

    use crate::domain::records::Fingerprint;
    use crate::store::rows::cells;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "fingerprints")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub kind: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub hash: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub user_id: String,
        pub at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl Model {
        /// The rows of those who were seen.
        pub fn of(tenant_id: i64, print: &Fingerprint) -> impl Iterator<Item = Self> {
            print.seen.iter().map(move |(user_id, at)| Self {
                tenant_id,
                kind: print.key.kind.clone(),
                hash: print.key.hash.clone(),
                user_id: user_id.clone(),
                at: cells::micros(*at),
            })
        }
    }
}

/// `tallies`.
pub mod tally {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tallies")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub scope: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub value: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// `referrer_days`.
pub mod referrer_day {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "referrer_days")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub day: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub user_id: String,
        pub credited: i64,
        pub earned: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// `referrer_months`.
pub mod referrer_month {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "referrer_months")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub month: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub user_id: String,
        pub credited: i64,
        pub earned: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
