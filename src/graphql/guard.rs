//! What is looked at before a document is parsed, and before it is validated: parser and validator
//! both work off a hostile document before any limit of theirs is asked.

use std::collections::{HashMap, HashSet};

use async_graphql::Name;
use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

use super::limits::Limits;

/// Refuses, with a sentence for people, a text that is too long or nested too deep to be parsed.
pub fn check_text(text: &str, limits: &Limits) -> Result<(), String> {
    let (longest, deepest) = (limits.text_bytes, limits.nesting);
    if text.len() > longest {
        return Err(format!("The document is longer than {longest} bytes: make it shorter."));
    }
    if deepest_nesting(text) > deepest {
        return Err(format!("The document nests more than {deepest} brackets: flatten it."));
    }
    Ok(())
}

/// How deep brackets are nested, but for those in strings and comments.
fn deepest_nesting(text: &str) -> usize {
    let (mut rest, mut depth, mut deepest) = (text.as_bytes(), 0_usize, 0);
    while let Some((&byte, after)) = rest.split_first() {
        rest = match byte {
            b'"' => after_string(rest),
            b'#' => after_comment(rest),
            _ => after,
        };
        match byte {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// What follows a string that begins here. One without an end goes on to the end of its line: the
/// parser refuses it there.
fn after_string(text: &[u8]) -> &[u8] {
    if let Some(block) = text.strip_prefix(b"\"\"\"") {
        return after_block(block);
    }
    let mut at = 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' | b'\n' | b'\r' => return text.get(at + 1..).unwrap_or_default(),
            _ => at += 1,
        }
    }
    &[]
}

/// What follows a block string whose text begins here; `\"""` does not end it.
fn after_block(mut text: &[u8]) -> &[u8] {
    while !text.is_empty() {
        if let Some(after) = text.strip_prefix(b"\"\"\"") {
            return after;
        }
        let skipped = if text.starts_with(b"\\\"\"\"") { 4 } else { 1 };
        text = text.get(skipped..).unwrap_or_default();
    }
    text
}

fn after_comment(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
    end.and_then(|end| text.get(end..)).unwrap_or_default()
}

/// Refuses, with a sentence for people, a document whose fragments spread out to too much.
pub fn check_document(document: &ExecutableDocument, limits: &Limits) -> Result<(), String> {
    let mut counter = Counter { document, known: HashMap::new(), open: HashSet::new() };
    let total = (document.operations.iter())
        .map(|(_, operation)| counter.count(&operation.node.selection_set.node))
        .fold(0, usize::saturating_add);
    let most = limits.selections;
    if total > most {
        return Err(format!("The document selects more than {most} fields: ask for less."));
    }
    Ok(())
}

/// Counts each fragment once, however often it is spread.
struct Counter<'a> {
    document: &'a ExecutableDocument,
    known: HashMap<&'a Name, usize>,
    open: HashSet<&'a Name>,
}

impl<'a> Counter<'a> {
    fn count(&mut self, set: &'a SelectionSet) -> usize {
        set.items.iter().fold(0, |sum, item| {
            let below = match &item.node {
                Selection::Field(field) => self.count(&field.node.selection_set.node),
                Selection::InlineFragment(inline) => self.count(&inline.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    self.count_fragment(&spread.node.fragment_name.node)
                }
            };
            sum.saturating_add(below).saturating_add(1)
        })
    }

    /// A fragment that spreads itself is counted once; the validator refuses it.
    fn count_fragment(&mut self, name: &'a Name) -> usize {
        if let Some(count) = self.known.get(name) {
            return *count;
        }
        let Some(fragment) = self.document.fragments.get(name) else { return 0 };
        if !self.open.insert(name) {
            return 0;
        }
        let count = self.count(&fragment.node.selection_set.node);
        self.open.remove(name);
        self.known.insert(name, count);
        count
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    proptest::proptest! {
        #[test]
        fn any_text_can_be_looked_at(text in "[\\[\\]{}()\"\\\\#\n a]{0,200}") {
            assert!(deepest_nesting(&text) <= text.len());
        }
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        assert_eq!(deepest_nesting("{ a(x: [[1]]) { b } }"), 4);
        assert_eq!(deepest_nesting("{ a(x: \"]]\\\"]\") # }}\n { b } }"), 2);
        assert_eq!(deepest_nesting("{ a(x: \"\"\"]] \\\"\"\" ]]\"\"\") { b } }"), 2);
        assert!(check_text(&"[".repeat(3_000), &Limits::default()).is_err());
    }

    #[test]
    fn a_chain_of_fragments_is_refused_before_it_costs_anything() {
        let mut text = "{ ...F0 }".to_owned();
        for n in 0..24 {
            text += &format!(" fragment F{n} on Query {{ ...F{} ...F{} }}", n + 1, n + 1);
        }
        text += " fragment F24 on Query { me { id } }";
        assert!(check_document(&parse_query(text).unwrap(), &Limits::default()).is_err());
    }

    #[test]
    fn a_fragment_that_spreads_itself_ends() {
        let text = "{ ...F } fragment F on Query { me { id } ...F }";
        assert!(check_document(&parse_query(text).unwrap(), &Limits::default()).is_ok());
    }
}
