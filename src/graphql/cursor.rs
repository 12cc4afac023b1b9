//! Cursors: opaque texts that name their list, their tenant, and a place.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::operations::page::Spot;

/// How long a cursor can be that we made.
const MAX_CURSOR: usize = 1_024;

/// What a cursor says.
#[derive(Debug, PartialEq, Eq)]
pub struct Cursor {
    list: String,
    tenant: i64,
    /// The place.
    pub spot: Spot,
}

impl Cursor {
    /// Is it a place in this tenant's list of this name?
    pub fn is_of(&self, list: &str, tenant: i64) -> bool {
        self.list == list && self.tenant == tenant
    }
}

/// Writes a place as a cursor: the list's name, the tenant's number and the place, in JSON.
pub fn write(list: &str, tenant: i64, spot: &Spot) -> String {
    let plain = serde_json::json!([list, tenant, spot.numbers, spot.text]);
    URL_SAFE_NO_PAD.encode(plain.to_string())
}

/// Reads a cursor, whoever made it; `None` when it is none.
pub fn read(text: &str) -> Option<Cursor> {
    let plain = URL_SAFE_NO_PAD.decode(Some(text).filter(|text| text.len() <= MAX_CURSOR)?).ok()?;
    let read = serde_json::from_slice::<(String, i64, Vec<i64>, Option<String>)>(&plain).ok()?;
    let (list, tenant, numbers, text) = read;
    Some(Cursor { list, tenant, spot: Spot { numbers, text } })
}

/// Is this text a cursor of any list? That alone does not let it in anywhere.
#[must_use]
pub fn is_cursor(text: &str) -> bool {
    read(text).is_some()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_written_is_read(
            list in "[a-z_]{1,20}",
            tenant: i64,
            numbers in prop::collection::vec(any::<i64>(), 0..3),
            text in prop::option::of(".{0,100}"),
        ) {
            let spot = Spot { numbers, text };
            let read = read(&write(&list, tenant, &spot));
            prop_assert_eq!(read, Some(Cursor { list, tenant, spot }));
        }

        #[test]
        fn any_text_can_be_looked_at(text in ".{0,200}") {
            read(&text);
        }

        #[test]
        fn any_bytes_can_be_looked_at(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            read(&URL_SAFE_NO_PAD.encode(bytes));
        }
    }

    #[test]
    fn a_cursor_is_of_one_list_and_one_tenant() {
        let spot = Spot { numbers: vec![7, 1], text: None };
        let cursor = read(&write("users", 3, &spot)).unwrap();
        assert!(cursor.is_of("users", 3));
        assert!(!cursor.is_of("users", 4) && !cursor.is_of("rewards", 3));
        assert_eq!(read(&"A".repeat(MAX_CURSOR + 4)), None);
    }
}
