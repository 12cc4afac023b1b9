//! How referral codes look, as `program.toml` writes it: `SAIL-{name:4}{random:4:0-9}`.

use crate::domain::program::CodePart;

/// What `clear` stands for: no look-alikes (0 and O, 1, I and L).
const CLEAR: &str = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";
const MAX_LENGTH: usize = 64;

/// Reads a format: text, `{name:LENGTH}`, `{random:LENGTH:ALPHABET}`, `{uuid}`. An alphabet is
/// `clear` or characters and ranges (`A-Z0-9`). The error is a sentence that says what to do.
pub fn read(format: &str) -> Result<Vec<CodePart>, String> {
    let mut parts = Vec::new();
    let mut rest = format;
    while let Some(open) = rest.find('{') {
        let (text, after) = rest.split_at(open);
        push_text(&mut parts, text)?;
        let close = after.find('}').ok_or("A `{` of the format has no `}`.")?;
        parts.push(read_part(&after[1..close])?);
        rest = &after[close + 1..];
    }
    push_text(&mut parts, rest)?;
    if !parts.iter().any(|part| matches!(part, CodePart::Random { .. } | CodePart::Uuid)) {
        return Err("A code needs a part by chance: {random:8:clear} or {uuid}.".to_owned());
    }
    Ok(parts)
}

fn push_text(parts: &mut Vec<CodePart>, text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    let good = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    if !text.chars().all(good) || text.len() > MAX_LENGTH {
        return Err(format!("`{text}` in a code: use letters A-Z, digits, - and _."));
    }
    parts.push(CodePart::Text(text.to_owned()));
    Ok(())
}

fn read_part(part: &str) -> Result<CodePart, String> {
    let words: Vec<&str> = part.splitn(3, ':').collect();
    match words.as_slice() {
        ["uuid"] => Ok(CodePart::Uuid),
        ["name", length] => Ok(CodePart::Name { length: read_length(length)? }),
        ["random", length, alphabet] => {
            let alphabet = read_alphabet(alphabet)?;
            Ok(CodePart::Random { alphabet, length: read_length(length)? })
        }
        _ => Err(format!(
            "`{{{part}}}` is no part of a code: use {{name:4}}, {{random:8:clear}}, \
             {{random:8:A-Z0-9}} or {{uuid}}."
        )),
    }
}

fn read_length(length: &str) -> Result<usize, String> {
    let number = length.parse().ok().filter(|number| (1..=MAX_LENGTH).contains(number));
    number.ok_or_else(|| format!("`{length}` is no length: use 1 to {MAX_LENGTH}."))
}

fn read_alphabet(spec: &str) -> Result<Vec<char>, String> {
    let spec = if spec == "clear" { CLEAR } else { spec };
    let letters: Vec<char> = spec.chars().collect();
    let mut alphabet = Vec::new();
    let mut index = 0;
    while index < letters.len() {
        let range = letters.get(index + 1) == Some(&'-') && index + 2 < letters.len();
        let last = if range { letters[index + 2] } else { letters[index] };
        alphabet.extend(letters[index]..=last);
        index += if range { 3 } else { 1 };
    }
    alphabet.sort_unstable();
    alphabet.dedup();
    if alphabet.len() < 2 || !alphabet.iter().all(char::is_ascii_alphanumeric) {
        return Err(format!(
            "`{spec}` is no alphabet: use `clear`, or letters and digits like A-Z0-9."
        ));
    }
    Ok(alphabet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_part_is_read() {
        let parts = read("SAIL-{name:4}{random:4:0-9}").unwrap();
        assert_eq!(parts[0], CodePart::Text("SAIL-".to_owned()));
        assert_eq!(parts[1], CodePart::Name { length: 4 });
        assert_eq!(parts[2], CodePart::Random { alphabet: ('0'..='9').collect(), length: 4 });
        assert_eq!(read("ref-{uuid}").unwrap()[1], CodePart::Uuid);
        let CodePart::Random { alphabet, .. } = read("{random:8:A-Z0-9}").unwrap().remove(0) else {
            panic!("no random part");
        };
        assert_eq!(alphabet.len(), 36);
    }

    #[test]
    fn clear_letters_have_no_look_alikes() {
        let CodePart::Random { alphabet, length } = read("{random:8:clear}").unwrap().remove(0)
        else {
            panic!("no random part");
        };
        assert_eq!((alphabet.len(), length), (31, 8));
        assert!("0O1IL".chars().all(|letter| !alphabet.contains(&letter)));
    }

    #[test]
    fn what_makes_no_code_is_refused() {
        for wrong in [
            "",
            "FIXED",
            "{name:4}",
            "{random:0:A-Z}",
            "{random:8:A}",
            "{random:8",
            "a b{uuid}",
            "{rnd:8:clear}",
            "{random:8:ä-ö}",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
