//! Refusals as GraphQL errors: a code for programs, a sentence for people.

use std::sync::Arc;

use async_graphql::{PathSegment, Response, ServerError, Value};

use crate::domain::refusal::{Code, Refusal};
use crate::operations::measures::OK;

/// What a resolver gives. A [`Refusal`] turns into the error by `?`; [`finish`] writes its code.
pub type Result<T> = async_graphql::Result<T>;

/// The code of a document that cannot be read.
pub const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
/// The code of a document that does not fit the schema.
pub const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";
/// The code of a document that asks for too much.
pub const TOO_COMPLEX: &str = "QUERY_TOO_COMPLEX";

/// What is told when the server broke.
const BROKEN: &str = "The server failed to answer; its log knows more under this requestId.";

/// What our own scalars take, for whoever gave something else: the end of the validator's sentence, and
/// how it goes on.
const TAKEN: [(&str, &str); 2] = [
    ("expected type \"Amount\"", ": a whole number within \u{b1}9007199254740991"),
    ("expected type \"DateTime\"", ": an instant in RFC 3339, e.g. 2026-11-20T08:00:00Z"),
];

/// How long a message can be, in bytes.
const LONGEST_MESSAGE: usize = 1_000;
/// How the executor begins to say that an argument cannot be read.
const UNREADABLE: [&str; 2] = ["Failed to parse ", "Expected input type "];

/// Gives every error of an answer its `extensions`: code, reason, retryAfter, and the request's id
/// where the fault is the server's. It tells of `max_errors` at most.
pub fn finish(mut response: Response, request_id: &str, max_errors: usize) -> Response {
    leave_out_repeated(&mut response.errors);
    response.errors.truncate(max_errors.max(1));
    for error in &mut response.errors {
        shorten(&mut error.message);
        match error.source::<Refusal>().cloned() {
            Some(refusal) => write_refusal(error, &refusal, request_id),
            None => write_code(error),
        }
    }
    response
}

/// Where the cost of a list is worked out, an argument that was refused already is refused again.
fn leave_out_repeated(errors: &mut Vec<ServerError>) {
    let repeated = |error: &ServerError| error.path.is_empty() && is_unreadable(&error.message);
    if errors.iter().any(|error| !repeated(error)) {
        errors.retain(|error| !repeated(error));
    }
}

fn is_unreadable(message: &str) -> bool {
    UNREADABLE.iter().any(|beginning| message.starts_with(beginning))
}

/// Cuts a message that repeats much of what was sent.
pub fn shorten(message: &mut String) {
    if message.len() > LONGEST_MESSAGE {
        let end = (0..=LONGEST_MESSAGE).rev().find(|at| message.is_char_boundary(*at));
        message.truncate(end.unwrap_or(0));
        message.push('…');
    }
}

/// The answer of a call of which some fields did something before the database could not be reached:
/// what such a field did may not be called undone because its answer could not be read. Of another
/// field it stays true that nothing happened.
pub fn after_change(mut response: Response, has_done: impl Fn(Option<&str>) -> bool) -> Response {
    for error in &mut response.errors {
        let overloaded =
            |refusal: &&Refusal| matches!(refusal.code, Code::Overloaded | Code::OutcomeUnknown);
        let field = match error.path.first() {
            Some(PathSegment::Field(name)) => Some(name.as_str()),
            _ => None,
        };
        if has_done(field) && error.source::<Refusal>().as_ref().is_some_and(overloaded) {
            let message = "This may have happened, but the answer to it cannot be read now: send it again with the same key or id.";
            error.source = Some(Arc::new(Refusal::new(Code::OutcomeUnknown, message)));
        }
    }
    response
}

/// An answer that is one error about the whole document.
pub fn document_error(code: &str, message: impl Into<String>) -> Response {
    let mut error = ServerError::new(message, None);
    error.extensions.get_or_insert_default().set("code", code);
    Response::from_errors(vec![error])
}

/// The code of an answer's first error; `OK` when there is none.
#[must_use]
pub fn first_code(response: &Response) -> &str {
    let Some(error) = response.errors.first() else { return OK };
    match error.extensions.as_ref().and_then(|extensions| extensions.get("code")) {
        Some(Value::String(code)) => code,
        _ => Code::Internal.name(),
    }
}

/// Was the document executed? Errors before that have no path.
#[must_use]
pub fn is_executed(response: &Response) -> bool {
    response.errors.is_empty()
        || response.data != Value::Null
        || response.errors.iter().any(|error| !error.path.is_empty())
}

/// An answer that is one refusal, given before anything was executed.
pub fn refused(refusal: &Refusal, request_id: &str) -> Response {
    let mut error = ServerError::new("", None);
    write_refusal(&mut error, refusal, request_id);
    Response::from_errors(vec![error])
}

fn write_refusal(error: &mut ServerError, refusal: &Refusal, request_id: &str) {
    error.message.clone_from(&refusal.message);
    shorten(&mut error.message);
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("code", refusal.code.name());
    if let Some(reason) = &refusal.reason {
        extensions.set("reason", reason.as_str());
    }
    if let Some(seconds) = refusal.retry_after_seconds {
        extensions.set("retryAfter", seconds);
    }
    if refusal.code == Code::Internal {
        tracing::error!(request_id, "a request failed: {}", refusal.message);
        BROKEN.clone_into(&mut error.message);
        extensions.set("requestId", request_id);
    }
}

/// What is told of a refusal that is one entry's of many: its code, and a sentence for people.
pub fn told(mut refusal: Refusal, request_id: &str) -> (String, String) {
    let code = refusal.code.name().to_owned();
    if refusal.code != Code::Internal {
        shorten(&mut refusal.message);
        return (code, refusal.message);
    }
    tracing::error!(request_id, "an entry failed: {}", refusal.message);
    (code, format!("{BROKEN} requestId: {request_id}"))
}

/// An error that is no refusal comes from the document or from a scalar that could not be read.
fn write_code(error: &mut ServerError) {
    let extensions = error.extensions.get_or_insert_default();
    if matches!(extensions.get("code"), Some(Value::String(_))) {
        return;
    }
    if let Some((_, taken)) = TAKEN.iter().find(|(end, _)| error.message.ends_with(end)) {
        error.message.push_str(taken);
    }
    let of_input =
        |message: &str| message.starts_with("Invalid value for") || is_unreadable(message);
    let about_input = !error.path.is_empty() || of_input(&error.message);
    let too_complex = error.message.starts_with("Query is ") || error.message.contains("recursion");
    extensions.set(
        "code",
        match (about_input, too_complex) {
            (true, _) => Code::BadUserInput.name(),
            (false, true) => TOO_COMPLEX,
            (false, false) => VALIDATION_FAILED,
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_repeats_what_was_sent_is_cut() {
        let mut long = "é".repeat(100_000);
        shorten(&mut long);
        assert_eq!(long, format!("{}…", "é".repeat(LONGEST_MESSAGE / 2)));
        let mut odd = format!("a{}", "é".repeat(LONGEST_MESSAGE));
        shorten(&mut odd);
        assert_eq!(odd.chars().count(), 1 + (LONGEST_MESSAGE - 1) / 2 + 1);
        let mut short = "Give less.".to_owned();
        shorten(&mut short);
        assert_eq!(short, "Give less.");
    }

    #[test]
    fn an_argument_is_refused_once() {
        let refused = |messages: &[&str]| {
            let errors = messages.iter().map(|message| ServerError::new(*message, None)).collect();
            finish(Response::from_errors(errors), "", 20).errors.len()
        };
        assert_eq!(
            refused(&["Invalid value for argument \"first\"", "Failed to parse \"Int\""]),
            1
        );
        assert_eq!(refused(&["Failed to parse \"Int\""]), 1);
    }

    fn at(path: &[&str], code: Code) -> ServerError {
        let mut error = ServerError::new("", None);
        error.path = path.iter().map(|name| PathSegment::Field((*name).to_owned())).collect();
        error.source = Some(Arc::new(Refusal::new(code, "")));
        error
    }

    #[test]
    fn only_of_what_was_done_nobody_says_that_nothing_happened() {
        let response = Response::from_errors(vec![
            at(&["first"], Code::Overloaded),
            at(&["first", "user", "name"], Code::Overloaded),
            at(&["first", "user"], Code::Forbidden),
            at(&["second"], Code::Overloaded),
            at(&[], Code::Overloaded),
        ]);
        let has_done = |field: Option<&str>| field.is_none_or(|field| field == "first");
        let errors = after_change(response, has_done).errors;
        let codes: Vec<_> =
            errors.iter().map(|error| error.source::<Refusal>().unwrap().code.name()).collect();
        let unknown = "OUTCOME_UNKNOWN";
        assert_eq!(codes, [unknown, unknown, "FORBIDDEN", "OVERLOADED", unknown]);
    }
}
