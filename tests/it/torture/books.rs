//! The books after the torture, read from the database itself: everything that was answered as done
//! is there exactly once, with what was answered; nothing else is.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::clients::{Fate, Sent};
use super::orders::{Booked, CODES, Order, PRIZE, PRIZES, REDEEMED, STEPPED};
use crate::harness::{Kind, PrivateDatabase};

/// What stands in the database.
struct Books {
    /// Operation and number of each event, by its key; of a grant without a key, by its reference.
    events: BTreeMap<String, Vec<(String, i64)>>,
    /// What was booked, by the event's number.
    booked: BTreeMap<i64, Vec<Booked>>,
    /// What was paid and what was refunded, by purchase.
    purchases: BTreeMap<String, (i64, i64)>,
    /// How often each code was redeemed, as its uses say and as the code says.
    redemptions: BTreeMap<String, (i64, i64)>,
    /// The steps that each user did.
    steps: BTreeSet<String>,
    /// All numbers of events, in order.
    seqs: Vec<i64>,
    /// What all prizes come to.
    prizes: i64,
}

/// Compares what the clients were told with what stands in the database.
pub async fn check(database: &PrivateDatabase, sent: &[Sent]) {
    let books = Books::read(database).await;
    let by_fate = |fate: fn(&Fate) -> bool| sent.iter().filter(move |sent| fate(&sent.fate));
    for Sent { order, fate, .. } in by_fate(|fate| matches!(fate, Fate::Done(_))) {
        let Fate::Done(booked) = fate else { continue };
        books.has_once(order, booked);
    }
    let undone = |fate: &Fate| matches!(fate, Fate::Refused | Fate::LeftAlone);
    for Sent { order, fate, .. } in by_fate(undone) {
        let found = books.events.get(&order.key);
        assert!(found.is_none(), "{fate:?}, but it is there: {order:?} {found:?}");
    }
    let done: Vec<&Order> =
        by_fate(|fate| matches!(fate, Fate::Done(_))).map(|sent| &sent.order).collect();
    let unknown: Vec<&Order> =
        by_fate(|fate| *fate == Fate::Unknown).map(|sent| &sent.order).collect();
    books.has_nothing_else(&done, &unknown);
    books.counts_what_was_done(&done);
    let whole: Vec<i64> = (1..=books.seqs.len() as i64).collect();
    assert_eq!(books.seqs, whole, "events are numbered without a gap");
    let refused = by_fate(|fate| *fate == Fate::Refused).count();
    let keyless = done.iter().filter(|order| order.is_keyless()).count();
    println!(
        "{} done and there once, {keyless} of them without a key; {refused} refused and not there; {} not known",
        done.len(),
        unknown.len(),
    );
    assert!(done.len() > 50 && refused > 0, "too little happened");
}

/// So much was done that the promotion code's limit and the cap of the prizes were reached; that they
/// were not passed is seen by [`check`].
pub fn limits_were_reached(sent: &[Sent]) {
    let done = sent.iter().filter(|sent| matches!(sent.fate, Fate::Done(_)));
    let done: Vec<&Order> = done.map(|sent| &sent.order).collect();
    for (code, limit, _) in CODES {
        let times = done.iter().filter(|order| order.input["code"] == code).count() as u64;
        assert!(limit.is_none_or(|limit| times == limit), "{code}: {times}");
    }
    let purchases = done.iter().filter(|order| order.mutation == "recordPurchase").count() as i64;
    assert!(purchases * PRIZE > PRIZES, "{purchases} purchases do not use up the prizes");
}

impl Books {
    async fn read(database: &PrivateDatabase) -> Self {
        let mut events: BTreeMap<String, Vec<(String, i64)>> = BTreeMap::new();
        let rows = "SELECT idempotency_key || '|' || operation || '|' || seq AS name FROM events \
                    WHERE idempotency_key IS NOT NULL AND operation <> 'register_user' UNION ALL \
                    SELECT reference_id || '|add_credits|' || t.seq AS name FROM transactions t \
                    JOIN events e ON e.tenant_id = t.tenant_id AND e.seq = t.seq \
                    WHERE e.operation = 'add_credits' AND e.idempotency_key IS NULL";
        for [key, operation, seq] in rows_of(database, rows).await {
            events.entry(key).or_default().push((operation, number(&seq)));
        }
        let mut booked: BTreeMap<i64, Vec<Booked>> = BTreeMap::new();
        let id = match database.kind {
            Kind::Sqlite => "lower(hex(id))",
            Kind::Postgres => "replace(CAST(id AS TEXT), '-', '')",
        };
        let rows = format!("SELECT seq || '|' || {id} || '|' || amount AS name FROM transactions");
        for [seq, id, amount] in rows_of(database, &rows).await {
            booked.entry(number(&seq)).or_default().push((id, number(&amount)));
        }
        let rows = "SELECT id || '|' || amount || '|' || refunded AS name FROM purchases";
        let purchases = rows_of(database, rows).await.into_iter();
        let purchases = purchases.map(|[id, paid, back]| (id, (number(&paid), number(&back))));
        let rows = "SELECT p.shown || '|' || p.redemptions || '|' || COALESCE(SUM(u.count), 0) AS name \
                    FROM promos p LEFT JOIN promo_uses u \
                    ON u.tenant_id = p.tenant_id AND u.code = p.matched GROUP BY p.shown, p.redemptions";
        let codes = rows_of(database, rows).await.into_iter();
        let codes = codes.map(|[code, said, used]| (code, (number(&used), number(&said))));
        let seqs = "SELECT CAST(seq AS TEXT) AS name FROM events ORDER BY seq";
        let prizes = "SELECT CAST(COALESCE(SUM(amount), 0) AS TEXT) AS name FROM transactions \
                      WHERE source = 'prize'";
        Self {
            events,
            booked,
            purchases: purchases.collect(),
            redemptions: codes.collect(),
            steps: steps(database).await,
            seqs: database.find(seqs).await.iter().map(|seq| seq.parse().unwrap()).collect(),
            prizes: number(&database.find(prizes).await[0]),
        }
    }

    /// The command is there once, and booked what was answered and nothing else.
    fn has_once(&self, order: &Order, answered: &[Booked]) {
        let found = self.events.get(&order.key).map_or(&[][..], Vec::as_slice);
        let [(operation, seq)] = found else {
            panic!("done, but there {} times: {order:?}", found.len());
        };
        assert_eq!(operation, operation_of(order.mutation), "{order:?}");
        let mut booked = self.booked.get(seq).cloned().unwrap_or_default();
        booked.sort();
        let plain = |(id, amount): &Booked| (id.replace('-', ""), *amount);
        let answered: Vec<Booked> = answered.iter().map(plain).collect();
        match order.mutation {
            "completeOnboardingStep" => assert!(self.steps.contains(&order.key), "{order:?}"),
            // A spend goes back to its lots; where a grant was taken back, so is that part of it.
            "reverseTransaction" => {
                assert!(booked.contains(&answered[0]), "{order:?}: {booked:?}, not {answered:?}");
            }
            _ => assert_eq!(booked, answered, "{order:?}: booked, and answered"),
        }
        assert!(is_right(order, &booked), "{order:?} booked {booked:?}");
    }

    /// Every event, purchase and step comes of something that was done, or was perhaps done: then it
    /// is there once at most.
    fn has_nothing_else(&self, done: &[&Order], unknown: &[&Order]) {
        for order in unknown {
            let times = self.events.get(&order.key).map_or(0, Vec::len);
            assert!(times <= 1, "there {times} times: {order:?}");
        }
        let keys: BTreeSet<&String> = done.iter().chain(unknown).map(|order| &order.key).collect();
        let others: Vec<_> = self.events.keys().filter(|key| !keys.contains(key)).collect();
        assert!(others.is_empty(), "there, but not answered as done: {others:?}");
        let keyed: BTreeSet<i64> = self.events.values().flatten().map(|(_, seq)| *seq).collect();
        let strange: Vec<_> = self.booked.keys().filter(|seq| !keyed.contains(seq)).collect();
        assert!(strange.is_empty(), "entries of events that nobody sent: {strange:?}");
    }

    /// Purchases, refunds, redemptions and prizes are counted as often as they were done.
    fn counts_what_was_done(&self, done: &[&Order]) {
        let of = |mutation: &'static str| done.iter().filter(move |one| one.mutation == mutation);
        let amount = |order: &Order| order.input["amount"].as_i64().unwrap();
        let mut purchases: BTreeMap<String, (i64, i64)> =
            of("recordPurchase").map(|one| (one.key.clone(), (amount(one), 0))).collect();
        for one in of("recordRefund") {
            purchases.get_mut(one.input["purchaseId"].as_str().unwrap()).unwrap().1 += amount(one);
        }
        assert_eq!(self.purchases, purchases, "what was paid and what was refunded");
        for (code, limit, _) in CODES {
            let times = of("redeemPromoCode").filter(|one| one.input["code"] == code).count();
            let times = i64::try_from(times).unwrap();
            assert_eq!(self.redemptions[code], (times, times), "redemptions of {code}");
            assert!(limit.is_none_or(|limit| times <= limit as i64), "{code}: {times}");
        }
        let most = PRIZES.min(PRIZE * i64::try_from(purchases.len()).unwrap());
        assert_eq!(self.prizes, most, "all prizes together");
        let steps: BTreeSet<String> =
            of("completeOnboardingStep").map(|one| one.key.clone()).collect();
        assert_eq!(self.steps, steps, "steps that were done");
    }
}

/// Did a command book what it should have?
fn is_right(order: &Order, booked: &[Booked]) -> bool {
    let amounts: Vec<i64> = booked.iter().map(|(_, amount)| *amount).collect();
    let asked = order.input["amount"].as_i64().unwrap_or_default();
    let sum: i64 = amounts.iter().sum();
    match order.mutation {
        "addCredits" => amounts == [asked],
        "spendCredits" => amounts == [-asked],
        "recordPurchase" => (asked / 10..=asked / 10 + PRIZE).contains(&sum),
        "redeemPromoCode" => amounts == [REDEEMED],
        "completeOnboardingStep" => amounts == [STEPPED],
        "reverseTransaction" => {
            let back = amounts.iter().filter(|amount| **amount > 0);
            back.count() <= 1 && (amounts.len() == 1 || sum >= 0)
        }
        // What was spent already is forgiven.
        _ => amounts.iter().all(|amount| *amount <= 0),
    }
}

fn operation_of(mutation: &str) -> &'static str {
    match mutation {
        "addCredits" => "add_credits",
        "spendCredits" => "spend_credits",
        "recordPurchase" => "record_purchase",
        "recordRefund" => "record_refund",
        "redeemPromoCode" => "redeem_promo",
        "completeOnboardingStep" => "complete_step",
        _ => "reverse_transaction",
    }
}

async fn steps(database: &PrivateDatabase) -> BTreeSet<String> {
    let rows = "SELECT id || '|' || steps AS name FROM users";
    let mut done = BTreeSet::new();
    for [user, steps] in rows_of(database, rows).await {
        let steps: Value = serde_json::from_str(&steps).unwrap();
        done.extend(steps.as_object().unwrap().keys().map(|step| format!("{user}:{step}")));
    }
    done
}

async fn rows_of<const N: usize>(database: &PrivateDatabase, question: &str) -> Vec<[String; N]> {
    let rows = database.find(question).await.into_iter();
    let cut = |row: String| {
        let parts: Vec<String> = row.splitn(N, '|').map(str::to_owned).collect();
        parts.try_into().unwrap()
    };
    rows.map(cut).collect()
}

fn number(text: &str) -> i64 {
    text.parse().unwrap()
}
