//! A small tenant of which everything is true.

use serde_json::json;
use uuid::Uuid;

use super::samples::{self, amount, at, id, key};
use crate::domain::records::{
    Account, CapKey, CapUse, Decision, FactSheet, FactSheetKey, Kind, Lane, Lot, LotState, Notice,
    Personal, Position, Promo, PromoUse, PromoUseKey, Purchase, Referral, ReferralStatus, TallyKey,
    Transaction, Use, UseKind, User,
};
use crate::domain::state::Change;

pub const ANNS_LOT: u128 = 0x21;
pub const HELD: u128 = 0x22;
pub const BOSS_LOT: u128 = 0x23;
pub const SPEND: u128 = 0x32;
pub const REFERRAL: u128 = 9;

fn place(seq: i64, n: i32) -> Position {
    Position { seq, n }
}

fn user(id: &str, number: i64) -> User {
    User {
        personal: Personal::default(),
        erased_at: None,
        referrer_id: None,
        purchase_count: 0,
        purchase_total: amount(0),
        clicks: 0,
        signups: 0,
        conversions: 0,
        credited: 0,
        referral_earned: amount(0),
        unread: 0,
        read_through: 2,
        ..samples::user(id, number)
    }
}

fn lot(number: u128, user_id: &str, n: i32, granted: i64) -> Lot {
    Lot {
        amount: amount(granted),
        remaining: amount(granted),
        spent: amount(0),
        expired: amount(0),
        reversed: amount(0),
        forgiven: amount(0),
        owed: amount(0),
        demanded: amount(0),
        kind: Kind::Credit,
        state: LotState::Booked,
        available_from: at(3),
        expires_at: None,
        transaction_id: Some(id(number + 0x10)),
        referral_id: None,
        cap: None,
        ..samples::lot(number, user_id, place(3, n))
    }
}

fn entry(number: u128, user_id: &str, seq: i64, n: i32, amounts: [i64; 2]) -> Transaction {
    Transaction {
        amount: amount(amounts[0]),
        balance_after: amount(amounts[1]),
        source: "manual".to_owned(),
        lot_id: None,
        reverses: None,
        forgiven: None,
        uses: Vec::new(),
        ..samples::transaction(number, user_id, place(seq, n))
    }
}

/// Ann was granted 100, spent 40 of them and lost 60; 30 more wait. Boss, who brought her, got 100.
pub fn change(lane: &Lane) -> Change {
    let mut change = Change::default();
    change.events.extend((1..=5).map(samples::event));
    people(&mut change);
    ledger(&mut change);
    deciding(&mut change);
    tallies(&mut change);
    change.lane =
        Some(Lane { seq: 5, last_at: at(5), users: 2, credited_referrals: 1, ..lane.clone() });
    change
}

fn people(change: &mut Change) {
    change.put(User {
        referrer_id: Some("boss".to_owned()),
        purchase_count: 1,
        purchase_total: amount(1_000),
        unread: 1,
        ..user("ann", 2)
    });
    change.put(User {
        clicks: 3,
        signups: 1,
        conversions: 1,
        credited: 1,
        referral_earned: amount(100),
        ..user("boss", 1)
    });
    change.put(Referral {
        status: ReferralStatus::Credited,
        bonus_earned: amount(100),
        ..samples::referral(REFERRAL, place(2, 1))
    });
    change.put(Purchase {
        id: "pay-1".to_owned(),
        user_id: "ann".to_owned(),
        amount: amount(1_000),
        refunded: amount(250),
        plan: None,
        data: json!({}),
        created: place(3, 9),
        occurred_at: at(3),
        created_at: at(3),
        first: true,
        referred: true,
        referral_id: None,
        lots: Vec::<Uuid>::new(),
    });
    let notices = [samples::notice(700, place(2, 5)), samples::notice(701, place(3, 5))];
    notices.into_iter().for_each(|notice: Notice| change.put(notice));
    change.put(Promo { redemptions: 1, ..samples::promo("Ten", place(3, 8)) });
    let key = PromoUseKey { code: "TEN".to_owned(), user_id: "ann".to_owned() };
    change.put(PromoUse { key, count: 1 });
}

fn ledger(change: &mut Change) {
    let use_of = |lot, by, kind| Use { lot_id: id(lot), amount: amount(by), kind };
    change.put_lot(Lot {
        remaining: amount(0),
        spent: amount(40),
        expired: amount(60),
        expires_at: Some(at(5)),
        ..lot(ANNS_LOT, "ann", 0, 100)
    });
    change.put_lot(Lot {
        state: LotState::Held,
        available_from: at(1_000),
        expires_at: Some(at(2_000)),
        transaction_id: None,
        ..lot(HELD, "ann", 1, 30)
    });
    let cap = CapKey { cap: "uses".into(), subject: "boss".into(), window: "ever".into() };
    change.put_lot(Lot {
        referral_id: Some(id(REFERRAL)),
        cap: Some((cap.clone(), 1)),
        ..lot(BOSS_LOT, "boss", 2, 100)
    });
    change.put(CapUse { key: cap, used: 1 });
    let granted = entry(ANNS_LOT + 0x10, "ann", 3, 10, [100, 100]);
    change.put(Transaction { lot_id: Some(id(ANNS_LOT)), ..granted });
    let spends = vec![use_of(ANNS_LOT, -40, UseKind::Spend)];
    change.put(Transaction { uses: spends, ..entry(SPEND, "ann", 4, 0, [-40, 60]) });
    let ends = vec![use_of(ANNS_LOT, -60, UseKind::Expiry)];
    change.put(Transaction { uses: ends, ..entry(0x34, "ann", 5, 0, [-60, 0]) });
    let granted = entry(BOSS_LOT + 0x10, "boss", 3, 11, [100, 100]);
    change.put(Transaction { lot_id: Some(id(BOSS_LOT)), ..granted });
    change.put(Account {
        pending: amount(30),
        earned: amount(100),
        used: amount(40),
        expired: amount(60),
        next_due_at: Some(at(1_000)),
        ..Account::empty(key("ann"))
    });
    let boss = Account::empty(key("boss"));
    change.put(Account { balance: amount(100), earned: amount(100), ..boss });
}

fn deciding(change: &mut Change) {
    change.put(FactSheet {
        key: FactSheetKey { seq: 2, n: 0 },
        event: "purchase".to_owned(),
        user_id: "ann".to_owned(),
        facts: json!({}),
        personal: Some(json!({"name": "Ann"})),
        purchase_id: None,
        referral_id: None,
    });
    change.put(Decision { ..samples::decision(500, place(2, 3)) });
}

fn tallies(change: &mut Change) {
    let day = at(0).date_naive();
    for (user_id, number) in [("ann", 3), ("boss", 1)] {
        change.tally(TallyKey::tenant("transactions"), number);
        change.tally(TallyKey::user(user_id, "transactions"), number);
        change.tally(TallyKey::user(user_id, "transactions:manual"), number);
    }
    let totals =
        [("referrals", 1), ("referrals:CREDITED", 1), ("bonus_earned", 100), ("outstanding", 100)];
    for (name, value) in totals {
        change.tally(TallyKey::tenant(name), value);
    }
    change.tally(TallyKey::accounts("USD"), 2);
    for name in ["referrals", "referrals:CREDITED"] {
        change.tally(TallyKey::user("boss", name), 1);
    }
    for (name, value) in [
        ("clicks", 3),
        ("signups", 1),
        ("conversions", 1),
        ("first_purchases", 1),
        ("credited", 1),
        ("rewards_begun", 2),
        ("revenue", 750),
        ("bonus_paid", 100),
        ("issued", 200),
        ("used", 40),
        ("expired", 60),
    ] {
        change.tally(TallyKey::day(day, name), value);
    }
    change.tally_referrer(day, "boss", 1, amount(100)).unwrap();
}
