//! `/metrics` after real traffic: every metric is there, each fed by what it says.

use guerdon::operations::measures::names::{self, Kind, Metric};
use serde_json::{Value, json};

use super::exposition::Scrape;
use super::get;
use crate::harness::{Server, Socket, listen};
use crate::lane::execute;
use crate::stories;

stories!("tests/programs/lighthouse", "tests/programs/harbour":
    every_metric_is_fed,
    a_batch_that_is_halved_is_counted,
    strangers_make_no_series,
);

async fn scrape(server: &Server) -> Scrape {
    let (status, headers, text) = get(server.app.router(), "/metrics", None).await;
    assert_eq!(status, 200, "{text}");
    assert_eq!(headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    Scrape::read(&text)
}

type Fed = (String, Vec<(&'static str, &'static str)>, f64);

/// Each metric, with labels that only this traffic made, and how much it made of it at least. Where
/// other tests of this process took all the room for names, operations are `other`.
fn fed(server: &Server, has_names: bool) -> Vec<Fed> {
    let name = |name| ("operation", if has_names { name } else { "other" });
    let database = server.app.operations.database.kind();
    let count = |metric: Metric| format!("{}_count", metric.name);
    let own = |metric: Metric| metric.name.to_owned();
    vec![
        (own(names::HTTP_REQUESTS), vec![("route", "/graphql"), ("status", "200")], 5.0),
        (own(names::HTTP_REQUESTS), vec![("route", "/r/{tenant}/{code}"), ("status", "302")], 1.0),
        (count(names::HTTP_DURATION), vec![("route", "/graphql")], 5.0),
        (own(names::OPERATIONS), vec![name("Watched"), ("code", "OK")], 2.0),
        (own(names::OPERATIONS), vec![name("Watched"), ("code", "INSUFFICIENT_CREDITS")], 1.0),
        (own(names::OPERATIONS), vec![name("OverSocket"), ("code", "OK")], 1.0),
        (own(names::OPERATIONS), vec![("operation", "-"), ("code", "UNAUTHENTICATED")], 1.0),
        (own(names::OPERATIONS), vec![("code", "GRAPHQL_PARSE_FAILED")], 1.0),
        (count(names::OPERATION_DURATION), vec![name("Watched")], 3.0),
        (own(names::RATE_LIMITED), vec![("role", "user")], 1.0),
        (own(names::SOCKETS), vec![], 1.0),
        (own(names::SUBSCRIPTIONS), vec![], 1.0),
        (own(names::QUEUE), vec![("class", "single")], 0.0),
        (own(names::QUEUE), vec![("class", "bulk")], 0.0),
        (own(names::LANES), vec![], 2.0),
        (count(names::BATCH_SIZE), vec![], 3.0),
        (count(names::BATCH_DURATION), vec![], 3.0),
        (own(names::RETRIES), vec![("reason", "conflict")], 0.0),
        (own(names::COMMANDS), vec![("command", "add_credits"), ("outcome", "done")], 1.0),
        (own(names::COMMANDS), vec![("command", "add_credits"), ("outcome", "repeated")], 1.0),
        (
            own(names::COMMANDS),
            vec![("command", "spend_credits"), ("outcome", "INSUFFICIENT_CREDITS")],
            1.0,
        ),
        (count(names::COMMAND_DURATION), vec![], 5.0),
        (
            own(names::DECISIONS),
            vec![("tenant", "lighthouse"), ("rule", "lamps"), ("outcome", "rewarded")],
            1.0,
        ),
        (count(names::RULE_DURATION), vec![("tenant", "harbour")], 1.0),
        (own(names::STRIPE), vec![("outcome", "failed")], 1.0),
        (own(names::OUTBOX_AGE), vec![], 90.0),
        (own(names::CONNECTIONS), vec![("pool", "lanes")], 1.0),
        (own(names::CONNECTIONS), vec![("pool", "reads")], 1.0),
        (own(names::CONNECTIONS_MAX), vec![("pool", "reads")], 8.0),
        (count(names::JOB_DURATION), vec![("job", "sweep"), ("outcome", "done")], 1.0),
        (count(names::JOB_DURATION), vec![("job", "forget"), ("outcome", "done")], 1.0),
        (
            own(names::BUILD),
            vec![("version", env!("CARGO_PKG_VERSION")), ("database", database)],
            1.0,
        ),
        (own(names::STARTED), vec![], 1_795_000_000.0),
    ]
}

/// What makes every metric move; gives a socket on which something is watched.
async fn traffic(server: &Server) -> Socket {
    let light = server.shop("lighthouse").await;
    light.register("ann").await;
    light.event("lit-1", "ann", "lit", json!({ "hold_hours": 0 })).await;
    light.event("outside-1", "ann", "paid_outside", json!({})).await;
    let code = light.code_of("ann").await;
    let harbour = server.shop("harbour").await;
    harbour.register("ben").await;
    harbour.event("voyage-1", "ben", "voyage", json!({})).await;

    let watched =
        "mutation Watched($input: AddCreditsInput!) { addCredits(input: $input) { replayed } }";
    let grant = json!({ "input": { "userId": "ann", "amount": 5, "idempotencyKey": "once" } });
    for _ in 0..2 {
        light.service.gql(watched, grant.clone()).await.ok();
    }
    let spend =
        "mutation Watched($input: SpendCreditsInput!) { spendCredits(input: $input) { replayed } }";
    let too_much = json!({ "input": { "userId": "ann", "amount": 1_000_000 } });
    light.service.gql(spend, too_much).await.refused("INSUFFICIENT_CREDITS");
    server.bearer("nobody").gql("{ me { id } }", json!({})).await.refused("UNAUTHENTICATED");
    light.service.gql("{", json!({})).await.refused("GRAPHQL_PARSE_FAILED");
    let (status, _, _) = get(server.app.router(), &format!("/r/lighthouse/{code}"), None).await;
    assert_eq!(status, 302);
    guess_too_often(server).await;

    let mut socket = Socket::connect(listen(server).await, light.service.init()).await;
    socket.subscribe("1", "query OverSocket { user(id: \"ann\") { id } }").await;
    assert_eq!(socket.data("1").await["id"], "ann");
    socket.message().await;
    socket.subscribe("2", "subscription { creditsChanged(userId: \"ann\") { balance } }").await;
    socket.data("2").await;
    server.sweep().await;
    server.app.forget().await.unwrap();
    server.advance(chrono::TimeDelta::seconds(90));
    guerdon::operations::levels::note_outbox(&server.app.operations).await.unwrap();
    socket
}

async fn guess_too_often(server: &Server) {
    let ann = server.user("lighthouse", "ann").await;
    let guess = "query($code: String!) { validateReferralCode(code: $code) { valid } }";
    for number in 0..20 {
        ann.gql(guess, json!({ "code": format!("NOBODY{number}") })).await.ok();
    }
    ann.gql(guess, json!({ "code": "NOBODY" })).await.refused("RATE_LIMITED");
}

async fn every_metric_is_fed(server: &Server) {
    let before = scrape(server).await;
    let _watching = traffic(server).await;
    let after = scrape(server).await;
    for metric in names::ALL {
        let family = after.families.get(metric.name);
        let family = family.unwrap_or_else(|| panic!("{} is not there", metric.name));
        let kind = match metric.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram(_) => "histogram",
        };
        assert_eq!((family.kind.as_str(), family.help.as_str()), (kind, metric.help));
    }
    let known: Vec<&str> = names::ALL.iter().map(|metric| metric.name).collect();
    let unknown: Vec<_> =
        after.families.keys().filter(|name| !known.contains(&name.as_str())).collect();
    assert!(unknown.is_empty(), "{unknown:?} stand in no list");
    for (family, labels) in super::dashboard::labels() {
        let seen = after.labels(family);
        assert!(labels.iter().all(|label| seen.contains(label)), "{family}: {seen:?}");
    }
    let watched = after.sum(names::OPERATIONS.name, &[("operation", "Watched")]);
    let fed = fed(server, watched.is_some());
    for name in &known {
        assert!(fed.iter().any(|(of, _, _)| of.starts_with(name)), "{name} is not looked at");
    }
    for (name, labels, least) in fed {
        let value = after.sum(&name, &labels);
        let value = value.unwrap_or_else(|| panic!("{name} {labels:?} is not there"));
        // Other tests of this process count too: what grows is looked at from where it was.
        let grows = name.ends_with("_total") || name.ends_with("_count");
        let from = if grows { before.sum(&name, &labels).unwrap_or_default() } else { 0.0 };
        assert!(value - from >= least, "{name} {labels:?}: {from} to {value}, not {least} more");
    }
}

async fn a_batch_that_is_halved_is_counted(server: &Server) {
    let shop = server.shop("harbour").await;
    shop.register("ann").await;
    let halved =
        async || scrape(server).await.sum(names::RETRIES.name, &[("reason", "halved")]).unwrap();
    let before = halved().await;
    let poison = match server.app.operations.database.kind() {
        "sqlite" => {
            "CREATE TRIGGER poison BEFORE INSERT ON transactions BEGIN SELECT RAISE(ABORT, 'no'); END"
        }
        _ => "ALTER TABLE transactions ADD CONSTRAINT poison CHECK (seq < 0) NOT VALID",
    };
    execute(&server.database, poison).await;
    let grant = json!({ "userId": "ann", "amount": 1 });
    shop.add(grant).await.refused("INTERNAL");
    assert!(halved().await > before);
}

/// Whatever strangers send, nothing of it becomes a label.
async fn strangers_make_no_series(server: &Server) {
    let stranger = server.anonymous("harbour");
    for number in 0..20 {
        let query = format!("query Stranger{number} {{ __typename }}");
        stranger.gql(&query, json!({})).await.ok();
        let wrong = format!("query Wrong{number} {{ stranger{number} }}");
        server.operator().gql(&wrong, json!({})).await.refused("GRAPHQL_VALIDATION_FAILED");
        get(server.app.router(), &format!("/stranger{number}"), None).await;
    }
    let named: Value = json!({ "id": "stranger-id", "name": "stranger" });
    stranger.mutate("registerUser", named, "created").await.refused("UNAUTHENTICATED");
    let scrape = scrape(server).await;
    let odd: Vec<_> = (scrape.label_values().into_iter())
        .filter(|value| value.to_lowercase().contains("stranger") || value.contains("Wrong"))
        .collect();
    assert!(odd.is_empty(), "{odd:?}");
    let other = [("operation", "other"), ("code", "OK")];
    assert!(scrape.sum(names::OPERATIONS.name, &other).unwrap() >= 20.0);
    let nowhere = [("route", "other"), ("status", "404")];
    assert!(scrape.sum(names::HTTP_REQUESTS.name, &nowhere).unwrap() >= 20.0);
}
