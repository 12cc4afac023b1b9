//! What a request asks for, as the specification of GraphQL over HTTP names it.

use std::fmt;

use serde::Deserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

/// The properties of a request. Others are ignored, as the specification asks.
pub const NAMES: [&str; 4] = ["query", "variables", "operationName", "extensions"];

/// What a request asks for. What is null counts as left out.
#[derive(Debug, Default, PartialEq)]
pub struct Asked {
    /// The document; `None` when only its hash is named.
    pub query: Option<String>,
    /// The values of the operation's variables.
    pub variables: Map<String, Value>,
    /// Which of the document's operations is meant.
    pub operation_name: Option<String>,
    /// What clients and servers agree on beside the specification.
    pub extensions: Map<String, Value>,
}

impl Asked {
    /// Reads a body; else a sentence for people that says what is wrong with it.
    pub fn from_json(body: &[u8]) -> Result<Self, String> {
        let mut reader = serde_json::Deserializer::from_slice(body);
        let fields = reader.deserialize_map(FieldsOf).and_then(|fields| {
            reader.end()?;
            Ok(fields)
        });
        let fields = fields.map_err(|error| match body.trim_ascii_start().first() {
            Some(b'[') => "One request at a time: a list of requests is not read.".to_owned(),
            _ if error.is_data() => "The body must be a JSON object.".to_owned(),
            _ => format!("The body is no JSON in UTF-8 (line {}).", error.line()),
        })?;
        Self::from_fields(fields)
    }

    /// Reads the four properties, in the order of [`NAMES`]; each may have been given once.
    pub fn from_fields(fields: Fields) -> Result<Self, String> {
        if let Some(name) = fields.repeated {
            return Err(format!("{name} is given twice: give it once."));
        }
        let [query, variables, operation_name, extensions] = fields.values;
        Ok(Self {
            query: text("query", query)?,
            variables: object("variables", variables)?,
            operation_name: text("operationName", operation_name)?.filter(|name| !name.is_empty()),
            extensions: object("extensions", extensions)?,
        })
    }
}

fn text(name: &str, value: Option<Value>) -> Result<Option<String>, String> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("{name} must be a string.")),
    }
}

fn object(name: &str, value: Option<Value>) -> Result<Map<String, Value>, String> {
    match value {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(fields)) => Ok(fields),
        Some(_) => Err(format!("{name} must be a JSON object.")),
    }
}

/// The four properties as they came, in the order of [`NAMES`].
#[derive(Debug, Default)]
pub struct Fields {
    values: [Option<Value>; NAMES.len()],
    repeated: Option<&'static str>,
}

impl Fields {
    /// Takes the value of the property at this place in [`NAMES`].
    pub fn take(&mut self, at: usize, value: Value) {
        if self.values[at].replace(value).is_some() {
            self.repeated = Some(NAMES[at]);
        }
    }
}

/// The place of a property of this name; `None` when it is none of ours.
pub fn place(name: &str) -> Option<usize> {
    NAMES.iter().position(|known| *known == name)
}

/// Reads a JSON object, and nothing else: a list of the values in their order is no request.
struct FieldsOf;

impl<'de> Visitor<'de> for FieldsOf {
    type Value = Fields;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Fields::default();
        while let Some(name) = map.next_key::<String>()? {
            match place(&name) {
                Some(at) => fields.take(at, map.next_value()?),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(body: &[u8]) -> String {
        Asked::from_json(body).unwrap_err()
    }

    #[test]
    fn a_request_is_an_object_of_known_properties() {
        let body = br#" {"query":"{ a }","variables":{"x":[1]},"operationName":"A","extensions":{"y":null},"more":[{}]} "#;
        let asked = Asked::from_json(body).unwrap();
        assert_eq!(asked.query.as_deref(), Some("{ a }"));
        assert_eq!(Value::Object(asked.variables), json!({ "x": [1] }));
        assert_eq!(asked.operation_name.as_deref(), Some("A"));
        assert_eq!(Value::Object(asked.extensions), json!({ "y": null }));
        let nulls = br#"{"query":null,"variables":null,"operationName":"","extensions":null}"#;
        assert_eq!(Asked::from_json(nulls), Ok(Asked::default()));
        assert_eq!(Asked::from_json(b"{}"), Ok(Asked::default()));
    }

    #[test]
    fn every_other_shape_is_refused_with_a_sentence() {
        for (body, why) in [
            (&b"[{\"query\":\"{ a }\"}]"[..], "One request at a time"),
            (b" [\"{ a }\", null, null, null]", "One request at a time"),
            (b"", "no JSON"),
            (b"nonsense", "no JSON"),
            (b"{\"query\":", "no JSON"),
            (b"{} {}", "no JSON"),
            (b"\xef\xbb\xbf{}", "no JSON"),
            (b"{\"query\":\"\xff\"}", "no JSON"),
            (b"{\"query\":\"\\ud800\"}", "no JSON"),
            (b"\"{ a }\"", "must be a JSON object"),
            (b"null", "must be a JSON object"),
            (b"{\"query\":1}", "query must be a string"),
            (b"{\"query\":[\"{ a }\"]}", "query must be a string"),
            (b"{\"operationName\":{}}", "operationName must be a string"),
            (b"{\"variables\":[]}", "variables must be a JSON object"),
            (b"{\"variables\":\"{}\"}", "variables must be a JSON object"),
            (b"{\"extensions\":0}", "extensions must be a JSON object"),
            (b"{\"query\":\"a\",\"query\":\"b\"}", "query is given twice"),
            (b"{\"variables\":null,\"variables\":{}}", "variables is given twice"),
        ] {
            let said = refused(body);
            assert!(said.contains(why), "{}: {said}", String::from_utf8_lossy(body));
        }
        let deep = format!("{{\"variables\":{{\"x\":{}", "[".repeat(10_000));
        assert!(refused(deep.as_bytes()).contains("no JSON"));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_can_be_read(body in proptest::collection::vec(proptest::num::u8::ANY, 0..64)) {
            let _ = Asked::from_json(&body);
        }
    }
}
