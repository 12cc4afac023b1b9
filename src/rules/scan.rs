//! Reads a rule file word by word, before and beside the parser: how deep it nests (a parser that
//! recurses must never see a text that nests too deep), and where its words stand.

use rhai::Position;

use crate::domain::rules::RuleError;

use super::fault;

/// A word or a sign of a rule file, outside of comments and texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// The word, the number or the sign. A text is given as its opening quote alone; one that leads
    /// to a `${` as `${`, and where it goes on, as `}` or `}${`.
    pub text: &'a str,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
}

impl Token<'_> {
    /// Where it stands.
    pub fn position(&self) -> Position {
        let short = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
        Position::new(short(self.line), short(self.column))
    }
}

/// Refuses a source whose brackets, or whose operators before one value, nest too deep.
pub fn check_nesting(file: &str, source: &str, most: usize) -> Result<(), RuleError> {
    let mut open = 0_usize;
    let mut chain = 0_usize;
    for token in tokens(source) {
        match token.text {
            "(" | "[" | "{" | "${" => open += 1,
            ")" | "]" | "}" => open = open.saturating_sub(1),
            _ => {}
        }
        // `!!!!x` recurses as well.
        chain = match token.text {
            "!" | "-" | "+" => chain + 1,
            _ => 0,
        };
        if open > most || chain > most {
            let message = format!("This nests more than {most} deep; split it into functions.");
            return Err(fault::placed(message, file, token.position()));
        }
    }
    Ok(())
}

/// The words and signs of a source, in order. Comments are left out; of a text only its opening
/// quote is given, and the words inside of `${...}`.
pub fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut scanner = Scanner { source, at: 0, line: 1, column: 1, inside: Vec::new() };
    let mut found = Vec::new();
    while let Some(token) = scanner.next_token() {
        found.push(token);
    }
    found
}

struct Scanner<'a> {
    source: &'a str,
    at: usize,
    line: usize,
    column: usize,
    /// For each `${` that is open, how many braces are open inside of it.
    inside: Vec<usize>,
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    fn step(&mut self) -> Option<char> {
        let letter = self.rest().chars().next()?;
        self.at += letter.len_utf8();
        if letter == '\n' {
            (self.line, self.column) = (self.line + 1, 1);
        } else {
            self.column += 1;
        }
        Some(letter)
    }

    fn skip(&mut self, letters: usize) {
        for _ in 0..letters {
            self.step();
        }
    }

    fn next_token(&mut self) -> Option<Token<'a>> {
        self.skip_blank();
        let (start, line, column) = (self.at, self.line, self.column);
        let first = self.step()?;
        let mut end = self.at;
        let mut text = None;
        match first {
            '"' | '\'' => self.skip_text(first),
            '`' if self.skip_template() => text = Some("${"),
            '{' => self.open_brace(),
            '}' if self.close_brace() => text = Some("}${"),
            '#' => self.skip_raw_text(),
            _ if first.is_alphanumeric() || first == '_' => {
                self.skip_word();
                end = self.at;
            }
            _ => {}
        }
        Some(Token { text: text.unwrap_or(&self.source[start..end]), line, column })
    }

    fn skip_blank(&mut self) {
        loop {
            let rest = self.rest();
            if rest.starts_with("//") {
                while self.rest().starts_with(|letter| letter != '\n') {
                    self.step();
                }
            } else if rest.starts_with("/*") {
                self.skip_comment();
            } else if rest.starts_with(char::is_whitespace) {
                self.step();
            } else {
                return;
            }
        }
    }

    fn skip_comment(&mut self) {
        let mut open = 0;
        loop {
            let step = match self.rest() {
                rest if rest.starts_with("/*") => 1,
                rest if rest.starts_with("*/") => -1,
                _ => 0,
            };
            open += step;
            if self.step().is_none() || (step != 0 && self.step().is_none()) || open == 0 {
                return;
            }
        }
    }

    fn skip_word(&mut self) {
        while self.rest().starts_with(|letter: char| letter.is_alphanumeric() || letter == '_') {
            self.step();
        }
    }

    fn skip_text(&mut self, quote: char) {
        while let Some(letter) = self.step() {
            if letter == '\\' {
                self.step();
            } else if letter == quote {
                return;
            }
        }
    }

    /// Skips a text like `#"..."#`, in which a backslash means nothing.
    fn skip_raw_text(&mut self) {
        let marks = 1 + self.rest().chars().take_while(|letter| *letter == '#').count();
        if !self.rest()[marks - 1..].starts_with('"') {
            return;
        }
        let end = format!("\"{}", "#".repeat(marks));
        self.skip(marks);
        while !self.rest().is_empty() && !self.rest().starts_with(&end) {
            self.step();
        }
        self.skip(end.len());
    }

    /// Skips the text between back-quotes up to its end or to the next `${`; is it the latter?
    fn skip_template(&mut self) -> bool {
        while let Some(letter) = self.step() {
            if letter == '`' {
                return false;
            }
            if letter == '$' && self.rest().starts_with('{') {
                self.step();
                self.inside.push(0);
                return true;
            }
        }
        false
    }

    fn open_brace(&mut self) {
        if let Some(open) = self.inside.last_mut() {
            *open += 1;
        }
    }

    /// Closes a brace. Where it ends a `${`, the text goes on: does that lead to another `${`?
    fn close_brace(&mut self) -> bool {
        match self.inside.last_mut() {
            Some(0) => {
                self.inside.pop();
                self.skip_template()
            }
            Some(open) => {
                *open -= 1;
                false
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<&str> {
        tokens(source).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn comments_and_texts_hide_their_words() {
        assert_eq!(words("a // b\n/* c /* d */ e */ f"), ["a", "f"]);
        assert_eq!(words(r#"x = "a \" b"; 'c'"#), ["x", "=", "\"", ";", "'"]);
        assert_eq!(
            words("`a ${b + #{c: `${d}`}.c} e` f"),
            ["${", "b", "+", "#", "{", "c", ":", "${", "d", "}", "}", ".", "c", "}", "f"]
        );
        assert_eq!(words("`${a}${b}` c"), ["${", "a", "}${", "b", "}", "c"]);
        assert_eq!(words("\"never closed"), ["\""]);
        assert_eq!(words("#\"\\\"# ( ##\"a\"# b\"## ) #{"), ["#", "(", "#", ")", "#", "{"]);
    }

    #[test]
    fn places_are_counted_in_characters() {
        let found = tokens("é\n  übel x");
        assert_eq!((found[1].line, found[1].column), (2, 3));
        assert_eq!((found[2].line, found[2].column), (2, 8));
    }

    #[test]
    fn deep_nesting_is_refused_with_its_place() {
        let deep = format!("fn a() {{ {} }}", "(".repeat(60));
        let error = check_nesting("a.rhai", &deep, 48).unwrap_err();
        assert_eq!((error.line, error.column), (Some(1), Some(57)));
        assert!(check_nesting("a.rhai", &"!".repeat(60), 48).is_err());
        assert!(check_nesting("a.rhai", "fn a() { ((1)) }", 48).is_ok());
    }
}
