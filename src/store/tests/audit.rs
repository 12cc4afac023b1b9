//! Each invariant is true of a sound tenant, and finds the row that breaks it.

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};

use super::{on_each, save, sound, tenant};
use crate::store::{Broken, Database, Invariant, Snapshot};

/// What breaks, the beginning of the invariant that finds it, and a part of the row's name.
const WOUNDS: &[(&str, &str, &str)] = &[
    ("UPDATE events SET seq = 7 WHERE seq = 5", "events are numbered", "event 7"),
    ("UPDATE lanes SET seq = 6", "the lane knows", "lane"),
    ("UPDATE events SET at = 1 WHERE seq = 3", "the lane's time", "event 3"),
    ("UPDATE transactions SET seq = 9 WHERE seq = 5", "every transaction belongs", "000034"),
    ("UPDATE decisions SET sheet_seq = 4", "every decision has", "decision "),
    ("UPDATE event_personal SET personal = '{}' WHERE seq = 4", "what is personal", "event 4"),
    ("UPDATE fact_personal SET personal = '{}'", "what is personal", "fact sheet 2 0"),
    (
        "UPDATE accounts SET balance = 7, earned = 107 WHERE user_id = 'ann'",
        "an account's balance is the sum",
        "account ann USD",
    ),
    (
        "UPDATE accounts SET debt = 5 WHERE user_id = 'boss'",
        "an account's balance is what is left",
        "account boss USD",
    ),
    (
        "UPDATE accounts SET used = 41 WHERE user_id = 'ann'",
        "an account's balance is earned",
        "account ann USD",
    ),
    (
        "UPDATE transactions SET balance_after = 1 WHERE seq = 5",
        "an account's balance is the balance after",
        "account ann USD",
    ),
    ("UPDATE transactions SET balance_after = 61 WHERE seq = 4", "each balance after", "000032"),
    (
        "UPDATE accounts SET pending = 29 WHERE user_id = 'ann'",
        "an account's pending",
        "account ann USD",
    ),
    (
        "UPDATE accounts SET earned = 99, used = 39 WHERE user_id = 'ann'",
        "an account's earned",
        "account ann USD",
    ),
    (
        "UPDATE accounts SET expired = 59, used = 41 WHERE user_id = 'ann'",
        "an account's expired",
        "account ann USD",
    ),
    ("UPDATE accounts SET next_due_at = NULL", "an account is due", "account ann USD"),
    (
        "UPDATE transactions SET amount = -41, balance_after = 59 WHERE seq = 4",
        "a spend or an expiry",
        "000032",
    ),
    (
        "INSERT INTO reversals SELECT tenant_id, id, id FROM transactions WHERE seq = 4",
        "a spend's reversal",
        "000032",
    ),
    ("UPDATE lots SET remaining = 1 WHERE user_id = 'boss'", "what is left of a lot", "000023"),
    ("UPDATE uses SET amount = -39 WHERE kind = 'SPEND'", "what is left of a booked", "000021"),
    ("UPDATE lots SET spent = 39, remaining = 1 WHERE expired = 60", "what was spent", "000021"),
    ("UPDATE uses SET kind = 'SPEND' WHERE kind = 'EXPIRY'", "what expired", "000021"),
    (
        "UPDATE lots SET reversed = 5, remaining = 95 WHERE user_id = 'boss'",
        "what was taken back",
        "000023",
    ),
    ("UPDATE lots SET forgiven = 101 WHERE user_id = 'boss'", "no more is undone", "000023"),
    ("UPDATE lots SET is_open = NOT is_open WHERE state = 'HELD'", "a lot is marked", "000022"),
    ("UPDATE lots SET transaction_id = NULL WHERE user_id = 'boss'", "a booked lot has", "000023"),
    ("UPDATE lots SET user_id = 'boss' WHERE expired = 60", "every use is", "000032"),
    ("UPDATE cap_uses SET used = 2", "a cap's use", "cap uses ever boss"),
    ("UPDATE users SET signups = 2 WHERE id = 'boss'", "a user's sign-ups", "user boss"),
    ("UPDATE users SET conversions = 0 WHERE id = 'boss'", "a user's conversions", "user boss"),
    ("UPDATE users SET credited = 4 WHERE id = 'boss'", "a user's credited", "user boss"),
    ("UPDATE users SET referral_earned = 4 WHERE id = 'boss'", "what a user earned", "user boss"),
    ("UPDATE referrals SET bonus_earned = 99", "a referral's bonus", "referral "),
    ("UPDATE users SET purchase_count = 0 WHERE id = 'ann'", "a user's purchases are", "user ann"),
    ("UPDATE users SET purchase_total = 5 WHERE id = 'ann'", "a user's purchases come", "user ann"),
    ("UPDATE purchases SET refunded = 1001", "no more is refunded", "purchase pay-1"),
    ("UPDATE users SET unread = 2 WHERE id = 'ann'", "a user's unread", "user ann"),
    ("UPDATE referrer_days SET credited = 2", "a referrer's days come to the", "user boss"),
    ("UPDATE referrer_days SET earned = 2", "a referrer's days come to what", "user boss"),
    ("DELETE FROM user_texts WHERE user_id = 'ann'", "a user is found", "user ann"),
    ("UPDATE user_texts SET n = 1 WHERE user_id = 'boss'", "a user is found", "user boss"),
    ("UPDATE promos SET redemptions = 0", "a promotion code's", "promotion code TEN"),
    ("UPDATE lanes SET users = 3", "the lane counts the users", "lane"),
    ("UPDATE users SET number = 3 WHERE id = 'ann'", "users are numbered", "user ann"),
    ("UPDATE lanes SET credited_referrals = 0", "the lane counts the credited", "lane"),
    (
        "UPDATE tallies SET value = 9 WHERE scope = 'user:ann' AND name = 'transactions:manual'",
        "totals of transactions",
        "user:ann transactions:manual",
    ),
    ("UPDATE referrals SET status = 'HELD'", "totals of referrals", "referrals:HELD"),
    ("UPDATE tallies SET value = 9 WHERE name = 'bonus_earned'", "the total of bonuses", "bonus"),
    ("UPDATE tallies SET value = 9 WHERE name = 'outstanding'", "what is outstanding", "outst"),
    ("UPDATE tallies SET value = 9 WHERE name = 'accounts:USD'", "the accounts in", "accounts:USD"),
    ("UPDATE users SET number = 0 WHERE id = 'ann'", "the accounts in", "accounts:USD"),
    ("UPDATE tallies SET value = 9 WHERE name = 'issued'", "the days' amounts", "issued"),
    ("UPDATE tallies SET value = 9 WHERE name = 'rewards_begun'", "the days' counts", "begun"),
    ("UPDATE tallies SET value = 9 WHERE name = 'revenue'", "the days' revenue", "revenue"),
    ("UPDATE purchases SET referred = FALSE", "the days' revenue", "revenue"),
    ("UPDATE tallies SET value = 9 WHERE name = 'bonus_paid'", "the days' bonuses", "bonus_paid"),
    ("UPDATE referrals SET converted_at = 5000000 + signed_up_at", "the days' seconds", "seconds"),
    ("UPDATE referrer_days SET credited = 2", "a referrer's months", "boss 2025-11 credited"),
    ("UPDATE referrer_months SET earned = 2", "a referrer's months", "boss 2025-11 earned"),
    (
        "UPDATE tallies SET value = 9 WHERE scope = 'user:boss' AND name = 'referrals'",
        "a referrer's referrals",
        "user:boss referrals",
    ),
    (
        "UPDATE tallies SET name = 'referrals:HELD' WHERE scope = 'user:boss'
            AND name = 'referrals:CREDITED'",
        "a referrer's referrals",
        "user:boss referrals:HELD",
    ),
    ("UPDATE lots SET status = 'ACTIVE' WHERE state = 'HELD'", "a lot's row says", "000022"),
    ("UPDATE lots SET due_at = 1001 + due_at WHERE state = 'HELD'", "a lot's row says", "000022"),
    ("UPDATE lots SET ends = 9 WHERE user_id = 'boss'", "a lot's row says", "000023"),
];

/// The constraints that would not let most of it happen.
const GUARDS: &[(&str, &[&str])] = &[
    ("accounts", &["accounts_balance", "accounts_signs", "accounts_user"]),
    ("lots", &["lots_remaining"]),
    ("purchases", &["purchases_refunded"]),
    ("event_personal", &["event_personal_event"]),
    ("uses", &["uses_transaction"]),
];

/// A transaction in which the guards are down.
async fn unguarded(database: &Database) -> DatabaseTransaction {
    let writer = &database.writer;
    if database.kind() == "sqlite" {
        let off = "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON";
        writer.execute_unprepared(off).await.unwrap();
    }
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let transaction = writer.begin_with_options(options).await.unwrap();
    if transaction.get_database_backend() == DbBackend::Postgres {
        for (table, constraint) in
            GUARDS.iter().flat_map(|(table, names)| names.iter().map(move |name| (table, name)))
        {
            let drop = format!("ALTER TABLE {table} DROP CONSTRAINT {constraint}");
            transaction.execute_unprepared(&drop).await.unwrap();
        }
    }
    transaction
}

async fn findings(snapshot: &Snapshot) -> Vec<(&'static str, Broken)> {
    let mut found = Vec::new();
    for invariant in Invariant::all() {
        let broken = snapshot.broken(invariant).await.unwrap();
        found.extend(broken.into_iter().map(|row| (invariant.name, row)));
    }
    found
}

#[tokio::test]
async fn every_invariant_finds_what_breaks_it() {
    on_each(async |database| {
        let tenant_id = tenant(&database, "one").await.id;
        let lane = database.lane(tenant_id).await.unwrap();
        save(&database, tenant_id, &sound::change(&lane)).await;
        let sound = database.snapshot(tenant_id, "USD").await.unwrap();
        assert_eq!(findings(&sound).await, []);
        drop(sound);
        for (wound, invariant, row) in WOUNDS {
            let transaction = unguarded(&database).await;
            transaction.execute_unprepared(wound).await.unwrap();
            let digests = database.digests(&database.reader, tenant_id).await.unwrap();
            let unit = "USD".to_owned();
            let ledger_key = None;
            let snapshot = Snapshot { transaction, tenant_id, unit, digests, ledger_key };
            let found = findings(&snapshot).await;
            let hit = (found.iter())
                .any(|(name, broken)| name.starts_with(invariant) && broken.row.contains(row));
            assert!(hit, "{wound}: {found:#?}");
            snapshot.transaction.rollback().await.unwrap();
        }
        let wounded: Vec<&str> = WOUNDS.iter().map(|(_, invariant, _)| *invariant).collect();
        for invariant in Invariant::all() {
            let tried = wounded.iter().any(|begin| invariant.name.starts_with(begin));
            assert!(tried, "nothing breaks {:?}", invariant.name);
        }
    })
    .await;
}

#[tokio::test]
async fn a_snapshot_does_not_see_what_is_written_meanwhile() {
    on_each(async |database| {
        let tenant_id = tenant(&database, "one").await.id;
        let lane = database.lane(tenant_id).await.unwrap();
        let snapshot = database.snapshot(tenant_id, "USD").await.unwrap();
        assert_eq!(findings(&snapshot).await, []);
        let mut change = sound::change(&lane);
        change.lane = None;
        save(&database, tenant_id, &change).await;
        assert_eq!(findings(&snapshot).await, []);
        drop(snapshot);
        let snapshot = database.snapshot(tenant_id, "USD").await.unwrap();
        assert!(!findings(&snapshot).await.is_empty());
    })
    .await;
}
