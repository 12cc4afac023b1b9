//! Random histories of one account, played in the ledger and with coins, and compared at every step.

use chrono::TimeDelta;
use guerdon::domain::command::{Body, Grant};
use guerdon::domain::effect::{Effect, OnRefund, Options};
use guerdon::domain::program::OnShortfall;
use guerdon::domain::records::{Lot as Stored, LotState};
use guerdon::domain::refusal::{Code, Refusal};
use guerdon::domain::time::{Span, Time};
use proptest::prelude::*;
use uuid::Uuid;

use super::coins::{Coins, Lot, No, Place, Refunded};
use super::invariants::assert_sound;
use super::steps::beginning;
use super::tenant::{Tenant, credit, money, program};

/// What happens to the account. Times are in microseconds and few, so that instants often meet.
#[derive(Debug, Clone)]
pub enum Move {
    Wait(i64),
    Grant(Gift),
    Spend(usize),
    /// Undoes one of the grants.
    TakeBack(usize),
    /// Undoes one of the spends.
    GiveBack(usize),
    Approve(usize),
    Cancel(usize),
    Buy(i64, Vec<Gift>),
    Refund(usize, Option<i64>),
    Sweep,
}

/// A grant: by hand, or by a purchase.
#[derive(Debug, Clone)]
pub struct Gift {
    pub coins: usize,
    pub priority: i32,
    /// How long it is on hold.
    pub hold: i64,
    /// How long from now it lasts.
    pub ttl: Option<i64>,
    pub refunded: Refunded,
}

/// How likely each kind of move is.
#[derive(Debug, Clone, Copy)]
pub struct Mix {
    pub holds: i64,
    pub longest: i64,
    pub purchases: u32,
    pub reviews: u32,
}

impl Mix {
    /// A gift of 0 or more coins.
    pub fn gift(self) -> impl Strategy<Value = Gift> {
        let ttl = prop_oneof![1 => Just(None), 2 => (0..self.longest).prop_map(Some)];
        let refunded = proptest::sample::select(vec![
            Refunded::Whole,
            Refunded::InProportion,
            Refunded::InProportion,
            Refunded::Never,
        ]);
        let hold = prop_oneof![Just(0), 0..=self.holds];
        (1..12_usize, 49..52_i32, hold, ttl, refunded).prop_map(
            |(coins, priority, hold, ttl, refunded)| Gift { coins, priority, hold, ttl, refunded },
        )
    }

    fn step(self) -> impl Strategy<Value = Move> {
        let part = prop_oneof![4 => (1..9_i64).prop_map(Some), 1 => Just(None)];
        prop_oneof![
            4 => (0..4_i64).prop_map(Move::Wait),
            4 => self.gift().prop_map(Move::Grant),
            5 => (1..16_usize).prop_map(Move::Spend),
            4 => (0..4_usize).prop_map(Move::TakeBack),
            4 => (0..4_usize).prop_map(Move::GiveBack),
            self.reviews => (0..4_usize).prop_map(Move::Approve),
            self.reviews => (0..4_usize).prop_map(Move::Cancel),
            self.purchases => (1..15_i64, proptest::collection::vec(self.gift(), 1..3))
                .prop_map(|(paid, gifts)| Move::Buy(paid, gifts)),
            3 * self.purchases =>
                (0..3_usize, part).prop_map(|(nth, amount)| Move::Refund(nth, amount)),
            1 => Just(Move::Sweep),
        ]
    }

    /// A history of so many moves at most, which begins with a gift of either kind.
    pub fn history(self, most: usize) -> impl Strategy<Value = Vec<Move>> {
        let first = (self.gift(), self.gift())
            .prop_map(|(one, two)| vec![Move::Grant(one.clone()), Move::Buy(8, vec![two, one])]);
        (first, proptest::collection::vec(self.step(), 1..most)).prop_map(|(mut first, more)| {
            first.extend(more);
            first
        })
    }
}

/// The same account, twice.
pub struct Both {
    pub tenant: Tenant,
    pub coins: Coins,
    lots: Vec<Uuid>,
    spends: Vec<Uuid>,
    /// What a coin is worth.
    worth: i64,
}

impl Both {
    /// An empty account, in which a coin is worth so much and at most so many are ever earned.
    pub fn new(on_shortfall: OnShortfall, worth: i64, most: usize) -> Self {
        let tenant = Tenant::new(program(on_shortfall));
        let coins = Coins::new(on_shortfall == OnShortfall::Debt, most);
        Self { tenant, coins, lots: Vec::new(), spends: Vec::new(), worth }
    }

    /// Plays a history, comparing after each move.
    pub fn play(&mut self, history: &[Move]) {
        for step in history {
            self.make(step);
            self.compare(step);
        }
        assert_sound(&self.tenant.world);
    }

    fn make(&mut self, step: &Move) {
        match step {
            Move::Wait(micros) => {
                self.tenant.wait(*micros);
                self.coins.wait(*micros);
            }
            Move::Grant(gift) => self.grant(gift),
            Move::Spend(coins) => {
                let spent = self.tenant.spend("ann", *coins as i64 * self.worth);
                agree(&spent, self.coins.spend(*coins), step);
                self.spends.extend(spent);
            }
            Move::TakeBack(nth) => self.take_back(*nth, step),
            Move::GiveBack(nth) if *nth < self.spends.len() => {
                let done = self.tenant.reverse(self.spends[*nth]);
                agree(&done, self.coins.give_back(*nth), step);
            }
            Move::Approve(nth) if *nth < self.lots.len() => {
                let body = Body::ApproveReward { reward_id: self.lots[*nth], reason: None };
                drop(self.tenant.send(body));
                self.coins.approve(*nth);
            }
            Move::Cancel(nth) if *nth < self.lots.len() => {
                let body = Body::CancelReward { reward_id: self.lots[*nth], reason: None };
                let (done, lot) = (self.tenant.send(body), &self.coins.lots[*nth]);
                if lot.free() + lot.held() > 0 {
                    agree(&done, self.coins.cancel(*nth), step);
                }
            }
            Move::Buy(paid, gifts) => self.buy(*paid, gifts),
            Move::Refund(nth, amount) if *nth < self.coins.purchases.len() => {
                let done = self.tenant.refund(&format!("pay-{nth}"), *amount);
                agree(&done, self.coins.refund(*nth, *amount), step);
            }
            Move::Sweep => self.tenant.sweep(),
            Move::GiveBack(_) | Move::Approve(_) | Move::Cancel(_) | Move::Refund(..) => {}
        }
    }

    fn grant(&mut self, gift: &Gift) {
        let grant = Grant {
            user_id: "ann".to_owned(),
            unit: None,
            amount: money(gift.coins as i64 * self.worth),
            source: "manual".to_owned(),
            description: None,
            reference_id: None,
            space_id: None,
            priority: gift.priority,
            available_from: Some(self.after(gift.hold)),
            expires_at: gift.ttl.map(|ttl| self.after(ttl)),
            granted_by: None,
        };
        let done = self.tenant.send(Body::AddCredits(grant));
        let made = self.lot(gift, None);
        agree(&done, self.coins.grant(made), &Move::Grant(gift.clone()));
        self.lots.extend(done.ok().and_then(|answer| answer.lot_id));
    }

    fn buy(&mut self, paid: i64, gifts: &[Gift]) {
        let id = self.coins.purchases.len();
        let effects: Vec<_> = gifts.iter().map(|gift| self.effect(gift)).collect();
        self.tenant.buy(&format!("pay-{id}"), "ann", paid, &effects);
        self.coins.purchases.push((paid, 0));
        let lots: Vec<Lot> = gifts.iter().map(|gift| self.lot(gift, Some(id))).collect();
        let all_last = lots.iter().all(|lot| self.coins.may_last(lot.from, lot.until));
        // All that the rules give, or nothing.
        if all_last && self.coins.has_room(lots.iter().map(|lot| lot.coins.len()).sum()) {
            lots.into_iter().for_each(|lot| self.coins.grant(lot).unwrap());
        }
        self.lots.extend(self.tenant.lots_of(&format!("pay-{id}")));
    }

    fn effect(&self, gift: &Gift) -> Effect {
        let options = Options {
            hold_for: Some(Span::Micros(gift.hold)),
            expires_at: gift.ttl.map(|ttl| self.after(ttl)),
            priority: Some(gift.priority),
            on_refund: Some(match gift.refunded {
                Refunded::Whole => OnRefund::Full,
                Refunded::InProportion => OnRefund::Proportion,
                Refunded::Never => OnRefund::Keep,
            }),
            ..Options::default()
        };
        credit("ann", gift.coins as i64 * self.worth, options)
    }

    fn lot(&self, gift: &Gift, purchase: Option<usize>) -> Lot {
        Lot {
            coins: vec![Place::Held; gift.coins],
            priority: gift.priority,
            from: self.coins.now + gift.hold,
            until: gift.ttl.map(|ttl| self.coins.now + ttl),
            refunded: gift.refunded,
            purchase,
            let_off: 0,
            owed: 0,
            demanded: 0,
        }
    }

    fn take_back(&mut self, nth: usize, step: &Move) {
        let Some(lot_id) = self.lots.get(nth) else { return };
        let booked_by = |tenant: &Tenant| {
            tenant.world.slice.tables.lots[lot_id].clone().unwrap().transaction_id
        };
        if booked_by(&self.tenant).is_none() {
            self.tenant.sweep();
        }
        // A hold has no transaction that could be undone.
        let Some(id) = booked_by(&self.tenant) else { return };
        let done = self.tenant.reverse(id);
        agree(&done, self.coins.take_back(nth), step);
    }

    fn after(&self, micros: i64) -> Time {
        beginning() + TimeDelta::microseconds(self.coins.now + micros)
    }

    /// Counts the coins, and finds the ledger's numbers equal.
    fn compare(&self, step: &Move) {
        let (account, lots) = self.tenant.seen("ann");
        let coins = &self.coins;
        let count = |is: fn(Place) -> bool| coins.count(is) as i64;
        let used = count(|coin| matches!(coin, Place::Spent(_)));
        let expired = count(|coin| coin == Place::Expired);
        let balance = coins.free() as i64 - coins.debt as i64;
        let parts = [balance, coins.held() as i64, coins.debt as i64, used, expired];
        let booked =
            [account.balance, account.pending, account.debt, account.used, account.expired];
        assert_eq!(
            booked.map(|amount| amount.get()),
            parts.map(|part| part * self.worth),
            "balance, pending, debt, used, expired after {step:?}\n{coins:#?}"
        );
        assert_eq!(account.earned.get(), coins.earned as i64 * self.worth, "earned after {step:?}");
        assert!(coins.debt == 0 || coins.free() == 0, "owed, and not paid: {coins:#?}");
        assert_eq!(self.lots.len(), coins.lots.len(), "lots after {step:?}");
        for (id, lot) in self.lots.iter().zip(&coins.lots) {
            self.compare_lot(&lots[id], lot, step);
        }
    }

    fn compare_lot(&self, stored: &Stored, lot: &Lot, step: &Move) {
        let left = lot.free() + lot.held();
        let spent = lot.count(|coin| matches!(coin, Place::Spent(_) | Place::Paid));
        let taken = lot.count(|coin| coin == Place::Taken);
        let parts = [left, spent, taken, lot.let_off, lot.owed, lot.demanded];
        let kept = [
            stored.remaining,
            stored.spent,
            stored.reversed,
            stored.forgiven,
            stored.owed,
            stored.demanded,
        ];
        assert_eq!(
            kept.map(|amount| amount.get()),
            parts.map(|part| part as i64 * self.worth),
            "left, spent, taken, let off, owed, demanded after {step:?}\n{stored:#?}"
        );
        assert_eq!(stored.state == LotState::Held, lot.held() > 0, "{step:?} {stored:#?}");
    }
}

/// Both did it, or both refused for the same reason.
fn agree<T>(done: &Result<T, Refusal>, expected: Result<(), No>, step: &Move) {
    let seen = done.as_ref().map(|_| ()).map_err(|refusal| match refusal.code {
        Code::BadUserInput => No::BadInput,
        Code::InsufficientCredits => No::NotEnough,
        Code::AlreadyReversed => No::Nothing,
        other => panic!("{other:?}: {refusal}"),
    });
    assert_eq!(seen, expected, "{step:?}");
}
