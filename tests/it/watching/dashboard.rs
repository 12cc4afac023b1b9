//! The dashboard and the README name only metrics that there are, with labels that they have.

use std::collections::{BTreeMap, BTreeSet};

use guerdon::operations::measures::names::{self, Kind};
use serde_json::Value;

const DASHBOARD: &str = include_str!("../../../dashboards/guerdon.json");
const README: &str = include_str!("../../../README.md");

/// Labels, as far as the dashboard asks for them; the story of the metrics sees that they are there.
pub fn labels() -> BTreeMap<&'static str, &'static [&'static str]> {
    BTreeMap::from([
        (names::HTTP_REQUESTS.name, &["route", "status"][..]),
        (names::HTTP_DURATION.name, &["route", "le"]),
        (names::OPERATIONS.name, &["operation", "code"]),
        (names::OPERATION_DURATION.name, &["operation", "le"]),
        (names::RATE_LIMITED.name, &["role"]),
        (names::QUEUE.name, &["class"]),
        (names::RETRIES.name, &["reason"]),
        (names::BATCH_SIZE.name, &["le"]),
        (names::BATCH_DURATION.name, &["le"]),
        (names::COMMANDS.name, &["command", "outcome"]),
        (names::COMMAND_DURATION.name, &["le"]),
        (names::DECISIONS.name, &["tenant", "rule", "outcome"]),
        (names::RULE_DURATION.name, &["tenant", "le"]),
        (names::STRIPE.name, &["outcome"]),
        (names::CONNECTIONS.name, &["pool", "state"]),
        (names::CONNECTIONS_MAX.name, &["pool"]),
        (names::JOB_DURATION.name, &["job", "outcome", "le"]),
        (names::BUILD.name, &["version", "database"]),
    ])
}

/// Every PromQL expression of the dashboard: of its panels, and of its variables.
fn expressions(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str() {
                    Some(text) if ["expr", "definition"].contains(&name.as_str()) => {
                        into.push(text.to_owned());
                    }
                    _ => expressions(value, into),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| expressions(item, into)),
        _ => {}
    }
}

/// The words of an expression that may be names; what stands between quotes is a value.
fn words(expression: &str) -> BTreeSet<&str> {
    let unquoted = expression.split('"').step_by(2);
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    unquoted.flat_map(|text| text.split(move |c| !is_name(c))).filter(|w| !w.is_empty()).collect()
}

/// The metric that a word of an expression means.
fn metric(word: &str) -> Option<&'static str> {
    let all = || names::ALL.into_iter();
    let stem = ["_bucket", "_sum", "_count"].iter().find_map(|end| word.strip_suffix(end));
    let histogram = |name: &str| {
        all().find(|metric| metric.name == name && matches!(metric.kind, Kind::Histogram(_)))
    };
    let plain =
        all().find(|metric| metric.name == word && !matches!(metric.kind, Kind::Histogram(_)));
    plain.or_else(|| stem.and_then(histogram)).map(|metric| metric.name)
}

/// What is wrong with an expression.
fn faults(expression: &str) -> Vec<String> {
    const LANGUAGE: &[&str] = &[
        "sum",
        "rate",
        "by",
        "le",
        "max",
        "histogram_quantile",
        "time",
        "label_values",
        "increase",
        "__rate_interval",
        "topk",
        "or",
        "vector",
        "instance",
    ];
    let (mut faults, mut known) = (Vec::new(), BTreeSet::<&str>::new());
    let words = words(expression);
    let (metrics, others): (Vec<&str>, Vec<&str>) =
        words.into_iter().partition(|word| word.starts_with("guerdon_"));
    for word in metrics {
        match metric(word) {
            Some(name) => known.extend(labels().get(name).copied().unwrap_or_default()),
            None => faults.push(format!("{word} in {expression}")),
        }
    }
    for word in others {
        let is_number = word.starts_with(|c: char| c.is_ascii_digit());
        if !is_number && !LANGUAGE.contains(&word) && !known.contains(&word) {
            faults.push(format!("{word} in {expression}"));
        }
    }
    faults
}

#[test]
fn the_dashboard_asks_for_nothing_that_there_is_not() {
    assert_eq!(faults("sum by (code) (rate(guerdon_nothing_total[5m]))").len(), 2);
    assert_eq!(
        faults("sum(guerdon_lane_batch_commands)").len(),
        1,
        "a histogram is asked in parts"
    );
    assert_eq!(faults("sum by (tenant) (guerdon_sockets_open)").len(), 1, "it has no such label");
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let mut asked = Vec::new();
    expressions(&dashboard, &mut asked);
    assert!(asked.len() > 15, "{asked:?}");
    let faults: Vec<String> = asked.iter().flat_map(|expression| faults(expression)).collect();
    assert!(faults.is_empty(), "{faults:#?}");
    // And it shows all of them.
    let shown: BTreeSet<&str> =
        asked.iter().flat_map(|text| words(text)).filter_map(metric).collect();
    let hidden: Vec<&str> =
        names::ALL.iter().map(|metric| metric.name).filter(|name| !shown.contains(name)).collect();
    assert!(hidden.is_empty(), "{hidden:?}");
}

#[test]
fn panels_have_ids_titles_and_a_place_of_their_own() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut taken = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_i64().unwrap()), "{panel:#}");
        assert!(panel["title"].as_str().is_some_and(|title| !title.is_empty()), "{panel:#}");
        let place = |name: &str| panel["gridPos"][name].as_i64().unwrap();
        for x in place("x")..place("x") + place("w") {
            for y in place("y")..place("y") + place("h") {
                assert!(x < 24 && taken.insert((x, y)), "two panels on one place: {panel:#}");
            }
        }
    }
}

#[test]
fn the_readme_names_only_metrics_that_there_are() {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = README.split(|c| !is_name(c)).filter(|word| word.starts_with("guerdon_"));
    let named: Vec<&str> = words.collect();
    assert!(!named.is_empty());
    let faults: Vec<&&str> = named.iter().filter(|word| metric(word).is_none()).collect();
    assert!(faults.is_empty(), "{faults:?}");
}

#[test]
fn names_follow_the_rules_of_prometheus() {
    for metric in names::ALL {
        let name = metric.name;
        assert!(name.starts_with("guerdon_"), "{name}");
        assert_eq!(name.ends_with("_total"), metric.kind == Kind::Counter, "{name}");
        assert!(metric.help.ends_with('.') && metric.help.len() > 20, "{name}");
        if let Kind::Histogram(bounds) = metric.kind {
            let has_unit = name.ends_with("_seconds") || name.ends_with("_commands");
            assert!(has_unit && bounds.is_sorted(), "{name}");
        }
    }
}
