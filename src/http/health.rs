//! Health: is the process alive, and can it serve?

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::served::Served;
use crate::operations::health;

/// The process answers.
pub async fn live() -> Json<Value> {
    Json(json!({ "status": "live" }))
}

/// The database answers, its tables are there, and this machine's clock is not behind; else 503 and
/// what is missing.
pub async fn ready(State(served): State<Served>) -> (StatusCode, Json<Value>) {
    match health::check(&served.operations).await {
        Ok(()) => (StatusCode::OK, Json(json!({ "status": "ready" }))),
        Err(why) => {
            let body = json!({ "status": "not ready", "reason": why });
            (StatusCode::SERVICE_UNAVAILABLE, Json(body))
        }
    }
}
