//! Share links: a program's address with a code in it, and without.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Where the code belongs in a link.
const PLACE: &str = "{code}";

/// What is written as it is: letters, digits and what RFC 3986 calls unreserved.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The link with a code in every place for it, percent-encoded: whatever the code is, it leads
/// nowhere else.
pub(super) fn with_code(link: &str, code: &str) -> String {
    let encoded: Cow<'_, str> = utf8_percent_encode(code, ENCODED).into();
    link.replace(PLACE, &encoded)
}

/// The link without a code: a parameter of the query that holds a place for it is left out as a
/// whole; anywhere else the place becomes nothing.
pub(super) fn without_code(link: &str) -> String {
    let (address, fragment) = cut(link, '#');
    let (path, query) = cut(address, '?');
    let mut plain = path.replace(PLACE, "");
    let kept: Vec<&str> =
        query.unwrap_or_default().split('&').filter(|pair| !pair.contains(PLACE)).collect();
    if query.is_some() && kept.iter().any(|pair| !pair.is_empty()) {
        plain.push('?');
        plain.push_str(&kept.join("&"));
    }
    if let Some(fragment) = fragment {
        plain.push('#');
        plain.push_str(&fragment.replace(PLACE, ""));
    }
    plain
}

/// Does a code in this link stand behind the host, so that no code changes where it leads? The host
/// is written out, and nothing in the link is a space or a control character.
#[must_use]
pub fn leads_to_one_place(link: &str) -> bool {
    let Some((_, rest)) = link.split_once("://") else { return false };
    let host = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let broken = |letter: char| letter.is_whitespace() || letter.is_control();
    !host.is_empty() && !host.contains(['{', '}', '@']) && !link.contains(broken)
}

fn cut(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at).map_or((text, None), |(before, after)| (before, Some(after)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_percent_encoded_wherever_it_stands() {
        assert_eq!(
            with_code("https://a.de/?ref={code}", "SAIL-ANNA_1.~"),
            "https://a.de/?ref=SAIL-ANNA_1.~"
        );
        let hostile = "@evil.com//\r\nSet-Cookie: a=b&c=#?%0d\u{e9}";
        assert_eq!(
            with_code("https://a.de/{code}?c={code}", hostile),
            "https://a.de/%40evil.com%2F%2F%0D%0ASet-Cookie%3A%20a%3Db%26c%3D%23%3F%250d%C3%A9\
             ?c=%40evil.com%2F%2F%0D%0ASet-Cookie%3A%20a%3Db%26c%3D%23%3F%250d%C3%A9"
        );
    }

    #[test]
    fn without_a_code_its_parameter_is_gone() {
        for (link, plain) in [
            ("https://a.de?ref={code}", "https://a.de"),
            ("https://a.de/?ref={code}", "https://a.de/"),
            ("https://a.de/?a=1&ref={code}#x", "https://a.de/?a=1#x"),
            ("https://a.de/?ref=x-{code}&b=2", "https://a.de/?b=2"),
            ("https://a.de/join/{code}", "https://a.de/join/"),
            ("https://a.de/join/{code}?a=1", "https://a.de/join/?a=1"),
            ("https://a.de/{code}?one={code}&two={code}", "https://a.de/"),
            ("https://a.de/#/join/{code}", "https://a.de/#/join/"),
            ("https://a.de/?a=1#ref={code}&b?c", "https://a.de/?a=1#ref=&b?c"),
        ] {
            assert_eq!(without_code(link), plain, "{link}");
        }
    }

    #[test]
    fn a_code_never_stands_in_the_host() {
        for good in ["https://a.de/{code}", "https://a.de?ref={code}", "http://a.de:80#{code}"] {
            assert!(leads_to_one_place(good), "{good}");
        }
        for bad in [
            "https://{code}.a.de/",
            "https://a.de{code}",
            "https://a.de@{code}/",
            "https://ann@a.de/{code}",
            "https:///{code}",
            "https://a.de/ {code}",
            "https://a.de/\r\n{code}",
            "a.de/{code}",
        ] {
            assert!(!leads_to_one_place(bad), "{bad}");
        }
    }
}
