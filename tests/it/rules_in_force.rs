//! Which version of a program decides: folders that change on disk, mistakes in them, settings, and
//! decisions made again.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Server, Shop};
use crate::stories;

stories!("rules/gatewayz":
    a_changed_file_decides_within_a_second,
    a_mistake_leaves_the_last_good_version,
    a_failing_example_leaves_the_last_good_version,
    another_file_is_another_campaign,
    an_error_in_one_file_does_not_stop_another,
    a_failed_decision_is_decided_again,
    a_retry_keeps_the_facts_of_its_time,
    a_draft_is_simulated_and_stores_nothing,
    a_new_folder_gives_a_tenant,
);

const PROGRAM: &str = "{ tenant { program { hash error { message file line } files { path } } } }";

fn rule(server: &Server, name: &str) -> PathBuf {
    server.rules.join("gatewayz").join(name)
}

async fn program(shop: &Shop) -> Value {
    shop.admin.get(PROGRAM).await["program"].clone()
}

/// Writes a file of the program, then waits until the server has seen it: another version, or an
/// error. The contract is a second; a busy machine gets some more.
async fn publish(server: &Server, shop: &Shop, name: &str, source: &str) -> Value {
    let before = program(shop).await;
    std::fs::write(rule(server, name), source).unwrap();
    let written = Instant::now();
    loop {
        let now = program(shop).await;
        if now["hash"] != before["hash"] || now["error"] != before["error"] {
            return now;
        }
        assert!(written.elapsed() < Duration::from_secs(10), "the server did not notice {name}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

const GIFT: &str = "fn on_gift(ctx) { [credit(ctx.user, 5, \"promotion\")] }\n";

/// The decisions on one custom event, as pairs of outcome and reason.
async fn decide(shop: &Shop, id: &str, kind: &str) -> Vec<(String, String)> {
    let input = json!({ "id": id, "userId": "ann", "type": kind, "data": {} });
    let fields = "decisions { rule outcome reason }";
    let payload = shop.service.mutate("recordEvent", input, fields).await.ok();
    let pair = |decision: &Value| {
        let text = |name: &str| decision[name].as_str().unwrap_or_default().to_owned();
        (text("rule"), text("outcome"))
    };
    payload["decisions"].as_array().unwrap().iter().map(pair).collect()
}

fn pair(rule: &str, outcome: &str) -> (String, String) {
    (rule.to_owned(), outcome.to_owned())
}

async fn shop_with_ann(server: &Server) -> Shop {
    let shop = server.shop("gatewayz").await;
    shop.register("ann").await;
    shop
}

async fn a_changed_file_decides_within_a_second(server: &Server) {
    let shop = shop_with_ann(server).await;
    assert_eq!(decide(&shop, "g-0", "gift").await, []);
    let now = publish(server, &shop, "gift.rhai", GIFT).await;
    assert!(now["error"].is_null(), "{now:#}");
    assert_eq!(decide(&shop, "g-1", "gift").await, [pair("gift", "REWARDED")]);
    publish(server, &shop, "gift.rhai", &GIFT.replace('5', "7")).await;
    decide(&shop, "g-2", "gift").await;
    assert_eq!(shop.balance("ann").await, 12);
    assert_eq!(decide(&shop, "g-1", "gift").await, [pair("gift", "REWARDED")], "as the first time");
    assert_eq!(shop.balance("ann").await, 12);
}

async fn a_mistake_leaves_the_last_good_version(server: &Server) {
    let shop = shop_with_ann(server).await;
    let good = publish(server, &shop, "gift.rhai", GIFT).await;
    let bad =
        publish(server, &shop, "gift.rhai", "fn on_gift(ctx) {\n  [credit(ctx.user 5)]\n}").await;
    assert_eq!(bad["hash"], good["hash"]);
    assert_eq!((&bad["error"]["file"], &bad["error"]["line"]), (&json!("gift.rhai"), &json!(2)));
    assert_eq!(decide(&shop, "g-1", "gift").await, [pair("gift", "REWARDED")]);
    let mended = publish(server, &shop, "gift.rhai", GIFT).await;
    assert!(mended["error"].is_null());
}

async fn a_failing_example_leaves_the_last_good_version(server: &Server) {
    let shop = shop_with_ann(server).await;
    let good = program(&shop).await;
    let rules = std::fs::read_to_string(rule(server, "purchase.rhai")).unwrap();
    assert!(rules.contains("ctx.event.amount"), "{rules}");
    let wrong = rules.replace("ctx.event.amount", "ctx.event.amount * 2");
    let bad = publish(server, &shop, "purchase.rhai", &wrong).await;
    assert_eq!(bad["hash"], good["hash"]);
    assert!(bad["error"]["message"].is_string(), "{bad:#}");
    shop.purchase("pay-1", "ann", 100).await;
    assert_eq!(shop.balance("ann").await, 100);
}

async fn another_file_is_another_campaign(server: &Server) {
    let shop = shop_with_ann(server).await;
    let campaign =
        "fn on_purchase(ctx) { [credit(ctx.user, percent(ctx.event.amount, 10), \"promotion\")] }";
    let now = publish(server, &shop, "zz_ten_percent.rhai", campaign).await;
    if now["error"].is_null() {
        shop.purchase("pay-1", "ann", 1_000).await;
        assert_eq!(shop.balance("ann").await, 1_100);
    } else {
        // The program's own examples may count every credit; then the campaign belongs to them too.
        assert!(now["error"]["file"].as_str().is_some_and(|file| file == "tests.rhai"), "{now:#}");
    }
}

async fn an_error_in_one_file_does_not_stop_another(server: &Server) {
    let shop = shop_with_ann(server).await;
    publish(server, &shop, "gift.rhai", GIFT).await;
    let wrong = "fn on_gift(ctx) { [credit(ctx.user, ctx.settings.no_such_thing, \"promotion\")] }";
    publish(server, &shop, "gift_a.rhai", wrong).await;
    let decided = decide(&shop, "g-1", "gift").await;
    assert_eq!(decided, [pair("gift", "REWARDED"), pair("gift_a", "FAILED")]);
    assert_eq!(shop.balance("ann").await, 5);
}

async fn failed(shop: &Shop) -> Vec<String> {
    let query = "{ decisions(filter: { outcome: FAILED }) { nodes { id } } }";
    let nodes = shop.admin.get(query).await["nodes"].clone();
    let id = |node: &Value| node["id"].as_str().unwrap().to_owned();
    nodes.as_array().unwrap().iter().map(id).collect()
}

async fn retry(shop: &Shop, ids: &[String]) -> Value {
    let fields = "results { id reason decision { id outcome rule } }";
    let answer = shop.admin.mutate("retryDecisions", json!({ "ids": ids }), fields).await;
    answer.ok()["results"].clone()
}

async fn a_failed_decision_is_decided_again(server: &Server) {
    let shop = shop_with_ann(server).await;
    let wrong = GIFT.replace('5', "ctx.settings.no_such_thing");
    publish(server, &shop, "gift.rhai", &wrong).await;
    assert_eq!(decide(&shop, "g-1", "gift").await, [pair("gift", "FAILED")]);
    let ids = failed(&shop).await;
    assert_eq!(retry(&shop, &ids).await[0]["decision"]["outcome"], "FAILED");
    publish(server, &shop, "gift.rhai", GIFT).await;
    let ids = failed(&shop).await;
    let results = retry(&shop, &ids).await;
    let rewarded = results
        .as_array()
        .unwrap()
        .iter()
        .filter(|result| result["decision"]["outcome"] == "REWARDED");
    assert_eq!(rewarded.count(), 1, "{results:#}");
    assert_eq!(shop.balance("ann").await, 5);
    let again = retry(&shop, &ids).await;
    assert!(
        again
            .as_array()
            .unwrap()
            .iter()
            .all(|result| result["decision"].is_null() && result["reason"].is_string())
    );
    assert_eq!(shop.balance("ann").await, 5);
}

async fn a_retry_keeps_the_facts_of_its_time(server: &Server) {
    let shop = shop_with_ann(server).await;
    let wrong = "fn on_gift(ctx) { [credit(ctx.user, ctx.event.data.nothing, \"promotion\")] }";
    publish(server, &shop, "gift.rhai", wrong).await;
    decide(&shop, "g-1", "gift").await;
    server.advance(chrono::TimeDelta::days(3));
    shop.purchase("pay-1", "ann", 100).await;
    let of_its_time = "fn on_gift(ctx) {\n  if !between(ctx.now, date(\"2026-11-20\"), date(\"2026-11-21\")) { return skip(\"over\"); }\n  \
                       [credit(ctx.user, 50 + ctx.user.purchase_count, \"promotion\")]\n}";
    publish(server, &shop, "gift.rhai", of_its_time).await;
    let ids = failed(&shop).await;
    assert_eq!(retry(&shop, &ids).await[0]["decision"]["outcome"], "REWARDED");
    assert_eq!(
        shop.balance("ann").await,
        150,
        "the contest was still on, and nothing was bought yet"
    );
    decide(&shop, "g-2", "gift").await;
    assert_eq!(shop.balance("ann").await, 150, "now it is over");
}

async fn a_draft_is_simulated_and_stores_nothing(server: &Server) {
    let shop = shop_with_ann(server).await;
    let before = program(&shop).await;
    let query = "query($input: SimulateInput!) { simulate(input: $input) { \
                 facts decisions { rule outcome reason effects printed operations } error { message file line } } }";
    let simulate = async |source: &str, event: &str| {
        let files = json!([{ "path": "draft.rhai", "source": source }]);
        let input = json!({ "event": event, "userId": "ann", "data": {}, "files": files, "settings": { "bonus": 3 } });
        shop.admin.gql(query, json!({ "input": input })).await.ok()["simulate"].clone()
    };
    let draft = GIFT.replace('5', "ctx.settings.bonus").replace('[', "print(\"hello\"); [");
    let seen = simulate(&draft, "gift").await;
    assert_eq!(seen["decisions"][0]["outcome"], "REWARDED");
    assert_eq!(seen["decisions"][0]["effects"][0]["amount"], 3);
    assert_eq!(seen["decisions"][0]["printed"], json!(["hello"]));
    assert_eq!(seen["facts"]["user"]["id"], "ann");
    let broken = simulate("fn on_gift(ctx) {\n  [credit(\n}", "gift").await;
    assert_eq!(
        (&broken["decisions"], &broken["error"]["file"]),
        (&json!([]), &json!("draft.rhai"))
    );
    assert_eq!((program(&shop).await, shop.entries("ann").await), (before, vec![]));
    assert_eq!(decide(&shop, "g-1", "gift").await, []);
}

async fn a_new_folder_gives_a_tenant(server: &Server) {
    let tenants = server.operator().get("{ tenants { nodes { slug program { name } } } }").await;
    assert_eq!(
        tenants["nodes"],
        json!([{ "slug": "gatewayz", "program": { "name": "gatewayz" } }])
    );
}
