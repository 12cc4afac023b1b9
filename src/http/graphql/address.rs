//! A request in the address of a GET, as `application/x-www-form-urlencoded`.

use percent_encoding::percent_decode;
use serde_json::Value;

use super::asked::{Asked, Fields, NAMES, place};

/// Reads what follows the question mark; else a sentence for people that says what is wrong with it.
/// An empty text counts as left out, and other names than ours are ignored.
pub fn read(query: Option<&str>) -> Result<Asked, String> {
    let mut fields = Fields::default();
    for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let Some(at) = decode(name).and_then(|name| place(&name)) else { continue };
        let name = NAMES[at];
        let text = decode(value).ok_or_else(|| format!("{name} is not in UTF-8."))?;
        fields.take(at, value_of(name, text)?);
    }
    Asked::from_fields(fields)
}

/// What a property's text says: variables and extensions are JSON.
fn value_of(name: &str, text: String) -> Result<Value, String> {
    match name {
        _ if text.is_empty() => Ok(Value::Null),
        "query" | "operationName" => Ok(Value::String(text)),
        _ => serde_json::from_str(&text).map_err(|_| format!("{name} must be a JSON object.")),
    }
}

/// A text as it was before it was put into an address; `None` when that was no UTF-8.
fn decode(text: &str) -> Option<String> {
    let spaced: Vec<u8> = text.bytes().map(|byte| if byte == b'+' { b' ' } else { byte }).collect();
    percent_decode(&spaced).decode_utf8().ok().map(|text| text.into_owned())
}

#[cfg(test)]
mod tests {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn refused(query: &str) -> String {
        read(Some(query)).unwrap_err()
    }

    #[test]
    fn an_address_holds_a_request() {
        let asked = read(Some(
            "query=%7B+a%20%7D&variables=%7B%22x%22%3A%22%2B%22%7D&operationName=null&&other=1&other=2&extensions=",
        ));
        let asked = asked.unwrap();
        assert_eq!(asked.query.as_deref(), Some("{ a }"));
        assert_eq!(Value::Object(asked.variables), json!({ "x": "+" }));
        assert_eq!(asked.operation_name.as_deref(), Some("null"));
        assert!(asked.extensions.is_empty());
        for nothing in [None, Some(""), Some("&"), Some("query"), Some("query=&variables=null")] {
            assert_eq!(read(nothing), Ok(Asked::default()), "{nothing:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_a_sentence() {
        assert_eq!(refused("query=a&query=b"), "query is given twice: give it once.");
        assert_eq!(refused("query=&quer%79="), "query is given twice: give it once.");
        assert_eq!(refused("query=%ff"), "query is not in UTF-8.");
        for wrong in ["[]", "1", "%22%22", "{", "{}{}", "x"] {
            let said = refused(&format!("variables={wrong}"));
            assert_eq!(said, "variables must be a JSON object.", "{wrong}");
            let said = refused(&format!("extensions={wrong}"));
            assert_eq!(said, "extensions must be a JSON object.", "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(query in "\\PC{0,80}", pairs in "(quer%79|variables|extensions)=[%&+=0-9a-f{}\"]{0,30}") {
            let _ = (read(Some(&query)), read(Some(&pairs)));
        }

        #[test]
        fn what_was_written_is_read(
            query in ".{1,40}",
            name in ".{1,20}",
            key in ".{0,10}",
            value in ".{0,20}",
            order in Just([0, 1, 2, 3]).prop_shuffle(),
        ) {
            let object = json!({ key: value });
            let json = object.to_string();
            let texts = [&query, &json, &name, &json];
            let pair = |at: &usize| {
                format!("{}={}", NAMES[*at], utf8_percent_encode(texts[*at], NON_ALPHANUMERIC))
            };
            let asked = read(Some(&order.iter().map(pair).collect::<Vec<_>>().join("&"))).unwrap();
            prop_assert_eq!(asked.query, Some(query));
            prop_assert_eq!(asked.operation_name, Some(name));
            prop_assert_eq!(&Value::Object(asked.variables), &object);
            prop_assert_eq!(&Value::Object(asked.extensions), &object);
        }
    }
}
