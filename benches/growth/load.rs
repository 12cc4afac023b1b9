//! A tenant that grows: users sign up, bring friends, are granted and spend, buy, click, redeem and
//! visit, many at once, while the days pass.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio::sync::RwLock;

use crate::harness::{Caller, Server};

/// So many live at once.
const AT_ONCE: u64 = 64;
/// So many days each of the two loads spans, about.
const DAYS: u64 = 70;
/// So many of the oldest users are called otherwise than all others.
const PIONEERS: u64 = 1_000;
/// So many of the oldest users have another e-mail address than all others.
const EARLY: u64 = 3_000;
/// So many transactions a user brings, about.
const A_USER: u64 = 8;

pub struct Load {
    service: Caller,
    admin: Caller,
    /// The users' referral codes.
    codes: RwLock<Vec<String>>,
    users: u64,
    transactions: u64,
}

impl Load {
    pub async fn begin(server: &Server) -> Self {
        let (service, admin) = (server.service("orchard").await, server.admin("orchard").await);
        let load = Self { service, admin, codes: RwLock::default(), users: 0, transactions: 0 };
        load.send(&load.admin, "createPromoCode", json!({ "code": "APPLES", "data": {} })).await;
        load
    }

    /// Lets the tenant grow until its ledger has so many entries.
    pub async fn until(&mut self, server: &Server, size: u64) {
        let (began, before) = (Instant::now(), self.transactions);
        let a_day = (size.saturating_sub(before) / A_USER / DAYS).max(1);
        while self.transactions < size {
            self.day(a_day).await;
            server.advance(TimeDelta::days(1));
            server.sweep().await;
            let counted = self.admin.get("{ transactions(first: 1) { totalCount } }").await;
            self.transactions = counted["totalCount"].as_u64().unwrap();
        }
        let seconds = began.elapsed().as_secs_f64();
        let rate = (self.transactions - before) as f64 / seconds;
        println!(
            "loaded {} transactions of {} users in {seconds:.0} s ({rate:.0}/s)",
            self.transactions, self.users
        );
    }

    /// So many users sign up, and live.
    async fn day(&mut self, users: u64) {
        let (next, end) = (AtomicU64::new(self.users), self.users + users);
        let load = &*self;
        let lives = (0..AT_ONCE).map(|_| async {
            loop {
                let user = next.fetch_add(1, Ordering::Relaxed);
                if user >= end {
                    break;
                }
                load.live(user).await;
            }
        });
        futures_util::future::join_all(lives).await;
        self.users = end;
    }

    /// What one user does.
    async fn live(&self, n: u64) {
        let user = format!("user-{n}");
        self.sign_up(n, &user).await;
        let service = &self.service;
        for part in 0..3 {
            let source = if part == 1 { "promotion" } else { "manual" };
            let mut grant = json!({ "userId": user, "amount": 100 + n % 50, "source": source,
                "referenceId": format!("order-{}", n % 1_000), "idempotencyKey": format!("{n}-{part}") });
            if part == 2 {
                grant["unit"] = ["USD", "messages"][usize::from(n.is_multiple_of(4))].into();
                grant["expiresAt"] = json!(format!("2037-{:02}-15T00:00:00Z", 6 + n % 6));
            }
            self.send(service, "addCredits", grant).await;
        }
        if n.is_multiple_of(8) {
            // One user has far more than the others.
            self.send(service, "addCredits", json!({ "userId": "user-0", "amount": 1 })).await;
        }
        for amount in [20, 30] {
            let spend = json!({ "userId": user, "amount": amount });
            self.send(service, "spendCredits", spend).await;
        }
        self.shop(n, &user).await;
        self.wander(n, &user).await;
    }

    async fn sign_up(&self, n: u64, user: &str) {
        let name = if n < PIONEERS { "Pioneer" } else { "Name" };
        let fruit = if n < EARLY { "pears" } else { "apples" };
        let mut input = json!({ "id": user, "name": format!("{name} {n}"),
                                "email": format!("applegrove-{fruit}-{n}@orchard.example") });
        if n.is_multiple_of(2) {
            let codes = self.codes.read().await;
            // Every other friend came by the first user, who is much read.
            let whose = if n.is_multiple_of(4) { 0 } else { scattered(n, codes.len() as u64) };
            if let Some(code) = codes.get(whose) {
                input["referralCode"] = code.as_str().into();
            }
        }
        let selection = "user { referral { code } }";
        let made = self.service.mutate("registerUser", input, selection).await.ok();
        let code = made["user"]["referral"]["code"].as_str().unwrap().to_owned();
        self.codes.write().await.push(code);
    }

    async fn shop(&self, n: u64, user: &str) {
        if n.is_multiple_of(2) || n.is_multiple_of(3) {
            let payment = format!("pay-{n}");
            let purchase = json!({ "id": payment, "userId": user, "amount": 1_000 + n % 7 });
            self.send(&self.service, "recordPurchase", purchase).await;
            if n.is_multiple_of(30) {
                let refund = json!({ "id": format!("back-{n}"), "purchaseId": payment });
                self.send(&self.service, "recordRefund", refund).await;
            }
        }
        if n.is_multiple_of(5) {
            let redeem = json!({ "userId": user, "code": "APPLES" });
            self.send(&self.service, "redeemPromoCode", redeem).await;
        }
        if n.is_multiple_of(25) {
            let code = json!({ "code": format!("APPLE-{n}"), "data": {} });
            self.send(&self.admin, "createPromoCode", code).await;
        }
    }

    async fn wander(&self, n: u64, user: &str) {
        let visit = json!({ "id": format!("visit-{n}"), "userId": user, "type": "visit" });
        if !n.is_multiple_of(3) {
            self.send(&self.service, "recordEvent", visit).await;
        } else if n.is_multiple_of(9) {
            let visit = json!({ "id": format!("visit-{n}"), "userId": "user-0", "type": "visit" });
            self.send(&self.service, "recordEvent", visit).await;
        }
        if n.is_multiple_of(2) {
            let code = self.codes.read().await[0].clone();
            let click = json!({ "code": code, "deviceId": format!("device-{n}") });
            self.send(&self.service, "trackReferralClick", click).await;
        }
        if n.is_multiple_of(7) {
            self.send(&self.service, "markNotificationsRead", json!({ "userId": user })).await;
        }
    }

    /// Sends a command, again where the server has too much else to do: nothing happened then.
    async fn send(&self, caller: &Caller, mutation: &str, input: Value) {
        loop {
            let answer = caller.mutate(mutation, input.clone(), "__typename").await;
            if answer.code() != "OVERLOADED" {
                answer.ok();
                return;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

/// A number below `bound` that looks like any.
fn scattered(n: u64, bound: u64) -> usize {
    usize::try_from(n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20).unwrap() % bound.max(1) as usize
}
