//! What is noted of a request on its way, for its line in the log and for the metrics. Whoever knows
//! something notes it; the passage reads it when the request is answered.

use std::sync::{Arc, OnceLock};

use async_graphql::Response as Answer;
use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::Response;

use crate::domain::caller::Caller;
use crate::graphql::{first_code, is_executed};

/// What is noted of a request: neither its path nor its query string nor any header, for each can hold
/// secrets and personal data; a share link's path holds a code.
pub struct Asked {
    /// The method; `other` for one that nobody serves.
    pub method: &'static str,
    /// The pattern of the path; `other` where there is none.
    pub route: String,
}

impl Asked {
    /// What may be noted of this request.
    pub fn of(request: &Request) -> Self {
        let known = [Method::GET, Method::POST, Method::HEAD, Method::OPTIONS, Method::PUT];
        let names = ["GET", "POST", "HEAD", "OPTIONS", "PUT"];
        let method = known.iter().position(|method| method == request.method());
        let route = request.extensions().get::<MatchedPath>();
        Self {
            method: method.map_or("other", |at| names[at]),
            route: route.map_or("other", MatchedPath::as_str).to_owned(),
        }
    }

    /// Is it asked so often, by machines, that only what is amiss is worth a line?
    pub fn is_routine(&self) -> bool {
        self.route.starts_with("/health/") || self.route == "/metrics"
    }
}

/// What is noted of a request on its way. It stands among the request's extensions.
#[derive(Debug, Clone, Default)]
pub struct Notes(Arc<Noted>);

#[derive(Debug, Default)]
struct Noted {
    caller: OnceLock<Caller>,
    name: OnceLock<String>,
}

impl Notes {
    /// Those of this request.
    pub fn of(parts: &Parts) -> Self {
        parts.extensions.get::<Self>().cloned().unwrap_or_default()
    }

    /// Notes who calls; once.
    pub fn note_caller(&self, caller: &Caller) {
        self.0.caller.get_or_init(|| caller.clone());
    }

    /// Notes the name of the operation that is executed; once.
    pub fn note_name(&self, name: Option<&str>) {
        if let Some(name) = name {
            self.0.name.get_or_init(|| name.to_owned());
        }
    }

    /// Who calls, when that was found out.
    pub fn caller(&self) -> Option<&Caller> {
        self.0.caller.get()
    }

    /// The name of the operation, when it has one.
    pub fn name(&self) -> Option<&str> {
        self.0.name.get().map(String::as_str)
    }
}

/// What was answered to a document. It stands among a response's extensions.
#[derive(Debug, Clone)]
pub struct NotedAnswer {
    /// The code of its first error; `OK` when there is none.
    pub code: String,
    /// Was it executed?
    pub executed: bool,
}

/// Notes what was answered.
pub fn note_answer(response: &mut Response, answer: &Answer) {
    let (code, executed) = (first_code(answer).to_owned(), is_executed(answer));
    response.extensions_mut().insert(NotedAnswer { code, executed });
}
