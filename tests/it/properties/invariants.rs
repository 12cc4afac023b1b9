//! What is always true of a tenant, recomputed from its rows.

use std::collections::BTreeMap;

use guerdon::domain::records::{
    Account, AccountKey, Code, Lot, LotState, Referral, ReferralStatus, Transaction, User,
};
use guerdon::domain::world::World;

/// Falls over where something that is always true is not.
pub fn assert_sound(world: &World) {
    let tables = &world.slice.tables;
    let mut entries: BTreeMap<&AccountKey, Vec<&Transaction>> = BTreeMap::new();
    for entry in tables.transactions.values().flatten() {
        entries.entry(&entry.account).or_default().push(entry);
    }
    for account in tables.accounts.values().flatten() {
        let mut own = entries.remove(&account.key).unwrap_or_default();
        own.sort_by_key(|entry| entry.position);
        assert_entries(account, &own);
        assert_lots(world, account);
    }
    assert!(entries.is_empty(), "entries without an account: {:?}", entries.keys());
    for lot in tables.lots.values().flatten().filter(|lot| lot.has_account()) {
        assert_lot(world, lot);
    }
    for user in tables.users.values().flatten() {
        assert_counts(world, user);
    }
    assert_promos(world);
    let credited = referrals(world).filter(|referral| referral.status == ReferralStatus::Credited);
    assert_eq!(world.slice.lane.credited_referrals, credited.count() as i64);
    let users = tables.users.values().flatten().filter(|user| !user.is_partner());
    assert_eq!(world.slice.lane.users, users.count() as i64);
}

fn assert_entries(account: &Account, entries: &[&Transaction]) {
    let mut balance = 0;
    for entry in entries {
        balance += entry.amount.get();
        assert_eq!(entry.balance_after.get(), balance, "{entry:#?}");
        assert!(entry.effective_at <= entry.created_at, "{entry:#?}");
    }
    assert_eq!(account.balance.get(), balance, "{account:#?}");
    let totals = account.earned.get() - account.used.get() - account.expired.get();
    assert_eq!(account.balance.get(), totals, "{account:#?}");
    for part in [account.earned, account.used, account.expired, account.pending, account.debt] {
        assert!(part.get() >= 0, "{account:#?}");
    }
}

fn assert_lots(world: &World, account: &Account) {
    let lots: Vec<&Lot> = (world.slice.tables.lots.values().flatten())
        .filter(|lot| lot.has_account() && lot.account == account.key)
        .collect();
    let sum = |state: LotState| -> i64 {
        lots.iter().filter(|lot| lot.state == state).map(|lot| lot.remaining.get()).sum()
    };
    assert_eq!(
        account.balance.get(),
        sum(LotState::Booked) - account.debt.get(),
        "{account:#?} {lots:#?}"
    );
    assert_eq!(account.pending.get(), sum(LotState::Held), "{account:#?} {lots:#?}");
    let due = lots.iter().filter_map(|lot| lot.due_at()).min();
    assert!(
        account.next_due_at.is_none() || account.next_due_at <= due || due.is_none(),
        "{account:#?}"
    );
    assert!(
        due.is_none_or(|due| account.next_due_at.is_some_and(|next| next <= due)),
        "{account:#?} {lots:#?}"
    );
    assert!(
        account.debt.get() == 0 || sum(LotState::Booked) == 0,
        "owed, and not paid: {account:#?}"
    );
}

fn assert_lot(world: &World, lot: &Lot) {
    let parts = lot.amount.get() - lot.spent.get() - lot.expired.get() - lot.reversed.get();
    assert_eq!(lot.remaining.get(), parts, "{lot:#?}");
    assert!(lot.remaining.get() >= 0, "{lot:#?}");
    assert!(lot.reversed.get() + lot.forgiven.get() <= lot.amount.get(), "{lot:#?}");
    let transactions = world.slice.tables.transactions.values().flatten();
    let touched: i64 = transactions
        .flat_map(|entry| &entry.uses)
        .filter(|touch| touch.lot_id == lot.id)
        .map(|touch| touch.amount.get())
        .sum();
    if lot.state == LotState::Booked {
        assert_eq!(lot.remaining.get(), lot.amount.get() + touched, "{lot:#?}");
    }
}

fn referrals(world: &World) -> impl Iterator<Item = &Referral> {
    world.slice.tables.referrals.values().flatten()
}

fn assert_counts(world: &World, user: &User) {
    let own = || referrals(world).filter(|referral| referral.referrer_id == user.id);
    let credited = own().filter(|referral| referral.status == ReferralStatus::Credited);
    assert_eq!(user.signups, own().count() as i64, "{user:#?}");
    assert_eq!(user.credited, credited.count() as i64, "{user:#?}");
    let converted = own().filter(|referral| referral.converted_at.is_some());
    assert_eq!(user.conversions, converted.count() as i64, "{user:#?}");
    let earned: i64 = own().map(|referral| referral.bonus_earned.get()).sum();
    assert_eq!(user.referral_earned.get(), earned, "{user:#?}");
    let purchases = world
        .slice
        .tables
        .purchases
        .values()
        .flatten()
        .filter(|purchase| purchase.user_id == user.id);
    assert_eq!(user.purchase_count, purchases.count() as i64, "{user:#?}");
    let unread = (world.slice.tables.notices.values().flatten()).filter(|notice| {
        notice.user_id == user.id && !notice.read && notice.position.seq > user.read_through
    });
    assert_eq!(user.unread, unread.count() as i64, "{user:#?}");
}

/// Each code stands under its own name, and was redeemed as often as its users did, and not more
/// often than it may be.
fn assert_promos(world: &World) {
    let tables = &world.slice.tables;
    for (matched, promo) in &tables.promos {
        let Some(promo) = promo else { continue };
        assert_eq!((matched, &promo.matched), (&Code::matching(&promo.shown), matched));
        let uses = tables.promo_uses.values().flatten();
        let own: Vec<i64> = uses
            .filter(|promo_use| promo_use.key.code == promo.matched)
            .map(|promo_use| promo_use.count)
            .collect();
        assert_eq!(promo.redemptions, own.iter().sum::<i64>(), "{promo:#?}");
        assert!(promo.max_redemptions.is_none_or(|most| promo.redemptions <= most), "{promo:#?}");
        assert!(own.iter().all(|count| *count <= promo.per_user), "{promo:#?}");
    }
}
