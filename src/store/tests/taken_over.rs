//! What an earlier version of the schema kept is taken over by the newest.

use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DbBackend};

use super::on_each_bare;
use crate::store::Page;

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
        assert_eq!(database.unforgotten(1, 5).await.unwrap(), ["zeb"]);
        assert!(!database.erase_some(1, "zeb", 5).await.unwrap());
        assert_eq!(notices().await, [pair("ann", "You did it"), pair("zeb", "")]);
    })
    .await;
}
