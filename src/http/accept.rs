//! In which media type a caller takes an answer: the header Accept, as RFC 9110 reads it.

use std::cmp::Ordering;

use axum::http::{HeaderMap, header};

/// In which media type an answer is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// `application/graphql-response+json`: the status tells whether the document was executed.
    GraphQl,
    /// `application/json`: for clients of old, 200 whenever the answer is GraphQL's.
    Json,
}

impl Media {
    /// What the caller accepts; `None` when it is neither. For each of the two the most specific
    /// range counts; then the greater quality wins, and what was named over what a wildcard takes.
    /// Between equals it is the new one where both are named, else the old one: who says nothing, or
    /// takes anything, may be a client of old.
    #[must_use]
    pub fn accepted(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(header::ACCEPT).iter();
        if values.all(|value| value.as_bytes().trim_ascii().is_empty()) {
            return Some(Self::Json);
        }
        let texts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let ranges: Vec<Range> =
            texts.flat_map(|text| parts(text, ',')).filter_map(Range::read).collect();
        let (json, graphql) = (weight(&ranges, Self::Json), weight(&ranges, Self::GraphQl));
        match graphql.cmp(&json) {
            _ if (graphql.quality, json.quality) == (0, 0) => None,
            Ordering::Greater => Some(Self::GraphQl),
            Ordering::Equal if json.reach == Reach::One => Some(Self::GraphQl),
            _ => Some(Self::Json),
        }
    }

    /// The value of Content-Type.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::GraphQl => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

/// How much a media type is wanted: by its quality, then by how it was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Weight {
    /// In thousandths; 0 is not accepted.
    quality: u16,
    reach: Reach,
}

/// How much a range takes; the most specific last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    Everything,
    Applications,
    One,
}

/// A range that takes what we have.
struct Range {
    /// The one media type that it names; else it takes both.
    named: Option<Media>,
    weight: Weight,
}

impl Range {
    /// A range with its quality. Of the other parameters only charset says something about JSON: what
    /// asks for another than UTF-8 is not for us, nor is a range whose quality is no number.
    fn read(text: &str) -> Option<Self> {
        let mut parts = parts(text, ';').into_iter().map(str::trim);
        let (reach, named) = match parts.next()?.to_ascii_lowercase().as_str() {
            "application/graphql-response+json" => (Reach::One, Some(Media::GraphQl)),
            "application/json" => (Reach::One, Some(Media::Json)),
            "application/*" => (Reach::Applications, None),
            // Some write one star alone.
            "*/*" | "*" => (Reach::Everything, None),
            _ => return None,
        };
        let mut quality = 1_000;
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            match name.trim().to_ascii_lowercase().as_str() {
                "q" => quality = thousandths(value.trim())?,
                "charset" if !is_utf8(value) => return None,
                _ => {}
            }
        }
        Some(Self { named, weight: Weight { quality, reach } })
    }
}

/// How much this media type is wanted: as the most specific of the ranges that take it says.
fn weight(ranges: &[Range], media: Media) -> Weight {
    let taking = ranges.iter().filter(|range| range.named.is_none_or(|named| named == media));
    let best = taking.map(|range| range.weight).max_by_key(|weight| (weight.reach, weight.quality));
    best.unwrap_or(Weight { quality: 0, reach: Reach::Everything })
}

/// A quality from 0 to 1 with up to three decimals, in thousandths. Some leave the nought out.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let are_digits = decimals.len() <= 3 && decimals.bytes().all(|byte| byte.is_ascii_digit());
    let whole = match whole {
        "0" => 0,
        "1" => 1_000,
        "" if !decimals.is_empty() => 0,
        _ => return None,
    };
    let part: u16 = are_digits.then(|| format!("{decimals:0<3}").parse().ok())??;
    Some(whole + part).filter(|sum| *sum <= 1_000)
}

/// Is this charset, maybe in quotes, UTF-8?
pub(super) fn is_utf8(charset: &str) -> bool {
    let name = charset.trim().trim_matches('"');
    name.eq_ignore_ascii_case("utf-8") || name.eq_ignore_ascii_case("utf8")
}

/// The parts of a header's value between separators, but for those in quotes.
pub(super) fn parts(text: &str, separator: char) -> Vec<&str> {
    let (mut in_quotes, mut is_escaped) = (false, false);
    let separates = |letter: char| {
        let separates = letter == separator && !in_quotes;
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' if in_quotes => is_escaped = true,
            '"' => in_quotes = !in_quotes,
            _ => {}
        }
        separates
    };
    text.split(separates).collect()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const GRAPHQL: &str = "application/graphql-response+json";

    fn accepted(accept: &str) -> Option<Media> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_str(accept).unwrap());
        Media::accepted(&headers)
    }

    #[test]
    fn the_caller_chooses_the_media_type() {
        assert_eq!(Media::accepted(&HeaderMap::new()), Some(Media::Json));
        let json = [
            "",
            " ",
            "*/*",
            "*",
            "application/*",
            "application/*, */*",
            "application/json",
            "APPLICATION/JSON ; Charset=\"UTF-8\"",
            "application/json;x=\"a,b;q=0;c\";q=0.5",
            "application/json, text/plain, */*",
            "text/html, image/gif, *; q=.2, */*; q=.2",
            "application/graphql-response+json;q=0.5, application/json",
            "application/graphql-response+json;q=0, */*",
            "application/graphql-response+json;q=nan, application/json;q=0.001",
            "application/graphql-response+json;charset=latin1, application/json;q=0.1",
        ];
        for accept in json {
            assert_eq!(accepted(accept), Some(Media::Json), "{accept}");
        }
        let graphql = [
            GRAPHQL,
            "application/graphql-response+json; charset=utf-8, application/json; charset=utf-8",
            "application/json, application/graphql-response+json",
            "application/graphql-response+json,application/json;q=0.9",
            "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed",
            "application/json;q=0.8, */*",
            "application/json;q=0, application/*",
            "*/*;q=0.1, application/graphql-response+json;q=0.2, application/json;q=0.1",
        ];
        for accept in graphql {
            assert_eq!(accepted(accept), Some(Media::GraphQl), "{accept}");
        }
        for neither in [
            "text/html",
            "application/json;q=0",
            "*/*;q=0.0",
            "application/json;q=2",
            "application/json;q=1.001",
            "application/json;q=0.0001",
            "application/json;charset=utf-16",
            "application/jsonp, text/*",
            "text/html;x=\"application/json",
        ] {
            assert_eq!(accepted(neither), None, "{neither}");
        }
    }

    #[test]
    fn several_headers_are_one_list() {
        let mut headers = HeaderMap::new();
        headers.append(header::ACCEPT, HeaderValue::from_static("text/html"));
        headers.append(header::ACCEPT, HeaderValue::from_static(GRAPHQL));
        headers.append(header::ACCEPT, HeaderValue::from_bytes(b"\xff").unwrap());
        assert_eq!(Media::accepted(&headers), Some(Media::GraphQl));
    }

    /// A range as a client may write it.
    fn range() -> impl Strategy<Value = String> {
        let kinds =
            ["*/*", "application/*", "application/json", GRAPHQL, "text/html"].map(str::to_owned);
        let quality = prop::option::of(0_u16..=1_000);
        (prop::sample::select(kinds.to_vec()), quality).prop_map(|(kind, quality)| match quality {
            Some(quality) => format!("{kind};q={}.{:03}", quality / 1_000, quality % 1_000),
            None => kind,
        })
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "[ -~]{0,60}") {
            let _ = accepted(&text);
        }

        #[test]
        fn neither_order_nor_case_matters(mut ranges in prop::collection::vec(range(), 0..6)) {
            let before = accepted(&ranges.join(","));
            ranges.reverse();
            prop_assert_eq!(accepted(&ranges.join(" , ").to_ascii_uppercase()), before);
        }

        #[test]
        fn what_is_ruled_out_is_not_given(ranges in prop::collection::vec("(\\*/\\*|application/\\*|text/html)(;q=0\\.[0-9]{1,3})?", 0..4)) {
            let none = format!("{GRAPHQL};q=0, application/json;q=0, {}", ranges.join(","));
            prop_assert_eq!(accepted(&none), None);
            let one = format!("{GRAPHQL};q=0.001, {none}", none = ranges.join(","));
            prop_assert!(accepted(&one).is_some());
        }
    }
}
