//! The same through the whole server and both databases, where the store could spoil it: amounts near
//! 2^53, and instants to the microsecond.

use chrono::{SecondsFormat, TimeDelta};
use guerdon::domain::time::Time;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::bounds::edge;
use super::config;
use crate::harness::{Server, Shop};
use crate::stories;

stories!("rules/productready":
    amounts_at_the_edges_are_kept_exactly,
    instants_are_kept_to_the_microsecond,
);

const MOST: i128 = (1 << 53) - 1;

/// One value of a strategy.
fn any_of<T: std::fmt::Debug>(strategy: &impl Strategy<Value = T>) -> T {
    strategy.new_tree(&mut TestRunner::new(config(1))).unwrap().current()
}

async fn amounts_at_the_edges_are_kept_exactly(server: &Server) {
    let shop = server.shop("productready").await;
    for user in ["ann", "bob", "cleo"] {
        shop.register(user).await;
        let steps = any_of(&proptest::collection::vec((0..3_u8, edge()), 12));
        println!("{user}: {steps:?}");
        let (mut earned, mut used, mut spends) = (0_i128, 0_i128, Vec::new());
        for (kind, amount) in steps {
            let input = json!({ "userId": user, "amount": amount });
            let amount = i128::from(amount);
            match kind {
                0 if earned + amount > MOST => {
                    shop.add(input).await.refused("BAD_USER_INPUT");
                }
                0 => {
                    shop.add(input).await.ok();
                    earned += amount;
                }
                1 if amount > earned - used => {
                    shop.spend(input).await.refused("INSUFFICIENT_CREDITS");
                }
                1 => {
                    let spent = shop.spend(input).await.ok();
                    spends.push((spent["transaction"]["id"].as_str().unwrap().to_owned(), amount));
                    used += amount;
                }
                _ => {
                    let Some((id, amount)) = spends.pop() else { continue };
                    shop.reverse(&id).await.ok();
                    used -= amount;
                }
            }
            let account = shop.account(user).await;
            let kept = ["totalEarned", "totalUsed", "balance"]
                .map(|field| account[field].as_i64().map(i128::from));
            assert_eq!(kept, [earned, used, earned - used].map(Some), "{account}");
        }
        server.assert_sound().await;
    }
}

/// A lot of so much, from and until so many microseconds after the beginning.
type Lasting = (i64, i64, i64);

fn balance_at(lots: &[Lasting], micros: i64) -> i64 {
    let last = lots.iter().filter(|(_, from, until)| (*from..*until).contains(&micros));
    last.map(|(amount, ..)| amount).sum()
}

async fn instants_are_kept_to_the_microsecond(server: &Server) {
    let shop = server.shop("productready").await;
    shop.register("ann").await;
    // Near a full second too, where a fraction may lose its zeros.
    let begin = server.now() + TimeDelta::microseconds(any_of(&(0..2_000_000_i64)));
    server.advance(begin - server.now());
    let micros = prop_oneof![1..9_i64, 999_990..1_000_010_i64, 1..3_000_000_i64];
    let lot = (1..100_i64, prop_oneof![Just(0), micros.clone()], micros)
        .prop_map(|(amount, from, lasts)| (amount, from, from + lasts));
    let lots = any_of(&proptest::collection::vec(lot, 6));
    println!("from {begin}: {lots:?}");
    for (amount, from, until) in &lots {
        let input = json!({ "userId": "ann", "amount": amount, "availableFrom": at(begin, *from),
                            "expiresAt": at(begin, *until) });
        shop.add(input).await.ok();
    }
    let mut instants: Vec<i64> = lots.iter().flat_map(|(_, from, until)| [*from, *until]).collect();
    instants.sort_unstable();
    for instant in instants {
        for micros in [instant - 1, instant] {
            server.advance(
                (begin + TimeDelta::microseconds(micros) - server.now()).max(TimeDelta::zero()),
            );
            let now = (server.now() - begin).num_microseconds().unwrap();
            let left = balance_at(&lots, now);
            assert_eq!(shop.balance("ann").await, left, "{now} µs after the beginning");
            let more = json!({ "userId": "ann", "amount": left + 1 });
            shop.spend(more).await.refused("INSUFFICIENT_CREDITS");
        }
        if any_of(&any::<bool>()) {
            server.sweep().await;
        }
    }
    server.sweep().await;
    assert_entries(&shop, begin, &lots).await;
}

/// Each lot has an entry for its beginning and one for its end, at the very instants.
async fn assert_entries(shop: &Shop, begin: Time, lots: &[Lasting]) {
    let fields = "transactions(first: 100) { nodes { amount effectiveAt expiresAt } }";
    let user = shop.of_user("ann", fields).await;
    let micros = |text: &Value| {
        let time: Time = text.as_str()?.parse().unwrap();
        (time - begin).num_microseconds()
    };
    let entry = |node: &Value| {
        (micros(&node["effectiveAt"]), node["amount"].as_i64(), micros(&node["expiresAt"]))
    };
    let mut seen: Vec<_> =
        user["transactions"]["nodes"].as_array().unwrap().iter().map(entry).collect();
    let both = |(amount, from, until): &Lasting| {
        [(Some(*from), Some(*amount), Some(*until)), (Some(*until), Some(-amount), None)]
    };
    let mut expected: Vec<_> = lots.iter().flat_map(both).collect();
    seen.sort_unstable();
    expected.sort_unstable();
    assert_eq!(seen, expected);
}

fn at(begin: Time, micros: i64) -> String {
    let instant = begin + TimeDelta::microseconds(micros);
    instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
