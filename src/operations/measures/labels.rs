//! Which names of operations are told apart. Clients choose these names, and each makes a series that
//! is kept for as long as the process runs: so there are few, and strangers add none.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::domain::caller::Role;

/// The label of an operation without a name.
const NAMELESS: &str = "-";
/// The label of every name that is not told apart.
const OTHER: &str = "other";
/// How many names are told apart.
const MOST: usize = 200;
/// How many of them end users' clients may bring: their keys are in many hands.
const MOST_OF_USERS: usize = 100;
/// The longest name that is told apart.
const LONGEST: usize = 64;

/// The names that are told apart in this process, as its metrics are.
pub static NAMES: Names = Names::new();

/// Names of operations.
#[derive(Debug, Default)]
pub struct Names(Mutex<BTreeSet<String>>);

impl Names {
    const fn new() -> Self {
        Self(Mutex::new(BTreeSet::new()))
    }

    /// The label for an operation of this name. A name that was not seen before gets one of its own
    /// when there is room for it, by the one who calls: `None`, when the document was no good or it is
    /// not known who calls, has none.
    pub fn label(&self, name: Option<&str>, by: Option<&Role>) -> String {
        let Some(name) = name else { return NAMELESS.to_owned() };
        let room = match by {
            None | Some(Role::Public) => 0,
            Some(Role::User(_)) => MOST_OF_USERS,
            Some(Role::Service(_) | Role::Admin(_) | Role::Operator) => MOST,
        };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.contains(name) {
            if known.len() >= room || name.len() > LONGEST {
                return OTHER.to_owned();
            }
            known.insert(name.to_owned());
        }
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_bring_no_name_and_users_leave_room() {
        let names = Names::default();
        let user = Role::User("ann".to_owned());
        let label = |name: &str, by: &Role| names.label(Some(name), Some(by));
        assert_eq!(names.label(None, Some(&Role::Operator)), "-");
        assert_eq!(label("Mine", &Role::Public), "other");
        assert_eq!(label("Mine", &user), "Mine");
        assert_eq!(label("Mine", &Role::Public), "Mine");
        assert_eq!(names.label(Some("Broken"), None), "other");
        for n in 0..300 {
            label(&format!("Flood{n}"), &user);
        }
        assert_eq!(label("Flood98", &Role::Public), "Flood98");
        assert_eq!(label("Flood99", &user), "other");
        assert_eq!(label("Report", &Role::Operator), "Report");
        assert_eq!(label(&"x".repeat(65), &Role::Operator), "other");
        for n in 0..300 {
            label(&format!("More{n}"), &Role::Operator);
        }
        assert_eq!(names.0.lock().unwrap().len(), MOST);
        assert_eq!(label("Mine", &Role::Public), "Mine");
    }
}
