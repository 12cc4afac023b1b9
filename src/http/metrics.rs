//! `/metrics`, for Prometheus: what this process counted and measured since it started.

use std::sync::OnceLock;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::auth::bearer;
use super::served::Served;
use crate::operations::measures::names::{self, Kind};
use crate::operations::{levels, measures};

/// What Prometheus reads.
const MEDIA: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// How often what was measured is put together, so that it takes no more and more room while nobody
/// looks.
const UPKEEP: Duration = Duration::from_secs(5);

/// Who may read the metrics.
#[derive(Debug, Clone, Default)]
pub enum MetricsAccess {
    /// Whoever reaches the port.
    #[default]
    Open,
    /// Whoever shows this key: `Authorization: Bearer` and the key.
    Keyed(SecretString),
    /// Nobody; nothing is counted.
    Off,
}

impl MetricsAccess {
    /// May whoever asks like this read them?
    fn admits(&self, headers: &HeaderMap) -> bool {
        let key = match self {
            Self::Open => return true,
            Self::Off => return false,
            Self::Keyed(key) => key.expose_secret(),
        };
        let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some(shown) = shown.and_then(|value| bearer(value).ok()) else { return false };
        // By digests, so that not even the length can be told.
        Sha256::digest(key).ct_eq(&Sha256::digest(shown)).into()
    }
}

/// What collects in this process. There is one, whatever number of servers run in it.
static COLLECTED: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Begins to collect, unless nobody may read it or it has begun. Gives the work that goes on beside it,
/// until it is dropped.
pub fn collect(access: &MetricsAccess) -> Option<impl Future<Output = ()> + Send + 'static> {
    if matches!(access, MetricsAccess::Off) {
        return None;
    }
    let collected = COLLECTED.get_or_init(install).as_ref()?;
    Some(async move {
        loop {
            tokio::time::sleep(UPKEEP).await;
            collected.run_upkeep();
        }
    })
}

fn install() -> Option<PrometheusHandle> {
    let mut builder = PrometheusBuilder::new();
    for metric in names::ALL {
        if let Kind::Histogram(bounds) = metric.kind {
            let of_metric = Matcher::Full(metric.name.to_owned());
            builder = builder.set_buckets_for_metric(of_metric, bounds).ok()?;
        }
    }
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::warn!("something else collects the metrics of this process already");
        return None;
    }
    measures::begin();
    Some(handle)
}

/// Answers `/metrics`; asks the database nothing, so it answers while that is away.
pub async fn handle(State(served): State<Served>, request: Request) -> Response {
    if matches!(served.edge.metrics, MetricsAccess::Off) {
        return (StatusCode::NOT_FOUND, "Metrics are switched off: see GUERDON_METRICS.\n")
            .into_response();
    }
    if !served.edge.metrics.admits(request.headers()) {
        let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
        let message = "Send the metrics' key as Authorization: Bearer.\n";
        return (StatusCode::UNAUTHORIZED, challenge, message).into_response();
    }
    let Some(collected) = COLLECTED.get().and_then(Option::as_ref) else {
        return (StatusCode::NOT_FOUND, "Nothing is collected.\n").into_response();
    };
    levels::note_own(&served.operations);
    ([(header::CONTENT_TYPE, MEDIA)], collected.render()).into_response()
}
