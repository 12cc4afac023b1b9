//! A ledger of another make, to compare with: every credit is a coin that lies somewhere, one is
//! moved at a time, and every number is found by counting coins.

/// Where a coin is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In a lot that is on hold.
    Held,
    /// In a lot, to be spent.
    Free,
    /// Gone with this spend.
    Spent(usize),
    /// Gone to pay what was owed.
    Paid,
    /// Gone when its lot's time ended.
    Expired,
    /// Taken back with its grant.
    Taken,
}

/// What a refund of the purchase does to a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refunded {
    Whole,
    InProportion,
    Never,
}

/// A grant of coins. Times are microseconds from the beginning.
#[derive(Debug, Clone)]
pub struct Lot {
    pub coins: Vec<Place>,
    pub priority: i32,
    pub from: i64,
    pub until: Option<i64>,
    pub refunded: Refunded,
    /// The purchase that made it.
    pub purchase: Option<usize>,
    /// Coins that were demanded back and were gone: let off, and to be taken when they come back.
    pub let_off: usize,
    /// Coins that were demanded back and were gone: owed by the account.
    pub owed: usize,
    /// Coins that refunds, or somebody by hand, demanded so far.
    pub demanded: usize,
}

impl Lot {
    pub fn count(&self, is: impl Fn(Place) -> bool) -> usize {
        self.coins.iter().filter(|coin| is(**coin)).count()
    }

    pub fn free(&self) -> usize {
        self.count(|coin| coin == Place::Free)
    }

    pub fn held(&self) -> usize {
        self.count(|coin| coin == Place::Held)
    }

    /// What can still be demanded: what neither ended nor was demanded before.
    fn open_to_demand(&self) -> usize {
        let gone = self.count(|coin| matches!(coin, Place::Taken | Place::Expired));
        self.coins.len().saturating_sub(gone + self.let_off + self.owed)
    }

    /// Moves one coin; says whether there was one.
    fn move_one(&mut self, from: Place, to: Place) -> bool {
        let coin = self.coins.iter_mut().find(|coin| **coin == from);
        coin.map(|coin| *coin = to).is_some()
    }
}

/// Why nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum No {
    BadInput,
    NotEnough,
    Nothing,
}

/// One account of coins.
#[derive(Debug, Clone)]
pub struct Coins {
    /// Is a coin that cannot be taken back owed? Else it is let off.
    pub owes: bool,
    /// The most coins that may ever be earned.
    pub most: usize,
    pub lots: Vec<Lot>,
    pub debt: usize,
    pub earned: usize,
    /// Each purchase: what was paid, and what of it was refunded.
    pub purchases: Vec<(i64, i64)>,
    /// Each spend: was it given back?
    pub spends: Vec<bool>,
    pub now: i64,
}

impl Coins {
    pub fn new(owes: bool, most: usize) -> Self {
        let (lots, purchases, spends) = (Vec::new(), Vec::new(), Vec::new());
        Self { owes, most, lots, debt: 0, earned: 0, purchases, spends, now: 0 }
    }

    pub fn count(&self, is: impl Fn(Place) -> bool) -> usize {
        self.lots.iter().map(|lot| lot.count(&is)).sum()
    }

    pub fn free(&self) -> usize {
        self.count(|coin| coin == Place::Free)
    }

    pub fn held(&self) -> usize {
        self.count(|coin| coin == Place::Held)
    }

    /// Time passes; whatever the clock does is done one instant after another.
    pub fn wait(&mut self, micros: i64) {
        self.now += micros;
        while let Some((_, matures, n)) = self.next_due() {
            if matures { self.mature(n) } else { self.expire(n) }
        }
    }

    /// The earliest thing that is due: an end comes before a beginning at the same instant.
    fn next_due(&self) -> Option<(i64, bool, usize)> {
        let lots = || self.lots.iter().enumerate();
        let begins = lots().filter(|(_, lot)| lot.held() > 0).map(|(n, lot)| (lot.from, true, n));
        let ends = lots()
            .filter(|(_, lot)| lot.free() > 0)
            .filter_map(|(n, lot)| Some((lot.until?, false, n)));
        begins.chain(ends).filter(|(at, ..)| *at <= self.now).min()
    }

    fn expire(&mut self, n: usize) {
        while self.lots[n].move_one(Place::Free, Place::Expired) {}
    }

    fn mature(&mut self, n: usize) {
        while self.lots[n].move_one(Place::Held, Place::Free) {
            self.earned += 1;
            self.pay_with(n);
        }
    }

    /// Lets a free coin of the lot pay what is owed.
    fn pay_with(&mut self, n: usize) -> bool {
        let pays = self.debt > 0 && self.lots[n].move_one(Place::Free, Place::Paid);
        self.debt -= usize::from(pays);
        pays
    }

    /// The lots in the order in which they are spent.
    fn burn_order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.lots.len()).collect();
        order.sort_by_key(|n| {
            let lot = &self.lots[*n];
            (lot.priority, lot.until.unwrap_or(i64::MAX), *n)
        });
        order
    }

    /// May a lot be made that begins and ends then?
    pub fn may_last(&self, from: i64, until: Option<i64>) -> bool {
        until.is_none_or(|until| until > from.max(self.now))
    }

    /// Is there room for so many more coins?
    pub fn has_room(&self, coins: usize) -> bool {
        self.earned + self.held() + coins <= self.most
    }

    pub fn grant(&mut self, lot: Lot) -> Result<(), No> {
        if !self.may_last(lot.from, lot.until) || !self.has_room(lot.coins.len()) {
            return Err(No::BadInput);
        }
        let at_once = lot.from <= self.now;
        self.lots.push(lot);
        if at_once {
            self.mature(self.lots.len() - 1);
        }
        Ok(())
    }

    pub fn spend(&mut self, coins: usize) -> Result<(), No> {
        if self.free() < coins + self.debt {
            return Err(No::NotEnough);
        }
        let gone = Place::Spent(self.spends.len());
        self.spends.push(false);
        let mut left = coins;
        for n in self.burn_order() {
            while left > 0 && self.lots[n].move_one(Place::Free, gone) {
                left -= 1;
            }
        }
        Ok(())
    }

    /// Somebody undoes a whole grant by hand.
    pub fn take_back(&mut self, n: usize) -> Result<(), No> {
        let wanted = self.lots[n].open_to_demand();
        if wanted == 0 {
            return Err(No::Nothing);
        }
        self.demand(n, wanted, self.owes);
        self.lots[n].demanded = self.lots[n].coins.len();
        Ok(())
    }

    fn demand(&mut self, n: usize, wanted: usize, owes: bool) {
        for _ in 0..wanted.min(self.lots[n].open_to_demand()) {
            if self.lots[n].move_one(Place::Held, Place::Taken) {
                continue;
            }
            let taken = self.lots[n].move_one(Place::Free, Place::Taken);
            self.earned -= usize::from(taken || owes);
            match (taken, owes) {
                (true, _) => {}
                (false, true) => {
                    self.lots[n].owed += 1;
                    self.debt += 1;
                }
                (false, false) => self.lots[n].let_off += 1,
            }
        }
        for n in self.burn_order() {
            while self.pay_with(n) {}
        }
    }

    /// A spend's coins go back to where they came from. Those that were let off are taken.
    pub fn give_back(&mut self, spend: usize) -> Result<(), No> {
        if std::mem::replace(&mut self.spends[spend], true) {
            return Err(No::Nothing);
        }
        let mut touched = self.burn_order();
        touched.retain(|n| self.lots[*n].coins.contains(&Place::Spent(spend)));
        let (waited_for, others): (Vec<usize>, Vec<usize>) =
            touched.into_iter().partition(|n| self.lots[*n].let_off > 0);
        for n in others.into_iter().chain(waited_for) {
            while self.lots[n].move_one(Place::Spent(spend), Place::Free) {
                if self.lots[n].let_off > 0 {
                    self.lots[n].let_off -= 1;
                    self.lots[n].move_one(Place::Free, Place::Taken);
                    self.earned -= 1;
                } else {
                    self.pay_with(n);
                }
            }
            if self.lots[n].until.is_some_and(|until| until <= self.now) {
                self.expire(n);
            }
        }
        Ok(())
    }

    /// An administrator ends a hold.
    pub fn approve(&mut self, n: usize) {
        if self.lots[n].held() > 0 {
            self.lots[n].from = self.now;
            self.mature(n);
        }
    }

    /// An administrator cancels a reward: whatever is gone of it is let off, in any program.
    pub fn cancel(&mut self, n: usize) -> Result<(), No> {
        let (lot, left) = (&self.lots[n], self.lots[n].free() + self.lots[n].held());
        if left == 0 {
            return Ok(());
        }
        let wanted = lot.open_to_demand();
        if wanted < left {
            return Err(No::BadInput);
        }
        self.demand(n, wanted, false);
        self.lots[n].demanded = self.lots[n].coins.len();
        Ok(())
    }

    pub fn refund(&mut self, purchase: usize, amount: Option<i64>) -> Result<(), No> {
        let (paid, before) = self.purchases[purchase];
        let amount = amount.unwrap_or(paid - before);
        if amount < 1 || before + amount > paid {
            return Err(No::BadInput);
        }
        let refunded = before + amount;
        self.purchases[purchase].1 = refunded;
        for n in 0..self.lots.len() {
            let lot = &self.lots[n];
            let granted = lot.coins.len();
            let due = match lot.refunded {
                _ if lot.purchase != Some(purchase) => 0,
                Refunded::InProportion => granted * refunded as usize / paid as usize,
                Refunded::Whole if refunded == paid => granted,
                Refunded::Whole | Refunded::Never => 0,
            };
            if due > lot.demanded {
                let more = due - lot.demanded;
                self.lots[n].demanded = due;
                self.demand(n, more, self.owes);
            }
        }
        Ok(())
    }
}
