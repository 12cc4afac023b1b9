//! A call: who asks, of which server, from where.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError};

use tokio::sync::Mutex;

use super::lane::Class;
use super::programs::InForce;
use super::{Operations, input};
use crate::domain::caller::{Caller, Role, TenantRef};
use crate::domain::refusal::Refusal;
use crate::domain::time::Time;

/// A call whose credential was checked.
#[derive(Clone)]
pub struct Call {
    /// What the product can do.
    pub operations: Arc<Operations>,
    /// Who asks, for which tenant.
    pub caller: Caller,
    /// The address that the call came from, as far as it is known.
    pub address: Option<IpAddr>,
    /// The request's id, for the log.
    pub request_id: String,
    /// Whether its commands come by themselves or as many at once.
    pub(super) class: Class,
    /// What was in force for the tenant when the call last asked: a list of a hundred users asks a
    /// hundred times. A change in the same call makes it ask anew.
    in_force: Arc<Mutex<Option<Arc<InForce>>>>,
    /// What was done so far. What fails afterwards does not undo it.
    progress: Arc<std::sync::Mutex<Progress>>,
}

/// How far a call has come. Its parts, a mutation's fields, are done one after another.
#[derive(Default)]
struct Progress {
    /// The part that is at work.
    part: String,
    /// The parts of which a change was done.
    done: BTreeSet<String>,
}

impl Call {
    /// A call of this caller, from this address.
    #[must_use]
    pub fn new(
        operations: Arc<Operations>,
        caller: Caller,
        address: Option<IpAddr>,
        request_id: String,
    ) -> Self {
        Self {
            operations,
            caller,
            address,
            request_id,
            class: Class::default(),
            in_force: Arc::default(),
            progress: Arc::default(),
        }
    }

    /// Another call of the same caller: it knows nothing of this one, and did nothing yet.
    #[must_use]
    pub fn anew(&self) -> Self {
        Self { in_force: Arc::default(), progress: Arc::default(), ..self.clone() }
    }

    /// Notes which part of the call is at work from now on.
    pub fn begin_part(&self, name: &str) {
        name.clone_into(&mut self.progress().part);
    }

    /// Notes that the part that is at work has changed something.
    pub(super) fn note_done(&self) {
        let mut progress = self.progress();
        let part = progress.part.clone();
        progress.done.insert(part);
    }

    /// Has this part of the call changed something, so that nobody may say that nothing happened?
    /// Where it is not known which part is meant: has any?
    #[must_use]
    pub fn has_done(&self, part: Option<&str>) -> bool {
        let progress = self.progress();
        part.map_or(!progress.done.is_empty(), |part| progress.done.contains(part))
    }

    fn progress(&self) -> std::sync::MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same call, whose commands are many and give way to those of others.
    #[must_use]
    pub fn in_bulk(&self) -> Self {
        Self { class: Class::Bulk, ..self.clone() }
    }

    /// What is in force for the tenant, asked once a call.
    pub async fn in_force(&self) -> Result<Arc<InForce>, Refusal> {
        let mut known = self.in_force.lock().await;
        if let Some(in_force) = &*known {
            return Ok(Arc::clone(in_force));
        }
        let found = self.operations.programs.of(self.tenant()?).await?;
        *known = Some(Arc::clone(&found));
        Ok(found)
    }

    /// Asks anew what is in force, after something changed.
    pub async fn forget_in_force(&self) {
        *self.in_force.lock().await = None;
    }

    /// The tenant, or BAD_USER_INPUT that says how to name one.
    pub fn tenant(&self) -> Result<&TenantRef, Refusal> {
        self.caller.tenant()
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Time {
        self.operations.clock.now()
    }

    /// The user whom a call is about: as the input names it, or the token does.
    pub fn subject(&self, user_id: Option<&str>) -> Result<String, Refusal> {
        let subject = self.caller.subject(user_id)?;
        input::word("userId", &subject)?;
        Ok(subject)
    }

    /// May the caller see everything about this user? A user may of itself, a service of everyone.
    #[must_use]
    pub fn sees(&self, user_id: &str) -> bool {
        match &self.caller.role {
            Role::User(own) => own == user_id,
            _ => self.caller.is_service(),
        }
    }

    /// Refuses a caller who may not see everything about this user.
    pub fn require_sight(&self, user_id: &str) -> Result<(), Refusal> {
        if self.sees(user_id) {
            return Ok(());
        }
        Err(Refusal::forbidden(
            "Of another user only id and name can be seen: ask for those alone.",
        ))
    }
}
