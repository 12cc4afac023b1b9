//! Traces over OTLP (HTTP, protobuf), set up by the variables that OpenTelemetry defines:
//! `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_SERVICE_NAME`,
//! `OTEL_TRACES_SAMPLER` and so on.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry::global;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter as Exports};
use tracing::{Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::registry::LookupSpan;

use crate::http::take_part_in_traces;

/// How long the end of the process waits for the collector.
const LONGEST_END: Duration = Duration::from_secs(3);

/// How often it is said that the collector cannot be reached.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// Traces that are collected elsewhere.
pub struct Traces(SdkTracerProvider);

/// Begins to trace, when the environment names a collector; `None` when it does not. An error when what
/// it says cannot be used.
pub fn begin() -> Option<Result<Traces, ExporterBuildError>> {
    let names = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
    let is_given = |name: &&str| std::env::var(name).is_ok_and(|value| !value.is_empty());
    let is_disabled = std::env::var("OTEL_SDK_DISABLED").is_ok_and(|value| value == "true");
    (!is_disabled && names.iter().any(is_given)).then(collected)
}

fn collected() -> Result<Traces, ExporterBuildError> {
    let exporter = SpanExporter::builder().with_http().build()?;
    let mut resource = Resource::builder();
    if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
        resource = resource.with_service_name("guerdon");
    }
    // A thread of its own sends them, batch after batch; a request never waits for it, and when the
    // queue is full, spans are left out.
    let provider = SdkTracerProvider::builder()
        .with_resource(resource.build())
        .with_batch_exporter(Patient { exporter, warned: Mutex::new(None) })
        .build();
    global::set_text_map_propagator(TraceContextPropagator::new());
    take_part_in_traces();
    Ok(Traces(provider))
}

impl Traces {
    /// What hands spans over; of what is logged within one, warnings and errors.
    pub fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let ours = dynamic_filter_fn(|about, _| {
            let is_ours = about.target().starts_with("guerdon");
            let depth = if about.is_span() { Level::INFO } else { Level::WARN };
            is_ours && *about.level() <= depth
        });
        tracing_opentelemetry::layer()
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_target(false)
            .with_tracer(self.0.tracer("guerdon"))
            .with_filter(ours.with_max_level_hint(Level::INFO))
    }

    /// Hands over what is left, and waits for that no longer than a few seconds.
    pub fn end(self) {
        if self.0.shutdown_with_timeout(LONGEST_END).is_err() {
            tracing::warn!("the last traces were not handed over");
        }
    }
}

/// An exporter that says now and then, and not for every batch, that the collector cannot be reached.
#[derive(Debug)]
struct Patient<E> {
    exporter: E,
    warned: Mutex<Option<Instant>>,
}

impl<E> Patient<E> {
    fn warn(&self) {
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if warned.is_none_or(|last| last.elapsed() >= WARN_EVERY) {
            *warned = Some(Instant::now());
            tracing::warn!(
                "traces cannot be handed over: is OTEL_EXPORTER_OTLP_ENDPOINT right, and the collector there? They are left out meanwhile"
            );
        }
    }
}

impl<E: Exports> Exports for Patient<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let exported = self.exporter.export(batch).await;
        if exported.is_err() {
            self.warn();
        }
        exported
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
