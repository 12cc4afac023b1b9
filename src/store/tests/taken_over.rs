//! What an earlier version of the schema kept is taken over by the newest.

use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DbBackend};

use super::finding::status_page;
use super::{on_each_bare, on_sqlite};
use crate::domain::records::Status;
use crate::domain::state::{Key, Slice};
use crate::domain::time::Time;
use crate::store::{Invariant, Page};

/// Two notices of one event, by two decisions about different users, and somebody who was erased.
const OLD: [&str; 5] = [
    "INSERT INTO tenants (id, slug, name, program, jwt_secret, created_at)
        VALUES (1, 'one', 'One', 'p', 'secret', 0)",
    "INSERT INTO lanes VALUES (1, 9, 0, 'p', 'h', 0, '{}', 1, 0)",
    "INSERT INTO users (tenant_id, id, number, id_search, email_verified, seq, n, created_at,
            erased_at, purchase_count, purchase_total, clicks, signups, conversions, credited,
            referral_earned, steps, onboarding_dismissed, prompt_dismissed, unread, read_through)
        VALUES (1, 'zeb', 1, 'zeb', FALSE, 1, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, '{}', FALSE, FALSE, 0, 0)",
    "INSERT INTO notices (tenant_id, id, seq, n, user_id, kind, message, is_read, created_at) VALUES
        (1, {1}, 7, 0, 'ann', 'joined', 'Zeb joined', FALSE, 0),
        (1, {2}, 7, 2, 'ann', 'step', 'You did it', FALSE, 0)",
    "INSERT INTO decisions (tenant_id, id, seq, n, sheet_seq, sheet_n, event, user_id, rule, outcome,
            effects, program_hash, settings_version, duration_micros, created_at) VALUES
        (1, {3}, 7, 1, 7, 0, 'referred', 'zeb', 'r', 'REWARDED', '[]', 'h', 0, 0, 0),
        (1, {4}, 7, 3, 7, 1, 'step_completed', 'ann', 'r', 'REWARDED', '[]', 'h', 0, 0, 0)",
];

/// The statement with `{1}` and so on as ids in the words of the database.
fn with_ids(statement: &str, backend: DbBackend) -> String {
    (1..=4).fold(statement.to_owned(), |text, number| {
        let id = match backend {
            DbBackend::Sqlite => format!("x'{number:032x}'"),
            _ => format!("CAST('{number:032x}' AS UUID)"),
        };
        text.replace(&format!("{{{number}}}"), &id)
    })
}

#[tokio::test]
async fn notices_learn_whom_they_are_about_and_the_erased_are_forgotten_again() {
    on_each_bare(async |database| {
        Migrator::up(&database.writer, Some(1)).await.unwrap();
        for statement in OLD {
            let statement = with_ids(statement, database.writer.get_database_backend());
            database.writer.execute_unprepared(&statement).await.unwrap();
        }
        database.migrate().await.unwrap();
        let notices = async || {
            let page = database.notices_page(1, "ann", None, Page::first(5)).await.unwrap();
            let seen = page.rows.into_iter().map(|notice| (notice.about_id, notice.message));
            seen.map(|(about, text)| (about.unwrap_or_default(), text)).collect::<Vec<_>>()
        };
        let pair = |about: &str, text: &str| (about.to_owned(), text.to_owned());
        assert_eq!(notices().await, [pair("ann", "You did it"), pair("zeb", "Zeb joined")]);
        assert_eq!(database.unforgotten(1, None, 5).await.unwrap(), ["zeb"]);
        assert!(!database.erase_some(1, "zeb", 5).await.unwrap());
        assert_eq!(notices().await, [pair("ann", "You did it"), pair("zeb", "")]);
    })
    .await;
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing_and_is_made_later() {
    let sqlite = on_sqlite().await;
    let database = &sqlite.database;
    let run = async |statement: &str| database.writer.execute_unprepared(statement).await;
    Migrator::up(&database.writer, Some(1)).await.unwrap();
    for statement in &RICH[..5] {
        run(&with_ids(statement, DbBackend::Sqlite)).await.unwrap();
    }
    // It stands where the count of the boss's referrals is to go.
    run("INSERT INTO tallies VALUES (1, 'user:boss', 'referrals', 7)").await.unwrap();
    database.migrate().await.unwrap_err();
    run("SELECT reviewed_by FROM lots").await.unwrap_err();
    assert!(!database.is_migrated().await.unwrap());
    run("DELETE FROM tallies").await.unwrap();
    database.migrate().await.unwrap();
    run("SELECT reviewed_by FROM lots").await.unwrap();
    assert!(database.is_migrated().await.unwrap());
    Migrator::down(&database.writer, Some(3)).await.unwrap();
    run("SELECT reviewed_by FROM lots").await.unwrap_err();
    run("DROP INDEX lots_open").await.unwrap();
}

/// Lots of several kinds, of which one is on hold, one ended and one lasts; a referral, the purchases
/// around it, and a referrer's days.
const RICH: [&str; 7] = [
    OLD[0],
    "INSERT INTO lanes VALUES (1, 9, 100, 'p', 'h', 0, '{}', 1, 0)",
    "INSERT INTO users (tenant_id, id, number, id_search, email_verified, seq, n, created_at,
            referrer_id, purchase_count, purchase_total, clicks, signups, conversions, credited,
            referral_earned, steps, onboarding_dismissed, prompt_dismissed, unread, read_through)
        VALUES (1, 'ann', 1, 'ann', FALSE, 1, 0, 0, 'boss', 0, 0, 0, 0, 0, 0, 0, '{}', FALSE, FALSE,
            0, 0)",
    "INSERT INTO lots (tenant_id, id, user_id, unit, kind, state, is_open, amount, remaining, spent,
            expired, reversed, forgiven, owed, demanded, on_refund, source, priority, seq, n,
            created_at, available_from, expires_at) VALUES
        (1, {1}, 'ann', 'USD', 'CREDIT', 'HELD', TRUE, 5, 5, 0, 0, 0, 0, 0, 0, 'full', 's', 50, 1, 1,
            0, 200, NULL),
        (1, {2}, 'ann', 'USD', 'CREDIT', 'BOOKED', TRUE, 5, 5, 0, 0, 0, 0, 0, 0, 'full', 's', 50, 1, 2,
            0, 0, 300),
        (1, {3}, 'ann', 'pro', 'FEATURE', 'BOOKED', FALSE, 0, 0, 0, 0, 0, 0, 0, 0, 'full', 's', 50, 1,
            3, 0, 0, 100),
        (1, {4}, 'ann', 'USD', 'STRIPE_BALANCE', 'FAILED', FALSE, 5, 5, 0, 0, 0, 0, 0, 0, 'full', 's',
            50, 1, 4, 0, 0, NULL)",
    "INSERT INTO referrals (tenant_id, id, code, status, referrer_id, referee_id, seq, n,
            signed_up_at, bonus_earned) VALUES (1, {1}, 'C', 'HELD', 'boss', 'ann', 5, 0, 0, 0)",
    "INSERT INTO purchases (tenant_id, id, user_id, amount, refunded, data, seq, n, occurred_at,
            created_at, is_first, lots) VALUES
        (1, 'before', 'ann', 9, 0, '{}', 4, 0, 0, 0, TRUE, '[]'),
        (1, 'with it', 'ann', 9, 0, '{}', 5, 1, 0, 0, FALSE, '[]')",
    "INSERT INTO referrer_days VALUES (1, '2026-10-31', 'boss', 1, 5), (1, '2026-11-01', 'boss', 2, 7),
        (1, '2026-11-30', 'boss', 1, 8)",
];

#[tokio::test]
async fn rewards_referrers_and_purchases_learn_how_they_stand() {
    on_each_bare(async |database| {
        Migrator::up(&database.writer, Some(1)).await.unwrap();
        for statement in RICH {
            let statement = with_ids(statement, database.writer.get_database_backend());
            database.writer.execute_unprepared(&statement).await.unwrap();
        }
        database.migrate().await.unwrap();
        let time = |micros| Time::from_timestamp_micros(micros).unwrap();
        for at in [100, 150, 200, 300, 400] {
            let mut found = 0;
            for status in [Status::Pending, Status::Active, Status::Expired, Status::Failed] {
                let rewards = status_page(&database, 1, (status, time(at)), Page::first(9)).await;
                let rewards = rewards.rows;
                assert!(rewards.iter().all(|lot| lot.status_at(time(at)) == status), "{at}");
                found += rewards.len();
            }
            assert_eq!(found, 4, "{at}");
        }
        let snapshot = database.snapshot(1, "USD").await.unwrap();
        for invariant in Invariant::all() {
            let name = invariant.name;
            let about_what_is_new =
                ["a lot's row", "a referrer's months", "a referrer's referrals"];
            if about_what_is_new.iter().any(|begin| name.starts_with(begin)) {
                assert_eq!(snapshot.broken(invariant).await.unwrap(), [], "{name}");
            }
        }
        drop(snapshot);
        let key = |id: &str| Key::Purchase(id.to_owned());
        let mut slice = Slice::new(database.lane(1).await.unwrap());
        database.load(1, &mut slice, &[key("before"), key("with it")].into()).await.unwrap();
        let referred = |id: &str| slice.tables.purchases[id].as_ref().unwrap().referred;
        assert_eq!((referred("before"), referred("with it")), (false, true));
    })
    .await;
}
