//! Comparing a row as it is stored with the row as it is told again.

use std::collections::BTreeMap;
use std::fmt::Debug;

/// What telling history again proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Each decision, made again from its frozen facts, has equal effects.
    Decisions,
    /// The books, made again from the stored commands and the recorded effects, are equal.
    Books,
}

/// A row that is not as it is told again. Names fields, never their values: some are personal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What it stands against.
    pub proof: Proof,
    /// The row.
    pub row: String,
    /// How it differs.
    pub detail: String,
}

/// How a row differs, if it does.
pub(super) fn unlike<T: Debug + PartialEq>(
    row: impl FnOnce() -> String,
    told: Option<&T>,
    stored: Option<&T>,
) -> Option<Difference> {
    let detail = match (told, stored) {
        (Some(told), Some(stored)) if told == stored => return None,
        (None, None) => return None,
        (Some(told), Some(stored)) => format!("its {} differ", fields_unlike(told, stored)),
        (Some(_), None) => "it is not there".to_owned(),
        (None, Some(_)) => "no event made it".to_owned(),
    };
    Some(Difference { proof: Proof::Books, row: row(), detail })
}

/// The names of the fields in which two records differ.
fn fields_unlike<T: Debug>(told: &T, stored: &T) -> String {
    let (told, stored) = (format!("{told:#?}"), format!("{stored:#?}"));
    let (told, stored) = (fields(&told), fields(&stored));
    let names: Vec<&str> = told
        .iter()
        .filter(|(name, text)| stored.get(*name) != Some(text))
        .map(|(name, _)| *name)
        .collect();
    if names.is_empty() { "contents".to_owned() } else { names.join(", ") }
}

/// The fields of a record as it is printed, by their names.
fn fields(text: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut fields: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut name = "";
    for line in text.lines() {
        let own = line.strip_prefix("    ").filter(|rest| !rest.starts_with([' ', '}', ']', ')']));
        if let Some((first, _)) = own.and_then(|rest| rest.split_once(": ")) {
            name = first;
        }
        fields.entry(name).or_default().push(line);
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::unlike;
    use crate::domain::records::Position;

    fn detail(told: Option<Position>, stored: Option<Position>) -> Option<String> {
        unlike(|| "row".to_owned(), told.as_ref(), stored.as_ref()).map(|found| found.detail)
    }

    #[test]
    fn the_fields_that_differ_are_named() {
        let (one, two) = (Position { seq: 1, n: 0 }, Position { seq: 1, n: 2 });
        assert_eq!(detail(Some(one), Some(one)), None);
        assert_eq!(detail(Some(one), Some(two)), Some("its n differ".to_owned()));
        assert_eq!(detail(Some(one), None), Some("it is not there".to_owned()));
        assert_eq!(detail(None, Some(two)), Some("no event made it".to_owned()));
    }
}
