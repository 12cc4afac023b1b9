//! What else is found: rewards by status, leaders, keys, programs, notices, what is due.

use serde_json::json;

use super::{on_each, samples, save, tenant};
use crate::domain::records::{
    AccountKey, Event, Kind, Lane, Lot, LotState, Position, Status, TallyKey,
};
use crate::domain::state::Change;
use crate::domain::time::{Time, month_of};
use crate::store::{
    ApiKey, Database, KeyRole, Metric, Page, ProgramVersion, ReferralFilter, RewardFilter, Rows,
    Window,
};

/// A lot in each combination of kind, state, times and amounts.
fn every_lot() -> Vec<Lot> {
    let mut lots = Vec::new();
    for kind in [Kind::Credit, Kind::Quota, Kind::Feature, Kind::StripeBalance] {
        for state in [LotState::Held, LotState::Booked, LotState::Cancelled, LotState::Failed] {
            for available in [-10, 0, 10] {
                for end in [None, Some(-5), Some(0), Some(5)] {
                    for (remaining, expired) in [(5, 0), (0, 0), (0, 5)] {
                        let seq = i64::try_from(lots.len()).unwrap() + 1;
                        let number = u128::try_from(seq).unwrap();
                        let mut lot = samples::lot(number, "ann", Position { seq, n: 0 });
                        lot.kind = kind;
                        lot.state = state;
                        lot.available_from = samples::at(available);
                        lot.expires_at = end.map(samples::at);
                        lot.amount = samples::amount(5);
                        lot.remaining = samples::amount(remaining);
                        lot.expired = samples::amount(expired);
                        lot.reversed = samples::amount(0);
                        lot.spent = samples::amount(5 - remaining - expired);
                        lots.push(lot);
                    }
                }
            }
        }
    }
    lots
}

/// A page of the rewards of a status at a time, of accounts that owe nothing.
pub async fn status_page(
    database: &Database,
    tenant_id: i64,
    (status, at): (Status, Time),
    page: Page<Position>,
) -> Rows<Lot> {
    let filter = RewardFilter::default();
    let found = database.rewards_of_status(tenant_id, &filter, (status, at), &page).await.unwrap();
    assert!(found.kept.len() as u64 <= page.window.size() + 1);
    let mut rewards = found.due;
    rewards.retain(|lot| lot.status_at(at) == status);
    rewards.extend(found.kept);
    rewards.sort_unstable_by_key(|lot| lot.created);
    if matches!(page.window, Window::First(_)) {
        rewards.reverse();
    }
    Rows::cut(&page, rewards)
}

/// The rewards of a status at a time, read in pages of 50 forward and in one page from the end.
async fn of_status(database: &Database, tenant_id: i64, status: Status, at: Time) -> Vec<Lot> {
    let page = async |page| status_page(database, tenant_id, (status, at), page).await;
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let rows = page(Page { after, ..Page::first(50) }).await;
        after = rows.rows.last().map(|lot| lot.created);
        found.extend(rows.rows);
        if !rows.has_next {
            break;
        }
    }
    assert_eq!(page(Page::last(1_000)).await.rows, found);
    found
}

const EVERY_STATUS: [Status; 6] = [
    Status::Pending,
    Status::Active,
    Status::Redeemed,
    Status::Expired,
    Status::Cancelled,
    Status::Failed,
];

#[tokio::test]
async fn the_store_and_the_domain_agree_on_every_rewards_status_at_any_time() {
    on_each(async |database| {
        for saved in [-20, -5, 0] {
            let tenant_id = tenant(&database, &format!("saved{saved}")).await.id;
            let lots = every_lot();
            let lane = database.lane(tenant_id).await.unwrap();
            let mut change = Change::default();
            change.put(samples::user("ann", 1));
            for lot in lots.clone() {
                change.put_lot(lot);
            }
            change.lane = Some(Lane { last_at: samples::at(saved), ..lane });
            save(&database, tenant_id, &change).await;
            for at in [-20, -10, -7, -5, 0, 3, 5, 7, 10, 12].into_iter().filter(|at| *at >= saved) {
                for status in EVERY_STATUS {
                    let at = samples::at(at);
                    let mut expected = lots.clone();
                    expected.retain(|lot| lot.status_at(at) == status);
                    expected.reverse();
                    assert_eq!(of_status(&database, tenant_id, status, at).await, expected);
                }
                let due = database.due_rewards(tenant_id, samples::at(at), 999).await.unwrap();
                for lot in &lots {
                    let status = lot.status_at(samples::at(at));
                    let changed = lot.status_at(samples::at(saved)) != status;
                    let noted = due.contains(&lot.id) || lot.is_open();
                    assert!(noted || !changed, "{lot:?}");
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn rewards_are_found_by_account_referral_and_kind() {
    on_each(async |database| {
        let tenant_id = tenant(&database, "one").await.id;
        let lots = every_lot();
        let mut change = Change::default();
        change.put(samples::user("ann", 1));
        for lot in lots.clone() {
            change.put_lot(lot);
        }
        save(&database, tenant_id, &change).await;
        let account = samples::key("ann");
        let usable = database.usable_lots(tenant_id, &account, samples::at(0), 9_999).await;
        let usable = usable.unwrap();
        assert!(usable.is_sorted_by_key(Lot::burn_order));
        assert!(usable.iter().all(|lot| lot.status_at(samples::at(0)) == Status::Active));
        let of_referral = database.lots_by_referrals(tenant_id, &[samples::id(9)]).await.unwrap();
        assert_eq!(of_referral.len(), lots.len());
        let quotas = RewardFilter { kind: Some(Kind::Quota), ..Default::default() };
        let quotas = database.rewards_page(tenant_id, &quotas, Page::first(1_000)).await.unwrap();
        assert_eq!(quotas.rows.len(), lots.len() / 4);
    })
    .await;
}

#[tokio::test]
async fn leaders_are_ranked_for_all_time_and_for_days() {
    on_each(async |database| {
        let tenant_id = tenant(&database, "one").await.id;
        let day = samples::at(0).date_naive();
        let mut change = Change::default();
        for (id, seq, credited, earned) in [("ann", 1, 2, 50), ("bob", 2, 1, 90), ("cay", 3, 0, 0)]
        {
            let mut user = samples::user(id, seq);
            user.credited = credited;
            user.referral_earned = samples::amount(earned);
            change.put(user);
            let earned = samples::amount(earned);
            change.tally_referrer(day, id, credited, earned).unwrap();
        }
        save(&database, tenant_id, &change).await;
        let mut again = Change::default();
        again.tally_referrer(day, "bob", 4, samples::amount(1)).unwrap();
        save(&database, tenant_id, &again).await;

        let all = database.leaders(tenant_id, Metric::Credited, 10).await.unwrap();
        assert_eq!(all.iter().map(|leader| leader.credited).collect::<Vec<_>>(), [2, 1]);
        let rich = database.leaders(tenant_id, Metric::Earned, 1).await.unwrap();
        assert_eq!(rich[0].user_id, "bob");
        let month = month_of(day);
        let of_month =
            database.leaders_of_month(tenant_id, &month, Metric::Credited, 10).await.unwrap();
        assert_eq!((of_month[0].user_id.as_str(), of_month[0].credited), ("bob", 5));
        assert_eq!((of_month[0].earned, of_month.len()), (samples::amount(91), 2));
        let other = database.leaders_of_month(tenant_id, "2025-10", Metric::Earned, 10).await;
        assert!(other.unwrap().is_empty());
        let days = (day, day);
        let of_day = database.leaders_of_days(tenant_id, days, Metric::Credited, 10).await.unwrap();
        assert_eq!((of_day[0].user_id.as_str(), of_day[0].credited), ("bob", 5));
        assert_eq!((of_day[0].earned, of_day.len()), (samples::amount(91), 2));
    })
    .await;
}

#[tokio::test]
async fn totals_grow_by_what_is_added() {
    on_each(async |database| {
        let tenant_id = tenant(&database, "one").await.id;
        let key = TallyKey::day(samples::at(0).date_naive(), "clicks");
        for by in [5, -2] {
            let mut change = Change::default();
            change.tally(key.clone(), by);
            change.tally(TallyKey::tenant("referrals"), by);
            change.tally(TallyKey::user("boss", "referrals"), by);
            save(&database, tenant_id, &change).await;
        }
        assert_eq!(database.tally(tenant_id, &key).await.unwrap(), 3);
        let scopes = [key.scope.clone(), String::new(), "user:nobody".to_owned()];
        let found = database.tallies(tenant_id, &scopes).await.unwrap();
        assert_eq!((found.len(), found.get(&key)), (2, Some(&3)));
        let count = database.count_referrals(tenant_id, &ReferralFilter::default()).await.unwrap();
        assert_eq!(count.total, 3);
        let lane = database.lane(tenant_id).await.unwrap();
        save(&database, tenant_id, &samples::change(&lane)).await;
        let filter = ReferralFilter { referrer_id: Some("boss".to_owned()), ..Default::default() };
        let count = database.count_referrals(tenant_id, &filter).await.unwrap();
        assert_eq!((count.total, count.capped), (3, false));
        let page = database.referrals_page(tenant_id, &filter, Page::first(5)).await.unwrap();
        assert_eq!(page.rows.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn keys_are_found_by_hash_until_revoked() {
    on_each(async |database| {
        let tenant_id = tenant(&database, "one").await.id;
        let key = ApiKey {
            id: samples::id(1),
            name: "backend".to_owned(),
            role: KeyRole::Service,
            hash: "ff".to_owned(),
            created_at: samples::at(0),
            revoked_at: None,
            expires_at: Some(samples::at(10)),
            last_used_at: None,
        };
        database.create_api_key(tenant_id, &key).await.unwrap();
        let again = ApiKey { id: samples::id(2), ..key.clone() };
        assert!(database.create_api_key(tenant_id, &again).await.unwrap_err().is_unique());
        let found = database.api_key_by_hash(tenant_id, "ff").await.unwrap();
        assert_eq!(found, Some(key));
        assert_eq!(database.api_key_by_hash(tenant_id + 1, "ff").await.unwrap(), None);
        for at in [3, 2] {
            let uses = [(samples::id(1), samples::at(at)), (samples::id(7), samples::at(at))];
            database.note_key_uses(tenant_id, &uses).await.unwrap();
        }
        let revoked = database.revoke_api_key(tenant_id, samples::id(1), samples::at(4)).await;
        assert!(revoked.unwrap());
        assert!(database.revoke_api_key(tenant_id, samples::id(1), samples::at(5)).await.unwrap());
        assert!(!database.revoke_api_key(tenant_id, samples::id(7), samples::at(5)).await.unwrap());
        let keys = database.api_keys_page(tenant_id, Page::first(9)).await.unwrap().rows;
        assert_eq!(keys[0].revoked_at, Some(samples::at(4)));
        assert_eq!(keys[0].last_used_at, Some(samples::at(3)));
    })
    .await;
}

#[tokio::test]
async fn programs_are_kept_by_hash_and_one_is_active() {
    on_each(async |database| {
        let version = ProgramVersion {
            name: "plain".to_owned(),
            hash: "aa".to_owned(),
            files: [("program.toml".to_owned(), "name = \"x\"".to_owned())].into(),
            created_at: samples::at(0),
        };
        for _ in 0..2 {
            database.publish_program(&version).await.unwrap();
        }
        let kept = database.program_version("plain", "aa").await.unwrap();
        assert_eq!(kept.as_ref(), Some(&version));
        assert_eq!(database.program_version("plain", "bb").await.unwrap(), None);
        let error = json!({"message": "no"});
        database.set_program_error("plain", Some(&error)).await.unwrap();
        let active = database.active_program("plain").await.unwrap().unwrap();
        assert_eq!((active.hash.as_str(), active.error), ("aa", Some(error)));
        let newer = ProgramVersion { hash: "bb".to_owned(), ..version };
        database.publish_program(&newer).await.unwrap();
        let active = database.active_programs().await.unwrap();
        assert_eq!((active[0].hash.as_str(), &active[0].error), ("bb", &None));
    })
    .await;
}

#[tokio::test]
async fn what_is_due_personal_or_old_is_found() {
    on_each(async |database| {
        let tenant_id = tenant(&database, "one").await.id;
        tenant(&database, "two").await;
        let lane = database.lane(tenant_id).await.unwrap();
        save(&database, tenant_id, &samples::change(&lane)).await;

        let due = samples::at(1_000);
        assert_eq!(database.tenants_with_due_accounts(due).await.unwrap(), [tenant_id]);
        let early = samples::at(999);
        assert!(database.tenants_with_due_accounts(early).await.unwrap().is_empty());
        let keys: Vec<AccountKey> = database.due_accounts(tenant_id, due, 10).await.unwrap();
        assert_eq!(keys, [samples::key("ann")]);

        let unread = database.notices_page(tenant_id, "ann", Some(1), Page::first(5)).await;
        assert_eq!(unread.unwrap().rows.len(), 1);
        let unread = database.notices_page(tenant_id, "ann", Some(2), Page::first(5)).await;
        assert!(unread.unwrap().rows.is_empty());

        let emissions = database.due_emissions(tenant_id, samples::at(18), 5).await.unwrap();
        assert_eq!(emissions.len(), 1);
        database
            .note_attempt(tenant_id, emissions[0].id, Some(samples::at(19)), None)
            .await
            .unwrap();
        assert!(database.due_emissions(tenant_id, samples::at(99), 5).await.unwrap().is_empty());

        assert_eq!(database.clear_clicks(tenant_id, samples::at(22), 5).await.unwrap(), 0);
        assert_eq!(database.clear_clicks(tenant_id, samples::at(23), 5).await.unwrap(), 1);

        let settings = database.settings_versions(tenant_id, &[1]).await.unwrap().remove(0).1;
        assert_eq!(settings.get("bonus"), Some(&json!(5)));
        let event = after(&database, tenant_id, 2).await;
        assert_eq!(event, samples::event(3));
    })
    .await;
}

#[tokio::test]
async fn who_is_erased_is_forgotten_step_by_step() {
    on_each(async |database| {
        let tenant_id = tenant(&database, "one").await.id;
        let lane = database.lane(tenant_id).await.unwrap();
        save(&database, tenant_id, &samples::change(&lane)).await;
        assert!(!database.erase_some(tenant_id, "ann", 2).await.unwrap(), "nobody erased Ann");
        save(&database, tenant_id, &samples::erasing("ann", 100)).await;
        assert_eq!(database.unforgotten(tenant_id, None, 5).await.unwrap(), ["ann"]);
        assert!(database.unforgotten(tenant_id, Some("ann"), 5).await.unwrap().is_empty());
        assert_eq!(database.unforgotten(tenant_id, Some("an"), 5).await.unwrap(), ["ann"]);
        let mut steps = 1;
        while database.erase_some(tenant_id, "ann", 1).await.unwrap() {
            steps += 1;
        }
        assert!(steps > 2, "{steps}");
        assert!(database.unforgotten(tenant_id, None, 5).await.unwrap().is_empty());
        let event = after(&database, tenant_id, 2).await;
        assert_eq!(event.personal, None);
        let notices = database.notices_page(tenant_id, "ann", None, Page::first(5)).await.unwrap();
        assert_eq!(notices.rows[0].message, "");
    })
    .await;
}

/// The event after this number, as history has it.
async fn after(database: &Database, tenant_id: i64, seq: i64) -> Event {
    let snapshot = database.snapshot(tenant_id, "USD").await.unwrap();
    snapshot.history_after(seq, 5).await.unwrap().remove(0).event
}
