//! The text of a document, before it is parsed: how long it is, how many pieces it has, and how deep
//! its brackets are nested. One walk over the bytes, which keeps nothing.

use crate::graphql::limits::Limits;

/// Refuses, with a sentence for people, a text that would cost too much to parse.
pub fn check_text(text: &str, limits: &Limits) -> Result<(), String> {
    let longest = limits.text_bytes;
    if text.len() > longest {
        return Err(format!("The document is longer than {longest} bytes: make it shorter."));
    }
    let (mut rest, mut tokens, mut depth) = (text.as_bytes(), 0_usize, 0_usize);
    while let Some(piece) = piece(rest) {
        rest = rest.get(piece.length..).unwrap_or_default();
        tokens += usize::from(piece.kind != Kind::Space);
        match piece.kind {
            Kind::Opening => depth += 1,
            Kind::Closing => depth = depth.saturating_sub(1),
            Kind::Word if piece.length > limits.name_bytes => {
                let longest = limits.name_bytes;
                return Err(format!("A name in the document is longer than {longest} bytes."));
            }
            _ => {}
        }
        if depth > limits.nesting {
            let deepest = limits.nesting;
            return Err(format!("The document nests more than {deepest} brackets: flatten it."));
        }
        if tokens > limits.tokens {
            let most = limits.tokens;
            return Err(format!(
                "The document has more than {most} words, signs and lines: send several, or use variables."
            ));
        }
    }
    Ok(())
}

/// What a text is made of. A piece of space costs the parser little; anything else can make an entry
/// of the document, or be looked at several times.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Space,
    Word,
    Opening,
    Closing,
    Other,
}

struct Piece {
    kind: Kind,
    length: usize,
}

/// The piece with which a text begins.
fn piece(text: &[u8]) -> Option<Piece> {
    let (kind, length) = match text.first()? {
        b' ' | b'\t' | b',' => (Kind::Space, 1),
        b'"' => (Kind::Other, string(text)),
        b'#' => (Kind::Other, run(text, |byte| !matches!(byte, b'\n' | b'\r'))),
        b'{' | b'[' | b'(' => (Kind::Opening, 1),
        b'}' | b']' | b')' => (Kind::Closing, 1),
        byte if is_of_word(*byte) => (Kind::Word, run(text, is_of_word)),
        _ => (Kind::Other, 1),
    };
    Some(Piece { kind, length })
}

const fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn run(text: &[u8], of: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|byte| !of(*byte)).unwrap_or(text.len())
}

/// The length of the string with which a text begins. One without an end goes on to the end of its
/// line: the parser refuses it there.
fn string(text: &[u8]) -> usize {
    if let Some(block) = text.strip_prefix(b"\"\"\"") {
        return 3 + block_string(block);
    }
    let mut at = 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            b'\n' | b'\r' => return at,
            _ => at += 1,
        }
    }
    text.len()
}

/// How long it is to the end of a block string; `\"""` does not end it.
fn block_string(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(b"\"\"\"") {
            return at + 3;
        }
        at += if rest.starts_with(b"\\\"\"\"") { 4 } else { 1 };
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str, limits: &Limits) -> bool {
        check_text(text, limits).is_err()
    }

    fn nests(text: &str) -> usize {
        let deepest = |nesting| Limits { nesting, ..Limits::default() };
        (0..10).find(|nesting| !refused(text, &deepest(*nesting))).unwrap()
    }

    fn tokens(text: &str) -> usize {
        let most = |tokens| Limits { tokens, ..Limits::default() };
        (0..50).find(|tokens| !refused(text, &most(*tokens))).unwrap()
    }

    proptest::proptest! {
        #[test]
        fn any_text_can_be_looked_at(text in "[\\[\\]{}()\"\\\\#\n a,é0]{0,200}") {
            let _ = check_text(&text, &Limits::default());
        }

        #[test]
        fn no_more_is_seen_than_there_is(text in "[\\[\\]{}()\"\\\\#\n a,0]{0,200}") {
            let tokens = Limits { tokens: text.len(), ..Limits::default() };
            let openings = text.matches(['[', '{', '(']).count();
            let nesting = Limits { nesting: openings, ..Limits::default() };
            proptest::prop_assert!(!refused(&text, &tokens) && !refused(&text, &nesting));
        }
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        assert_eq!(nests("{ a(x: [[1]]) { b } }"), 4);
        assert_eq!(nests("{ a(x: \"]]\\\"]\") # }}\n { b } }"), 2);
        assert_eq!(nests("{ a(x: \"\"\"]] \\\"\"\" ]]\"\"\") { b } }"), 2);
        assert_eq!(nests("{ a(x: \"no end [[[[\n [[["), 5);
        assert!(refused(&"[".repeat(3_000), &Limits::default()));
    }

    #[test]
    fn all_but_space_is_counted() {
        assert_eq!(tokens("{ a, bcd_1 }"), 4);
        assert_eq!(tokens("{ a(x: \"b c d\", y: 12) }"), 11);
        assert_eq!(tokens("# a comment is one\n{a}"), 5);
        assert_eq!(tokens("\n\n\n"), 3);
    }

    #[test]
    fn long_names_and_long_texts_are_refused() {
        let limits = Limits::default();
        assert!(!refused(&format!("{{ {} }}", "a".repeat(255)), &limits));
        assert!(refused(&format!("{{ {} }}", "a".repeat(256)), &limits));
        assert!(!refused(&" ".repeat(limits.text_bytes), &limits));
        assert!(refused(&" ".repeat(limits.text_bytes + 1), &limits));
    }
}
