//! What is not known any more of persons who were erased, and what stands in its place: the record.

use std::collections::{HashMap, HashSet, VecDeque};

use serde_json::Value;
use uuid::Uuid;

use super::recorded::Recorded;
use crate::domain::answer::Validation;
use crate::domain::apply::Changed;
use crate::domain::command::{Body, Command};
use crate::domain::records::{Code, Decision, Emission, Event, Lot, Notice, Transaction, User};
use crate::domain::state::Tables;

/// Who was erased, and what is recorded of them that cannot be made again without what was personal.
#[derive(Debug, Clone, Default)]
pub struct Forgotten {
    users: HashSet<String>,
    /// Their codes, in the order in which they were made: a code may have letters of a name in it.
    codes: HashMap<String, VecDeque<Code>>,
    /// The decisions about them, whose texts were emptied.
    decisions: HashSet<Uuid>,
}

impl Forgotten {
    /// These users, and the codes that they ever had.
    #[must_use]
    pub fn new(users: impl IntoIterator<Item = String>, mut codes: Vec<Code>) -> Self {
        // The code that is in use was made last.
        codes.sort_by_key(|code| (code.created_at, code.retired_at.is_none(), code.retired_at));
        let mut of_users: HashMap<String, VecDeque<Code>> = HashMap::new();
        for code in codes {
            of_users.entry(code.user_id.clone()).or_default().push_back(code);
        }
        Self { users: users.into_iter().collect(), codes: of_users, decisions: HashSet::new() }
    }

    pub(super) fn is_erased(&self, user_id: &str) -> bool {
        self.users.contains(user_id)
    }

    pub(super) fn is_event_of_erased(&self, event: &Event) -> bool {
        event.user_id.as_deref().is_some_and(|id| self.is_erased(id))
    }

    /// Remembers the decisions about erased users.
    pub(super) fn note(&mut self, decisions: &[Decision]) {
        let theirs = decisions.iter().filter(|made| self.users.contains(&made.user_id));
        self.decisions.extend(theirs.map(|made| made.id));
    }

    /// Sets things so that a command ends as it did, though what was personal about it is gone.
    pub(super) fn make_up_for(
        &self,
        command: &mut Command,
        recorded: &Recorded,
        tables: &mut Tables,
    ) {
        if self.users.is_empty() {
            return;
        }
        // Who has the same mailbox as the code's owner is not told again: the code did nothing.
        let refused = recorded.event.answer.validation.as_ref().filter(|known| !known.is_valid());
        if refused.is_some_and(|known| self.concerns(&recorded.event, known)) {
            take_code_off(&mut command.body);
        }
        // Another address was not verified until it was said again.
        let verified = recorded.sheets.iter().any(|sheet| sheet.event == "email_verified");
        if let (Body::UpdateUser { user_id, .. }, true) = (&command.body, verified)
            && self.is_erased(user_id)
            && let Some(Some(user)) = tables.users.get_mut(user_id)
        {
            user.email_verified = false;
        }
    }

    fn concerns(&self, event: &Event, validation: &Validation) -> bool {
        let owner = validation.referrer_id.as_deref();
        self.is_event_of_erased(event) || owner.is_some_and(|id| self.is_erased(id))
    }

    /// Puts what is recorded in the place of what came out otherwise for want of what was personal.
    pub(super) fn restore(&mut self, changed: &mut Changed, recorded: &Event, known: &Tables) {
        if self.users.is_empty() {
            return;
        }
        let answer = &mut changed.event.answer;
        if let Some(validation) = &recorded.answer.validation
            && self.concerns(recorded, validation)
        {
            answer.validation = Some(validation.clone());
        }
        let codes = &mut changed.change.tables.codes;
        let new: Vec<Code> = (codes.values().flatten())
            .filter(|code| self.users.contains(&code.user_id))
            .filter(|code| !known.codes.contains_key(&code.matched))
            .cloned()
            .collect();
        for made in new {
            let of_user = self.codes.get_mut(&made.user_id);
            let Some(stored) = of_user.and_then(VecDeque::pop_front) else { continue };
            codes.remove(&made.matched);
            if answer.code.as_ref() == Some(&made.shown) {
                answer.code = Some(stored.shown.clone());
            }
            if let Some(Some(user)) = changed.change.tables.users.get_mut(&made.user_id)
                && user.code.as_ref() == Some(&made.shown)
            {
                user.code = Some(stored.shown.clone());
            }
            let told = Code { matched: stored.matched.clone(), shown: stored.shown, ..made };
            codes.insert(stored.matched, Some(told));
        }
    }

    /// An entry without the words that a rule wrote of an erased person; without those, they cannot
    /// be told again.
    pub(super) fn plain_entry(&self, entry: Transaction) -> Transaction {
        if !self.wrote(&entry.account.user_id, entry.decision_id) {
            return entry;
        }
        Transaction { description: None, reference_id: None, ..entry }
    }

    pub(super) fn plain_lot(&self, lot: Lot) -> Lot {
        if !self.wrote(&lot.account.user_id, lot.decision_id) {
            return lot;
        }
        Lot { description: None, reference_id: None, ..lot }
    }

    fn wrote(&self, user_id: &str, decision_id: Option<Uuid>) -> bool {
        self.is_erased(user_id) || decision_id.is_some_and(|id| self.decisions.contains(&id))
    }

    pub(super) fn plain_emission(&self, emission: Emission) -> Emission {
        if !self.is_erased(&emission.user_id) {
            return emission;
        }
        Emission { data: Value::Null, ..emission }
    }

    pub(super) fn plain_notice(&self, notice: Notice) -> Notice {
        let about = notice.about_id.as_deref().unwrap_or_default();
        if !self.is_erased(&notice.user_id) && !self.is_erased(about) {
            return notice;
        }
        Notice { message: String::new(), ..notice }
    }

    /// A user without visits, which are no events, and without what an erasure took.
    pub(super) fn plain_user(&self, user: User) -> User {
        User { clicks: 0, ..user }
    }
}

fn take_code_off(body: &mut Body) {
    match body {
        Body::RegisterUser { referral_code, .. } => *referral_code = None,
        Body::RecordPurchase(payment) => payment.referral_code = None,
        _ => {}
    }
}
