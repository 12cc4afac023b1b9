//! What is noted of a request on its way, for its line in the log and for the metrics. Whoever knows
//! something notes it; the passage reads it when the request is answered.

use std::sync::{Arc, OnceLock};

use async_graphql::Response as Answer;
use axum::response::Response;

use crate::domain::caller::Caller;
use crate::graphql::{first_code, is_executed};

/// Who calls, when that was found out. It stands among a request's extensions.
#[derive(Debug, Clone, Default)]
pub struct NotedCaller(Arc<OnceLock<Caller>>);

impl NotedCaller {
    /// Notes who calls; once.
    pub fn note(&self, caller: &Caller) {
        self.0.get_or_init(|| caller.clone());
    }

    /// Who calls.
    pub fn get(&self) -> Option<&Caller> {
        self.0.get()
    }
}

/// What was answered to a document. It stands among a response's extensions.
#[derive(Debug, Clone)]
pub struct NotedAnswer {
    /// The name of its operation.
    pub name: Option<String>,
    /// The code of its first error; `OK` when there is none.
    pub code: String,
    /// Was it executed?
    pub executed: bool,
}

/// Notes what was answered.
pub fn note_answer(response: &mut Response, answer: &Answer) {
    let (code, executed) = (first_code(answer).to_owned(), is_executed(answer));
    response.extensions_mut().insert(NotedAnswer { name: None, code, executed });
}

/// Notes the name of the operation that was answered.
pub fn note_name(mut response: Response, name: Option<String>) -> Response {
    if let Some(noted) = response.extensions_mut().get_mut::<NotedAnswer>() {
        noted.name = name;
    }
    response
}
