//! Records with a value in every field.

use serde_json::{Map, json};
use uuid::Uuid;

use crate::domain::amount::Amount;
use crate::domain::answer::Answer;
use crate::domain::effect::OnRefund;
use crate::domain::records::{
    Account, AccountKey, Attempts, AttemptsKey, CapKey, CapUse, Click, ClickKey, Code, Decision,
    Emission, Event, FactSheet, FactSheetKey, Fingerprint, FingerprintKey, Hold, Kind, Lane, Lot,
    LotState, Notice, Once, OnceKey, Operation, Outcome, Personal, Position, Promo, PromoUse,
    PromoUseKey, Purchase, Referral, ReferralStatus, Reversal, Review, Transaction, Use, UseKind,
    User,
};
use crate::domain::state::Change;
use crate::domain::time::Time;

/// So many microseconds after the beginning of the tests' time.
pub fn at(micros: i64) -> Time {
    Time::from_timestamp_micros(1_763_625_600_123_456 + micros).unwrap()
}

pub fn amount(value: i64) -> Amount {
    Amount::new(value).unwrap()
}

pub fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn text(word: &str) -> Option<String> {
    Some(word.to_owned())
}

fn at_place(seq: i64, n: i32) -> Position {
    Position { seq, n }
}

pub fn key(user_id: &str) -> AccountKey {
    AccountKey { user_id: user_id.to_owned(), unit: "USD".to_owned() }
}

pub fn user(id: &str, seq: i64) -> User {
    let traits = json!({"plan": "pro", "nested": {"a": [1, null, true, "é"]}});
    User {
        id: id.to_owned(),
        number: seq,
        personal: Personal {
            name: text("Ann O’Brien"),
            email: text("Ann@Example.com"),
            traits: traits.as_object().cloned().unwrap_or_default(),
            ip_hash: text("ip"),
            device_hash: text("device"),
            email_hash: text("mailbox"),
        },
        email_verified: true,
        created: at_place(seq, 0),
        created_at: at(seq),
        erased_at: Some(at(77)),
        referrer_id: text("boss"),
        referred_by_code: text("CODE"),
        referral_id: Some(self::id(9)),
        purchase_count: 3,
        purchase_total: amount(9_007_199_254_740_991),
        code: text("MINE"),
        clicks: 4,
        signups: 5,
        conversions: 6,
        credited: 7,
        referral_earned: amount(800),
        steps: [("one".to_owned(), at(1)), ("two".to_owned(), at(2))].into(),
        onboarded_at: Some(at(2)),
        onboarding_dismissed: true,
        prompt_dismissed: true,
        unread: 2,
        read_through: 12,
    }
}

pub fn account(user_id: &str) -> Account {
    Account {
        key: key(user_id),
        balance: amount(-5),
        pending: amount(10),
        earned: amount(100),
        used: amount(90),
        expired: amount(15),
        debt: amount(35),
        next_due_at: Some(at(1_000)),
    }
}

pub fn lot(number: u128, user_id: &str, place: Position) -> Lot {
    Lot {
        id: id(number),
        account: key(user_id),
        kind: Kind::Credit,
        state: LotState::Booked,
        amount: amount(100),
        remaining: amount(30),
        spent: amount(40),
        expired: amount(20),
        reversed: amount(10),
        forgiven: amount(1),
        owed: amount(2),
        demanded: amount(3),
        on_refund: OnRefund::Proportion,
        source: "purchase".to_owned(),
        priority: -7,
        created: place,
        created_at: at(5),
        available_from: at(6),
        expires_at: Some(at(7)),
        transaction_id: Some(id(300)),
        purchase_id: text("pay-1"),
        referral_id: Some(id(9)),
        decision_id: Some(id(500)),
        cap: Some((
            CapKey { cap: "daily".into(), subject: String::new(), window: "2026-11-20".into() },
            1,
        )),
        description: text("a gift"),
        reference_id: text("ref"),
        space_id: text("space"),
        granted_by: text("key:support"),
        failure: text("none"),
        review: Some(Review { by: "key:support".to_owned(), reason: text("a friend") }),
    }
}

pub fn transaction(number: u128, user_id: &str, place: Position) -> Transaction {
    Transaction {
        id: id(number),
        position: place,
        account: key(user_id),
        amount: amount(-9_007_199_254_740_991),
        balance_after: amount(-5),
        source: "reversal".to_owned(),
        lot_id: Some(id(200)),
        reverses: Some(id(299)),
        forgiven: Some(amount(4)),
        decision_id: Some(id(500)),
        reference_id: text("ref"),
        description: text("taken back"),
        granted_by: text("key:support"),
        space_id: text("space"),
        expires_at: Some(at(7)),
        effective_at: at(8),
        created_at: at(9),
        uses: vec![
            Use { lot_id: id(200), amount: amount(-40), kind: UseKind::Spend },
            Use { lot_id: id(201), amount: amount(-1), kind: UseKind::Expiry },
            Use { lot_id: id(200), amount: amount(2), kind: UseKind::Return },
        ],
    }
}

pub fn event(seq: i64) -> Event {
    Event {
        seq,
        id: id(1_000 + u128::try_from(seq).unwrap()),
        operation: Operation::AddCredits,
        key: Some(format!("key-{seq}")),
        input_hash: "ab".repeat(32),
        user_id: text("ann"),
        actor: "key:backend".to_owned(),
        body: json!({"amount": 100, "text": "\u{1f600}"}),
        personal: Some(json!({"name": "Ann"})),
        seed: id(u128::MAX),
        at: at(seq),
        program_hash: "cd".repeat(32),
        settings_version: 2,
        answer: Answer { lot_id: Some(id(200)), created: true, ..Answer::default() },
    }
}

/// What an event changes that erases a user.
pub fn erasing(user_id: &str, seq: i64) -> Change {
    let mut change = Change::default();
    change.events.push(Event {
        operation: Operation::EraseUser,
        key: None,
        user_id: text(user_id),
        personal: None,
        ..event(seq)
    });
    change
}

pub fn referral(number: u128, place: Position) -> Referral {
    Referral {
        id: id(number),
        code: "CODE".to_owned(),
        status: ReferralStatus::Credited,
        referrer_id: "boss".to_owned(),
        referee_id: "ann".to_owned(),
        created: place,
        signed_up_at: at(10),
        converted_at: Some(at(11)),
        credited_at: Some(at(12)),
        bonus_earned: amount(500),
        failure_reason: text("none"),
        purchase_id: text("pay-1"),
        purchase_type: text("course"),
        purchase_amount: Some(amount(1_000)),
        plan: text("pro"),
        signals: Some(json!({"same_ip": 1})),
        holds: vec![Hold { decision_id: id(500), sheet: FactSheetKey { seq: 1, n: 0 } }],
        reviewed_by: text("key:support"),
    }
}

pub fn decision(number: u128, place: Position) -> Decision {
    Decision {
        id: id(number),
        position: place,
        sheet: FactSheetKey { seq: place.seq, n: 0 },
        event: "purchase".to_owned(),
        user_id: "ann".to_owned(),
        rule: "referral".to_owned(),
        outcome: Outcome::Rewarded,
        reason: text("because"),
        effects: vec![crate::domain::effect::Effect::CreditReferral],
        program_hash: "cd".repeat(32),
        settings_version: 2,
        duration_micros: 15,
        created_at: at(13),
        retries: Some(id(498)),
        retried_by: Some(id(499)),
    }
}

pub fn notice(number: u128, place: Position) -> Notice {
    Notice {
        id: id(number),
        position: place,
        user_id: "ann".to_owned(),
        about_id: Some("bob".to_owned()),
        kind: "credited".to_owned(),
        message: "You earned it".to_owned(),
        read: false,
        created_at: at(14),
    }
}

pub fn promo(code: &str, place: Position) -> Promo {
    Promo {
        matched: code.to_uppercase(),
        shown: code.to_owned(),
        active: true,
        max_redemptions: Some(10),
        redemptions: 3,
        per_user: 1,
        starts_at: Some(at(15)),
        ends_at: Some(at(16)),
        data: json!({"credits": 50}),
        created: place,
        created_at: at(17),
    }
}

/// A change with a record of every kind in it.
pub fn change(lane: &Lane) -> Change {
    let mut change = Change::default();
    for seq in 1..=3 {
        change.events.push(event(seq));
    }
    change.put(user("ann", 1));
    change.put(user("boss", 2));
    change.put(account("ann"));
    change.put_lot(lot(200, "ann", at_place(1, 0)));
    change.put_lot(lot(201, "ann", at_place(1, 1)));
    change.put(transaction(300, "ann", at_place(1, 2)));
    change.put(Reversal { of: id(299), by: id(300) });
    change.put(referral(9, at_place(2, 0)));
    change.put(decision(500, at_place(2, 1)));
    change.put(notice(700, at_place(2, 2)));
    change.put(promo("Ten", at_place(3, 0)));
    counted(&mut change);
    change.tables.emissions.push(Emission {
        id: id(800),
        position: at_place(3, 1),
        user_id: "ann".to_owned(),
        kind: "won".to_owned(),
        data: json!([1, 2]),
        created_at: at(18),
    });
    change.lane = Some(Lane {
        seq: 3,
        last_at: at(3),
        settings_version: 1,
        settings: Map::from_iter([("bonus".to_owned(), json!(5))]),
        users: 2,
        credited_referrals: 1,
        ..lane.clone()
    });
    change
}

/// The records that are found by names of several parts.
fn counted(change: &mut Change) {
    let day = at(0).date_naive();
    change.put(Purchase {
        id: "pay-1".to_owned(),
        user_id: "ann".to_owned(),
        amount: amount(1_000),
        refunded: amount(250),
        plan: text("pro"),
        data: json!({"type": "course"}),
        created: at_place(2, 3),
        occurred_at: at(-1),
        created_at: at(19),
        first: true,
        referred: true,
        referral_id: Some(id(9)),
        lots: vec![id(200), id(201)],
    });
    change.put(Code {
        matched: "MINE".to_owned(),
        shown: "Mine".to_owned(),
        user_id: "ann".to_owned(),
        created_at: at(20),
        retired_at: Some(at(21)),
    });
    change.put(Click {
        key: ClickKey { code: "MINE".to_owned(), day, device: "d".to_owned() },
        id: id(600),
        user_agent: text("curl"),
        ip_hash: text("ip"),
        at: at(22),
    });
    let cap = CapKey { cap: "daily".into(), subject: "ann".into(), window: "2026-11-20".into() };
    change.put(CapUse { key: cap, used: 3 });
    let key = AttemptsKey { action: "visit".to_owned(), subject: "hash".to_owned() };
    change.put(Attempts { key, times: vec![at(1), at(2)] });
    let once = OnceKey { user_id: "ann".to_owned(), key: "welcome".to_owned() };
    change.put(Once { key: once, at: at(23) });
    change.put(Fingerprint {
        key: FingerprintKey { kind: "ip".to_owned(), hash: "ip".to_owned() },
        seen: vec![("boss".to_owned(), at(24)), ("ann".to_owned(), at(25))],
    });
    change.put(FactSheet {
        key: FactSheetKey { seq: 2, n: 0 },
        event: "purchase".to_owned(),
        user_id: "ann".to_owned(),
        facts: json!({"user": {"id": "ann"}}),
        personal: Some(json!({"name": "Ann"})),
        purchase_id: text("pay-1"),
        referral_id: Some(id(9)),
    });
    let promo_use = PromoUseKey { code: "TEN".to_owned(), user_id: "ann".to_owned() };
    change.put(PromoUse { key: promo_use, count: 1 });
}
