//! Random steps of a product's life, and the commands that they become.

use chrono::{TimeDelta, TimeZone, Utc};
use guerdon::domain::amount::Amount;
use guerdon::domain::command::{
    Body, Card, Command, Grant, NewPromo, Patch, Payment, PersonalChange, SettledAccount, Spend,
};
use guerdon::domain::time::Time;
use guerdon::domain::world::World;
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::found::{balance, code, entry, failed, promo, referral, reward};

/// Something that happens. Users, payments and entries are small numbers, so that they meet often.
#[derive(Debug, Clone)]
pub enum Step {
    Register { user: u8, friend: Option<u8>, device: u8 },
    Verify { user: u8 },
    Add { user: u8, amount: i64, key: u8, days: Option<u8>, hold: u8, priority: i32 },
    Spend { user: u8, amount: i64, key: u8 },
    Reverse { nth: usize },
    Purchase { user: u8, payment: u8, amount: i64, friend: Option<u8> },
    Refund { refund: u8, payment: u8, amount: Option<i64> },
    Event { user: u8, id: u8, kind: &'static str, data: Value },
    Complete { user: u8, step: &'static str },
    ApplyCode { user: u8, friend: u8 },
    NewCode { user: u8 },
    Click { friend: u8, device: u8 },
    Promo { code: u8, redeem: bool, user: u8 },
    Promos { count: u32, prefix: &'static str },
    Quota { user: u8, amount: i64, key: u8 },
    Retry { nth: usize },
    Review { what: Reviewed, nth: usize },
    Dismiss { user: u8 },
    Settle { user: u8 },
    Erase { user: u8 },
}

/// What an administrator does by hand.
#[derive(Debug, Clone, Copy)]
pub enum Reviewed {
    ApproveReward,
    CancelReward,
    RetryReward,
    ApproveReferral,
    RejectReferral,
}

/// A step, and how many hours pass before it.
pub type Timed = (u8, Step);

/// Up to `most` steps.
pub fn life(most: usize) -> impl Strategy<Value = Vec<Timed>> {
    proptest::collection::vec((prop_oneof![4 => Just(0_u8), 1 => 1..72_u8], step()), 1..most)
}

fn user() -> impl Strategy<Value = u8> {
    0..4_u8
}

fn amount() -> impl Strategy<Value = i64> {
    prop_oneof![6 => 1..400_i64, 1 => -3..1_i64, 1 => Just(Amount::MAX.get()), 1 => 900..1_100_i64]
}

fn step() -> impl Strategy<Value = Step> {
    let register = (user(), proptest::option::of(user()), 0..6_u8)
        .prop_map(|(user, friend, device)| Step::Register { user, friend, device });
    let add = (user(), amount(), 0..20_u8, proptest::option::of(0..4_u8), 0..4_u8, 49..52_i32)
        .prop_map(|(user, amount, key, days, hold, priority)| Step::Add {
            user,
            amount,
            key,
            days,
            hold,
            priority,
        });
    let spend = (user(), amount(), 0..20_u8).prop_map(|(user, amount, key)| Step::Spend {
        user,
        amount,
        key,
    });
    let purchase = (user(), 0..8_u8, amount(), proptest::option::weighted(0.3, user())).prop_map(
        |(user, payment, amount, friend)| Step::Purchase { user, payment, amount, friend },
    );
    let refund = (0..12_u8, 0..8_u8, proptest::option::of(amount()))
        .prop_map(|(refund, payment, amount)| Step::Refund { refund, payment, amount });
    let quota = (user(), 1..8_i64, 0..20_u8).prop_map(|(user, amount, key)| Step::Quota {
        user,
        amount,
        key,
    });
    let promo = (0..3_u8, any::<bool>(), user()).prop_map(|(code, redeem, user)| Step::Promo {
        code,
        redeem,
        user,
    });
    let promos = (1..5_u32, prop_oneof![Just(""), Just("SEA-")])
        .prop_map(|(count, prefix)| Step::Promos { count, prefix });
    prop_oneof![
        6 => register,
        4 => add,
        4 => spend,
        4 => (0..8_usize).prop_map(|nth| Step::Reverse { nth }),
        4 => purchase,
        4 => refund,
        6 => event(),
        2 => (user(), prop_oneof![Just("anchor"), Just("sail"), Just("fly")])
            .prop_map(|(user, step)| Step::Complete { user, step }),
        2 => (user(), user()).prop_map(|(user, friend)| Step::ApplyCode { user, friend }),
        1 => user().prop_map(|user| Step::NewCode { user }),
        1 => (user(), 0..3_u8).prop_map(|(friend, device)| Step::Click { friend, device }),
        2 => promo,
        1 => promos,
        2 => quota,
        2 => (0..3_usize).prop_map(|nth| Step::Retry { nth }),
        4 => (reviewed(), 0..4_usize).prop_map(|(what, nth)| Step::Review { what, nth }),
        1 => user().prop_map(|user| Step::Verify { user }),
        1 => user().prop_map(|user| Step::Dismiss { user }),
        2 => user().prop_map(|user| Step::Settle { user }),
        1 => (0..12_u8).prop_map(|user| Step::Erase { user }),
    ]
}

fn reviewed() -> impl Strategy<Value = Reviewed> {
    use Reviewed::{ApproveReferral, ApproveReward, CancelReward, RejectReferral, RetryReward};
    prop_oneof![
        2 => Just(ApproveReward),
        3 => Just(CancelReward),
        1 => Just(RetryReward),
        3 => Just(ApproveReferral),
        1 => Just(RejectReferral),
    ]
}

fn event() -> impl Strategy<Value = Step> {
    let caps = [None, Some("each_day"), Some("each_week"), Some("each_month"), Some("no_such_cap")];
    let gift = (amount(), proptest::sample::select(caps.to_vec()), proptest::option::of(0..3_u8))
        .prop_map(|(amount, cap, once)| {
            let mut options = json!({});
            if let Some(cap) = cap {
                options["cap"] = cap.into();
            }
            if let Some(once) = once {
                options["once"] = format!("once-{once}").into();
            }
            ("gift", json!({ "amount": amount, "options": options }))
        });
    let gifts = proptest::collection::vec(amount(), 0..4)
        .prop_map(|amounts| ("gifts", json!({ "amounts": amounts })));
    let kind = prop_oneof![3 => gift, 1 => gifts, 2 => Just(("voyage", json!({})))];
    (user(), 0..40_u8, kind).prop_map(|(user, id, (kind, data))| Step::Event {
        user,
        id,
        kind,
        data,
    })
}

/// The beginning of time in a world.
pub fn beginning() -> Time {
    Utc.with_ymd_and_hms(2026, 11, 20, 8, 0, 0).unwrap()
}

/// The id of a user.
pub fn name(user: u8) -> String {
    format!("user-{user}")
}

/// The command of the `n`-th step, as a caller would send it who sees the world. An amount that is
/// no amount becomes one: it is refused before there is a command.
pub fn command(world: &World, n: usize, step: &Step, now: Time) -> Command {
    let id = Uuid::from_u128(n as u128 + 1);
    let (key, body) = body(world, step, now);
    let personal = match step {
        Step::Register { user, device, .. } => Some(PersonalChange {
            name: Patch::Set(name(*user)),
            device_hash: Some(format!("device-{device}")),
            ip_hash: Some(format!("ip-{}", device % 4)),
            ..PersonalChange::default()
        }),
        _ => None,
    };
    let input_hash = serde_json::to_string(&body).unwrap();
    let seed =
        Uuid::from_u128(id.as_u128().wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835));
    Command { id, seed, actor: "system".to_owned(), key, input_hash, body, personal }
}

fn money(amount: i64) -> Amount {
    Amount::new(amount.max(1)).unwrap()
}

fn body(world: &World, step: &Step, now: Time) -> (Option<String>, Body) {
    match step.clone() {
        Step::Register { user, friend, .. } => {
            let body = Body::RegisterUser {
                user_id: name(user),
                email_verified: false,
                referral_code: friend.map(|friend| code(world, friend)),
            };
            (Some(name(user)), body)
        }
        Step::Add { user, amount, key, days, hold, priority } => {
            let from = now + TimeDelta::hours(i64::from(hold) * 20);
            let grant = Grant {
                user_id: name(user),
                unit: None,
                amount: money(amount),
                source: "manual".to_owned(),
                description: None,
                reference_id: None,
                space_id: None,
                priority,
                available_from: (hold > 0).then_some(from),
                expires_at: days.map(|days| from + TimeDelta::days(i64::from(days))),
                granted_by: Some("key:test".to_owned()),
            };
            (Some(format!("add-{key}")), Body::AddCredits(grant))
        }
        Step::Spend { user, amount, key } => (
            Some(format!("spend-{key}")),
            Body::SpendCredits(spend(user, None, amount.min(balance(world, user)))),
        ),
        Step::Quota { user, amount, key } => (
            Some(format!("quota-{key}")),
            Body::ConsumeQuota(spend(user, Some("messages"), amount)),
        ),
        Step::Purchase { user, payment, amount, friend } => {
            let payment = Payment {
                purchase_id: format!("pay-{payment}"),
                user_id: name(user),
                amount: money(amount),
                currency: None,
                plan: None,
                referral_code: friend.map(|friend| code(world, friend)),
                occurred_at: None,
                data: Value::Null,
            };
            (Some(payment.purchase_id.clone()), Body::RecordPurchase(payment))
        }
        Step::Refund { refund, payment, amount } => {
            let body = Body::RecordRefund {
                refund_id: format!("re-{refund}"),
                purchase_id: format!("pay-{payment}"),
                amount: amount.map(money),
                reason: None,
            };
            (Some(format!("re-{refund}")), body)
        }
        Step::Event { user, id, kind, data } => {
            let body = Body::RecordEvent {
                event_id: format!("event-{id}"),
                user_id: name(user),
                event: kind.to_owned(),
                occurred_at: None,
                data,
            };
            (Some(format!("event-{id}")), body)
        }
        other => (None, unkeyed(world, other)),
    }
}

/// The body of a step that has no key: repeating it is another command.
fn unkeyed(world: &World, step: Step) -> Body {
    match step {
        Step::ApplyCode { user, friend } => {
            Body::ApplyCode { user_id: name(user), code: code(world, friend) }
        }
        Step::NewCode { user } => Body::RegenerateCode { user_id: name(user) },
        Step::Click { friend, device } => Body::Click {
            code: code(world, friend),
            user_agent: None,
            device_hash: Some(format!("device-{device}")),
            ip_hash: None,
        },
        Step::Promo { code, redeem: true, user } => {
            Body::RedeemPromo { user_id: name(user), code: promo(world, code) }
        }
        Step::Promo { code, .. } => Body::CreatePromo(terms(Some(format!("promo{code}")))),
        Step::Promos { count, prefix } => {
            Body::CreatePromos { count, prefix: prefix.to_owned(), terms: terms(None) }
        }
        Step::Retry { nth } => Body::RetryDecision { decision_id: failed(world, nth) },
        Step::Review { what, nth } => review(world, what, nth),
        Step::Reverse { nth } => {
            Body::ReverseTransaction { transaction_id: entry(world, nth), reason: None }
        }
        Step::Verify { user } => {
            Body::UpdateUser { user_id: name(user), email_verified: Some(true) }
        }
        Step::Complete { user, step } => {
            Body::CompleteStep { user_id: name(user), step: step.to_owned() }
        }
        Step::Dismiss { user } => Body::Dismiss { user_id: name(user), card: Card::Onboarding },
        Step::Settle { user } => {
            let account = SettledAccount { user_id: name(user), unit: "JPY".to_owned() };
            Body::Settle { accounts: vec![account], rewards: Vec::new() }
        }
        Step::Erase { user } => Body::EraseUser { user_id: name(user) },
        keyed => unreachable!("{keyed:?} has a key"),
    }
}

fn terms(code: Option<String>) -> NewPromo {
    NewPromo {
        code,
        max_redemptions: Some(2),
        per_user: 1,
        starts_at: None,
        ends_at: None,
        data: json!({ "credits": 5 }),
    }
}

fn review(world: &World, what: Reviewed, nth: usize) -> Body {
    let (reward_id, reason) = (reward(world, nth), None);
    let referral_id = referral(world, nth);
    match what {
        Reviewed::ApproveReward => Body::ApproveReward { reward_id, reason },
        Reviewed::CancelReward => Body::CancelReward { reward_id, reason },
        Reviewed::RetryReward => Body::RetryReward { reward_id, reason },
        Reviewed::ApproveReferral => Body::ApproveReferral { referral_id, reason },
        Reviewed::RejectReferral => Body::RejectReferral { referral_id, reason },
    }
}

fn spend(user: u8, unit: Option<&str>, amount: i64) -> Spend {
    Spend {
        user_id: name(user),
        unit: unit.map(str::to_owned),
        amount: money(amount),
        description: None,
        reference_id: None,
        space_id: None,
    }
}
