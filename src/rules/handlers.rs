//! Which events a rule file handles, and whether its handlers are written as they must be.

use std::collections::BTreeSet;

use rhai::{AST, Position};

use crate::domain::rules::{ENGINE_EVENTS, RuleError};

use super::fault::placed;
use super::scan::Token;
use super::spelling::distance;

/// What a rule file may define beside `on_<event>`.
const QUESTIONS: [&str; 2] = ["can_use_code", "what_next"];

/// Checks a compiled rule file and gives the functions that the engine may call in it. The error
/// has the line and the column.
pub fn check(file: &str, words: &[Token], ast: &AST) -> Result<BTreeSet<String>, RuleError> {
    check_top_level(file, words)?;
    let mut found = BTreeSet::new();
    for function in ast.iter_functions() {
        let event = function.name.strip_prefix("on_");
        let place = place_of(words, function.name);
        if event.is_none() && !QUESTIONS.contains(&function.name) {
            // Nobody would ever call it under that name.
            if let Some(meant) = nearly(&QUESTIONS, function.name) {
                let message = format!("`{}`: did you mean `{meant}`?", function.name);
                return Err(placed(message, file, place));
            }
            continue;
        }
        if function.params.len() != 1 {
            let message = format!("`{}` takes exactly one parameter, ctx.", function.name);
            return Err(placed(message, file, place));
        }
        if let Some(meant) = event.and_then(near_miss) {
            let message = format!(
                "`{}`: did you mean `on_{meant}`? A custom event needs a name less like it.",
                function.name
            );
            return Err(placed(message, file, place));
        }
        found.insert(function.name.to_owned());
    }
    Ok(found)
}

/// Only functions may stand on the top level: nothing else there would ever run.
fn check_top_level(file: &str, words: &[Token]) -> Result<(), RuleError> {
    let mut depth = 0_usize;
    let mut in_function = false;
    for word in words {
        if depth == 0 && !in_function {
            match word.text {
                "fn" => in_function = true,
                "private" | ";" => {}
                _ => {
                    let message =
                        "Only functions may stand here, like fn on_purchase(ctx) { ... }; \
                                   anything else would never run."
                            .to_owned();
                    return Err(placed(message, file, word.position()));
                }
            }
        }
        match word.text {
            "{" | "(" | "[" | "${" => depth += 1,
            "}" | ")" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if word.text == "}" && depth == 0 {
            in_function = false;
        }
    }
    Ok(())
}

fn place_of(words: &[Token], function: &str) -> Position {
    let pairs = words.iter().zip(words.iter().skip(1));
    let found = pairs.filter(|(first, second)| first.text == "fn" && second.text == function);
    found.map(|(_, name)| name.position()).next().unwrap_or(Position::NONE)
}

fn near_miss(event: &str) -> Option<&'static str> {
    if ENGINE_EVENTS.contains(&event) {
        return None;
    }
    nearly(&ENGINE_EVENTS, event)
}

/// The known name that this one is nearly.
fn nearly(known: &[&'static str], name: &str) -> Option<&'static str> {
    let plain = |name: &str| name.replace('_', "").to_lowercase();
    let name = plain(name);
    known.iter().copied().find(|known| {
        let known = plain(known);
        distance(&name, &known) <= if known.len() < 10 { 1 } else { 2 }
    })
}

#[cfg(test)]
mod tests {
    use super::super::sandbox;
    use super::super::scan::tokens;
    use super::*;

    fn checked(source: &str) -> Result<BTreeSet<String>, RuleError> {
        check("a.rhai", &tokens(source), &sandbox::compile("a.rhai", source).unwrap())
    }

    #[test]
    fn handlers_are_found_and_other_functions_left_alone() {
        let source = "fn on_purchase(ctx) { half(2) }\nfn half(n) { n / 2 }\nfn can_use_code(ctx) { true }\nfn on_campaign_joined(ctx) {}";
        let found = checked(source).unwrap();
        assert_eq!(found.len(), 3);
        assert!(found.contains("on_campaign_joined"));
    }

    #[test]
    fn a_handler_takes_one_parameter() {
        let error = checked("\n  fn on_purchase() {}").unwrap_err();
        assert_eq!((error.line, error.column), (Some(2), Some(6)));
    }

    #[test]
    fn a_misspelt_event_is_noticed() {
        for wrong in
            ["on_singup", "on_sign_up", "on_purchse", "on_email_verifed", "on_stepCompleted"]
        {
            assert!(checked(&format!("fn {wrong}(ctx) {{}}")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_misspelt_question_is_noticed() {
        for wrong in ["whatNext", "wat_next", "can_use_cod", "canUseCodes"] {
            assert!(checked(&format!("fn {wrong}(ctx) {{}}")).is_err(), "{wrong}");
        }
        assert!(checked("fn what_next() {}").is_err(), "it takes ctx");
        assert!(checked("fn what_next(ctx) {}\nfn what_else(ctx) {}").unwrap().len() == 1);
    }

    #[test]
    fn nothing_but_functions_stands_on_the_top_level() {
        let error = checked("const BONUS = 500;\nfn on_purchase(ctx) {}").unwrap_err();
        assert_eq!((error.line, error.column), (Some(1), Some(1)));
        assert!(checked("fn on_purchase(ctx) {} // end\n/* end */").is_ok());
    }
}
