//! Traces, as a collector gets them from a real process.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde_json::json;

use crate::harness::{Kind, OPERATOR_KEY, PrivateDatabase, Process, copy_program, guerdon};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

/// What a collector was sent.
#[derive(Clone, Default)]
struct Collected(Arc<Mutex<Vec<(HeaderMap, ExportTraceServiceRequest)>>>);

impl Collected {
    /// Collects on a port of its own; gives the address.
    async fn serve(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/v1/traces", post(take)).with_state(self.clone());
        tokio::spawn(axum::serve(listener, router).into_future());
        address
    }

    fn spans(&self) -> Vec<Span> {
        let sent = self.0.lock().unwrap();
        let resources = sent.iter().flat_map(|(_, sent)| sent.resource_spans.clone());
        let scopes = resources.flat_map(|resource| resource.scope_spans);
        scopes.flat_map(|scope| scope.spans).collect()
    }

    /// The span of this name in the caller's trace, when it comes within some seconds.
    async fn span(&self, name: &str) -> Span {
        for _ in 0..200 {
            let of_trace = |span: &Span| span.name == name && hex(&span.trace_id) == TRACE;
            if let Some(span) = self.spans().into_iter().find(of_trace) {
                return span;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no {name} came: {:?}", self.spans())
    }
}

async fn take(State(collected): State<Collected>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let sent = ExportTraceServiceRequest::decode(body).unwrap();
    collected.0.lock().unwrap().push((headers, sent));
    StatusCode::OK
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn texts(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |value: Option<AnyValue>| match value.and_then(|value| value.value) {
        Some(any_value::Value::StringValue(text)) => text,
        Some(any_value::Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    attributes.iter().map(|pair| (pair.key.clone(), text(pair.value.clone()))).collect()
}

struct Started {
    process: Process,
    database: PrivateDatabase,
    folder: tempfile::TempDir,
}

impl Started {
    async fn start(set_up: impl FnOnce(&mut Command)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/ferry");
        copy_program(&rules, &folder.path().join("rules"));
        let database = PrivateDatabase::make(Kind::Sqlite).await;
        let mut command = guerdon();
        command.env("DATABASE_URL", &database.url);
        command.env("GUERDON_RULES", folder.path().join("rules"));
        command.stdout(Stdio::null()).stderr(File::create(folder.path().join("log")).unwrap());
        set_up(&mut command);
        let process = Process::start(command).await;
        Self { process, database, folder }
    }

    /// Registers somebody, within the caller's trace.
    async fn register(&self, id: &str) -> Duration {
        let began = Instant::now();
        let document = "mutation Traced($input: RegisterUserInput!) { registerUser(input: $input) { created } }";
        let input = json!({ "id": id, "name": "Zephyrine", "email": "zephyrine@secret.example" });
        let answer = reqwest::Client::new()
            .post(format!("{}/graphql", self.process.address))
            .bearer_auth(OPERATOR_KEY)
            .header("x-tenant", "ferry")
            .header("traceparent", format!("00-{TRACE}-{CALLER}-01"))
            .json(&json!({ "query": document, "variables": { "input": input } }))
            .send()
            .await
            .unwrap();
        assert!(answer.text().await.unwrap().contains("\"created\":true"));
        began.elapsed()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    async fn end(self) {
        self.process.kill();
        self.database.remove().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_gets_each_request_in_its_callers_trace() {
    let collected = Collected::default();
    let address = collected.serve().await;
    let started = Started::start(|command| {
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", address);
        command.env("OTEL_EXPORTER_OTLP_HEADERS", "api-key=of-the-collector");
        command
            .env("OTEL_SERVICE_NAME", "guerdon-of-the-tests")
            .env("OTEL_BSP_SCHEDULE_DELAY", "200");
    })
    .await;
    started.register("traced-user").await;
    let request = collected.span("POST /graphql").await;
    assert_eq!((request.kind, hex(&request.parent_span_id).as_str()), (2, CALLER));
    let said = texts(&request.attributes);
    for (name, value) in [
        ("http.request.method", "POST"),
        ("http.route", "/graphql"),
        ("http.response.status_code", "200"),
        ("graphql.operation.name", "Traced"),
    ] {
        assert_eq!(said.get(name).map(String::as_str), Some(value), "{name} in {said:?}");
    }
    assert_eq!(said["request_id"].len(), 36);
    let command = collected.span("command").await;
    assert_eq!(command.parent_span_id, request.span_id, "the lane's part belongs to the request");
    assert_eq!(texts(&command.attributes)["operation"], "register_user");
    assert!(collected.spans().iter().any(|span| span.name == "batch"));
    let (headers, sent) = collected.0.lock().unwrap()[0].clone();
    assert_eq!(headers["content-type"], "application/x-protobuf");
    assert_eq!(headers["api-key"], "of-the-collector");
    let resource = texts(&sent.resource_spans[0].resource.as_ref().unwrap().attributes);
    assert_eq!(resource["service.name"], "guerdon-of-the-tests");
    assert_anonymous(&collected);
    started.end().await;
}

/// Nothing of anybody, and nothing of the document, is in any span.
fn assert_anonymous(collected: &Collected) {
    let sent = collected.0.lock().unwrap();
    let all: String = sent.iter().map(|(_, sent)| format!("{sent:?}").to_lowercase()).collect();
    for mark in ["zephyrine", "secret.example", "traced-user", "created", "127.0.0.1", "mutation"] {
        assert!(!all.contains(mark), "{mark}");
    }
    assert!(!all.contains(&OPERATOR_KEY.to_lowercase()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_is_handed_over_at_the_end() {
    let collected = Collected::default();
    let address = collected.serve().await;
    let started = Started::start(|command| {
        command
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", address)
            .env("OTEL_BSP_SCHEDULE_DELAY", "600000");
    })
    .await;
    started.register("ann").await;
    assert!(collected.spans().is_empty(), "it waits for more");
    started.process.tell("TERM");
    collected.span("POST /graphql").await;
    let service = collected.0.lock().unwrap()[0].1.resource_spans[0].resource.clone().unwrap();
    assert_eq!(texts(&service.attributes)["service.name"], "guerdon");
    started.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_not_there_costs_a_warning() {
    // Nobody listens on a port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut started = Started::start(|command| {
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{free}"));
        command.env("OTEL_BSP_SCHEDULE_DELAY", "50").env("OTEL_EXPORTER_OTLP_TIMEOUT", "1000");
    })
    .await;
    for number in 0..20 {
        assert!(started.register(&format!("user-{number}")).await < Duration::from_secs(2));
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    let warned = started.log().matches("traces cannot be handed over").count();
    assert_eq!(warned, 1, "{}", started.log());
    let began = Instant::now();
    started.process.tell("TERM");
    let ended = started.process.ended().await;
    assert!(ended.success() && began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    started.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_endpoint_nothing_is_sent() {
    let collected = Collected::default();
    let address = collected.serve().await;
    for (endpoint, disabled) in [("", "false"), (address.as_str(), "true")] {
        let started = Started::start(|command| {
            command.env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint).env("OTEL_SDK_DISABLED", disabled);
            command.env("OTEL_BSP_SCHEDULE_DELAY", "50");
        })
        .await;
        started.register("ann").await;
        started.process.tell("TERM");
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(collected.spans().is_empty(), "{:?}", collected.spans());
        started.end().await;
    }
}
