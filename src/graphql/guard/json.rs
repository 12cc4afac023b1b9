//! The JSON that documents come in, before it is read: an entry of two bytes takes a hundred when it
//! was read.

/// The most values that a JSON text can hold: each but the first follows a comma, a colon or an opening
/// bracket outside of strings. Whether it is JSON at all is not looked at.
#[must_use]
pub fn most_values(text: &[u8]) -> usize {
    let (mut in_string, mut is_escaped) = (false, false);
    let begins_value = |byte: &&u8| {
        let was_string = in_string;
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = in_string,
            b'"' => in_string = !in_string,
            _ => {}
        }
        !was_string && matches!(byte, b',' | b':' | b'[' | b'{')
    };
    text.iter().filter(begins_value).count() + 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::from),
            "[\\[{,:\"\\\\a]{0,6}".prop_map(Value::from)
        ];
        leaf.prop_recursive(5, 60, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map("[,{:\"a]{0,3}", inner, 0..6)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    fn values(value: &Value) -> usize {
        1 + match value {
            Value::Array(items) => items.iter().map(values).sum(),
            Value::Object(fields) => fields.values().map(values).sum::<usize>(),
            _ => 0,
        }
    }

    proptest! {
        #[test]
        fn no_value_is_missed_and_few_are_made_up(value in json_value()) {
            let (has, counted) = (values(&value), most_values(value.to_string().as_bytes()));
            prop_assert!((has..=has * 3).contains(&counted), "{counted} of {has}");
        }

        #[test]
        fn any_bytes_can_be_looked_at(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(most_values(&bytes) <= bytes.len() + 1);
        }
    }

    #[test]
    fn signs_in_strings_do_not_count() {
        assert_eq!(most_values(json!({ "a,[{": "\\\",[{" }).to_string().as_bytes()), 3);
        assert_eq!(most_values(b"[1,2,3]"), 4);
        assert_eq!(most_values(b"\"no end,,,"), 1);
    }
}
