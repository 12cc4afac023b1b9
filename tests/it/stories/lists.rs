//! Lists, counts and totals: what they show between two sweeps, at the edges of days and months, and
//! page by page.

use serde_json::{Value, json};

use crate::harness::{Server, Shop};
use crate::stories;

stories!("tests/programs/harbour":
    a_reward_is_listed_as_it_stands_before_any_sweep,
    a_hold_that_pays_what_is_owed_is_used_up_at_once,
    a_month_of_the_leaderboard_ends_at_midnight_in_new_york,
    users_are_ranked_with_those_who_owe_and_those_who_have_no_account,
    unread_notices_are_listed_alone,
    referrals_are_counted_by_status,
    what_was_used_counts_on_its_day,
);

/// The units and the rest of the rewards of a status, the tenant's and the user's own, newest first.
async fn standing(shop: &Shop, user: &str, status: &str) -> Vec<(String, i64)> {
    let query = format!(
        "{{ rewards(filter: {{ status: {status} }}) {{ nodes {{ id status unit remaining }} }} }}"
    );
    let listed = shop.admin.get(&query).await["nodes"].clone();
    let own = format!("rewards(status: {status}) {{ nodes {{ id status unit remaining }} }}");
    assert_eq!(shop.of_user(user, &own).await["rewards"]["nodes"], listed);
    let reward = |node: &Value| {
        assert_eq!(node["status"], status, "{node}");
        (node["unit"].as_str().unwrap().to_owned(), node["remaining"].as_i64().unwrap())
    };
    listed.as_array().unwrap().iter().map(reward).collect()
}

/// Units, and what is left of each.
type Rewards = &'static [(&'static str, i64)];

fn rewards(expected: &[(&str, i64)]) -> Vec<(String, i64)> {
    expected.iter().map(|(unit, left)| ((*unit).to_owned(), *left)).collect()
}

/// A shop at which only Ann has rewards that last.
async fn shop_with_ann(server: &Server) -> Shop {
    let shop = server.shop("harbour").await;
    for user in ["one", "two", "ann"] {
        shop.register(user).await;
    }
    for early in ["one", "two"] {
        shop.spend(json!({ "userId": early, "amount": 1 })).await.ok();
    }
    shop
}

async fn a_reward_is_listed_as_it_stands_before_any_sweep(server: &Server) {
    let shop = shop_with_ann(server).await;
    shop.event("v-1", "ann", "voyage", json!({})).await;
    // Another one whose money ends together with the hold of the first.
    assert_eq!(standing(&shop, "ann", "PENDING").await, rewards(&[("JPY", 60)]));
    let at_first = rewards(&[("JPY", 3), ("chart", 0), ("messages", 5), ("JPY", 40)]);
    assert_eq!(standing(&shop, "ann", "ACTIVE").await, at_first);
    let steps: [(&str, Rewards, Rewards); 4] = [
        (
            "2026-11-21T20:00:00Z",
            &[("JPY", 3), ("chart", 0), ("messages", 5), ("JPY", 60), ("JPY", 40)],
            &[],
        ),
        (
            "2026-11-22T08:00:00Z",
            &[("JPY", 3), ("chart", 0), ("messages", 5), ("JPY", 60)],
            &[("JPY", 0)],
        ),
        (
            "2026-12-20T08:00:00Z",
            &[("JPY", 3), ("chart", 0), ("JPY", 60)],
            &[("messages", 0), ("JPY", 0)],
        ),
        (
            "2026-12-24T05:00:00Z",
            &[("JPY", 3), ("JPY", 60)],
            &[("chart", 0), ("messages", 0), ("JPY", 0)],
        ),
    ];
    for (instant, active, expired) in steps {
        server.advance_to(instant);
        for swept in [false, true] {
            assert_eq!(standing(&shop, "ann", "PENDING").await, [], "{instant} {swept}");
            assert_eq!(
                standing(&shop, "ann", "ACTIVE").await,
                rewards(active),
                "{instant} {swept}"
            );
            let over = standing(&shop, "ann", "EXPIRED").await;
            assert_eq!(over, rewards(expired), "{instant} {swept}");
            // Half of the instants are swept, the others go over into the next.
            if instant.ends_with("08:00:00Z") {
                server.sweep().await;
            }
        }
    }
    server.sweep().await;
    let features = "{ rewards(filter: { type: FEATURE }) { nodes { unit status } } }";
    let chart = json!([{ "unit": "chart", "status": "EXPIRED" }]);
    assert_eq!(shop.admin.get(features).await["nodes"], chart);
}

async fn a_hold_that_pays_what_is_owed_is_used_up_at_once(server: &Server) {
    let shop = shop_with_ann(server).await;
    let granted = shop.add(json!({ "userId": "ann", "amount": 80 })).await.ok();
    shop.spend(json!({ "userId": "ann", "amount": 80 })).await.ok();
    let held = json!({ "userId": "ann", "amount": 60, "availableFrom": "2026-11-21T08:00:00Z" });
    shop.add(held).await.ok();
    shop.reverse(granted["transaction"]["id"].as_str().unwrap()).await.ok();
    assert_eq!(shop.balance("ann").await, -80);
    assert_eq!(standing(&shop, "ann", "PENDING").await, rewards(&[("JPY", 60)]));
    server.advance_to("2026-11-21T08:00:00Z");
    assert_eq!(shop.balance("ann").await, -20);
    for _ in 0..2 {
        assert_eq!(standing(&shop, "ann", "ACTIVE").await, []);
        let used_up = "rewards(status: REDEEMED, first: 1) {
            nodes { amount remaining } pageInfo { hasNextPage } }";
        let used_up = shop.of_user("ann", used_up).await["rewards"].clone();
        assert_eq!(used_up["nodes"], json!([{ "amount": 60, "remaining": 0 }]));
        assert_eq!(used_up["pageInfo"]["hasNextPage"], false);
        server.sweep().await;
    }
}

async fn a_month_of_the_leaderboard_ends_at_midnight_in_new_york(server: &Server) {
    let shop = server.shop("harbour").await;
    for user in ["one", "two", "zoe", "amy"] {
        shop.register(user).await;
    }
    let (zoe, amy) = (shop.code_of("zoe").await, shop.code_of("amy").await);
    server.advance_to("2026-12-01T04:59:59Z");
    shop.register_with("friend-of-zoe", &zoe).await;
    server.advance_to("2026-12-01T05:00:00Z");
    shop.register_with("friend-of-amy", &amy).await;
    let top = async |range: &str| {
        let query = format!("{{ leaderboard(by: EARNED{range}) {{ rank name earned }} }}");
        let entry = |node: &Value| {
            assert_eq!(node["earned"], 70);
            (node["rank"].as_i64().unwrap(), node["name"].as_str().unwrap().to_owned())
        };
        shop.admin.get(&query).await.as_array().unwrap().iter().map(entry).collect::<Vec<_>>()
    };
    let range = |from: &str, to: &str| format!(", from: \"{from}\", to: \"{to}\"");
    let first = |name: &str| vec![(1, name.to_owned())];
    let november = range("2026-11-01T04:00:00Z", "2026-12-01T04:59:59Z");
    assert_eq!(top(&november).await, first("zoe"));
    let most_of_november = range("2026-11-02T05:00:00Z", "2026-12-01T04:59:59Z");
    assert_eq!(top(&most_of_november).await, first("zoe"));
    assert_eq!(top(", from: \"2026-12-01T05:00:00Z\"").await, first("amy"));
    let december = range("2026-12-01T05:00:00Z", "2027-01-01T04:59:59Z");
    assert_eq!(top(&december).await, first("amy"));
    assert_eq!(top(&range("2026-10-01T05:00:00Z", "2026-10-31T05:00:00Z")).await, []);
    // Equals share a place, and stand in the same order whatever the range.
    let both = vec![(1, "amy".to_owned()), (1, "zoe".to_owned())];
    assert_eq!(top("").await, both);
    assert_eq!(top(&range("2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z")).await, both);
}

async fn users_are_ranked_with_those_who_owe_and_those_who_have_no_account(server: &Server) {
    let shop = shop_with_ann(server).await;
    for user in ["bob", "cay", "dan"] {
        shop.register(user).await;
    }
    let grant = async |user: &str, amount: i64| {
        shop.add(json!({ "userId": user, "amount": amount })).await.ok()
    };
    let spend = async |user: &str, amount: i64| {
        shop.spend(json!({ "userId": user, "amount": amount })).await.ok()
    };
    grant("ann", 100).await;
    grant("bob", 50).await;
    spend("bob", 20).await;
    let gift = grant("dan", 30).await;
    spend("dan", 30).await;
    shop.reverse(gift["transaction"]["id"].as_str().unwrap()).await.ok();
    let by_balance = ["ann", "bob", "two", "one", "cay", "dan"];
    assert_eq!(there_and_back(&shop, "orderBy: BALANCE_DESC").await, by_balance);
    let by_earned = ["ann", "bob", "two", "one", "dan", "cay"];
    assert_eq!(there_and_back(&shop, "orderBy: EARNED_DESC").await, by_earned);
    let rich = "filter: { minBalance: 1 }, orderBy: BALANCE_DESC";
    assert_eq!(there_and_back(&shop, rich).await, ["ann", "bob"]);
    let who_owe_nothing = "filter: { minBalance: 0 }";
    let newest = ["cay", "bob", "ann", "two", "one"];
    assert_eq!(there_and_back(&shop, who_owe_nothing).await, newest);
    let found = "filter: { search: \"O\" }, orderBy: CREATED_ASC";
    assert_eq!(there_and_back(&shop, found).await, ["one"]);
    let list = |arguments: &str| {
        format!("{{ users(first: 2, {arguments}) {{ pageInfo {{ endCursor }} nodes {{ id }} }} }}")
    };
    let ranked = shop.admin.get(&list("orderBy: BALANCE_DESC")).await;
    let cursor = ranked["pageInfo"]["endCursor"].as_str().unwrap();
    let mixed = list(&format!("orderBy: CREATED_DESC, after: \"{cursor}\""));
    shop.admin.gql(&mixed, json!({})).await.refused("BAD_USER_INPUT");
}

/// The ids of a list of users, read one by one to its end, which is the same as back from there.
async fn there_and_back(shop: &Shop, arguments: &str) -> Vec<String> {
    let (mut there, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = one_user(shop, arguments, &format!("first: 1, {cursor}")).await;
        there.extend(page["nodes"].as_array().unwrap().iter().map(id));
        cursor = format!("after: {}", page["pageInfo"]["endCursor"]);
        if page["pageInfo"]["hasNextPage"] == false {
            assert_eq!(page["totalCount"], there.len(), "{arguments}");
            break;
        }
    }
    let (mut back, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = one_user(shop, arguments, &format!("last: 1, {cursor}")).await;
        back.splice(0..0, page["nodes"].as_array().unwrap().iter().map(id));
        cursor = format!("before: {}", page["pageInfo"]["startCursor"]);
        if page["pageInfo"]["hasPreviousPage"] == false {
            break;
        }
    }
    assert_eq!(back, there, "{arguments}");
    there
}

async fn one_user(shop: &Shop, arguments: &str, page: &str) -> Value {
    let query = format!(
        "{{ users({page}, {arguments}) {{ totalCount nodes {{ id }} \
           pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
    );
    shop.admin.get(&query).await
}

fn id(node: &Value) -> String {
    node["id"].as_str().unwrap().to_owned()
}

async fn unread_notices_are_listed_alone(server: &Server) {
    let shop = shop_with_ann(server).await;
    for voyage in ["v-1", "v-2", "v-3"] {
        shop.event(voyage, "ann", "voyage", json!({})).await;
    }
    let unread = async || {
        let list = "notifications(unreadOnly: true) { nodes { id read } }";
        let listed = shop.of_user("ann", list).await["notifications"]["nodes"].clone();
        let listed = listed.as_array().unwrap().clone();
        assert!(listed.iter().all(|notice| notice["read"] == false), "{listed:?}");
        listed.iter().map(id).collect::<Vec<_>>()
    };
    let all = unread().await;
    assert_eq!(all.len(), 3);
    let mark = async |ids: Value| {
        let input = json!({ "userId": "ann", "ids": ids });
        shop.service.mutate("markNotificationsRead", input, "unread").await.ok()["unread"].clone()
    };
    assert_eq!(mark(json!([all[1]])).await, 2);
    assert_eq!(unread().await, [all[0].clone(), all[2].clone()]);
    assert_eq!(mark(Value::Null).await, 0);
    assert_eq!(unread().await.len(), 0);
    shop.event("v-4", "ann", "voyage", json!({})).await;
    assert_eq!(unread().await.len(), 1);
}

async fn referrals_are_counted_by_status(server: &Server) {
    let shop = server.shop("harbour").await;
    let at = |id: &str, ip: &str, device: &str, code: Option<&str>| json!({ "id": id, "name": id, "ipAddress": ip, "deviceId": device, "referralCode": code });
    shop.sign_up(at("ann", "192.0.2.1", "phone", None)).await;
    let code = shop.code_of("ann").await;
    shop.sign_up(at("bob", "192.0.2.1", "laptop", Some(&code))).await;
    shop.sign_up(at("cleo", "192.0.2.2", "phone", Some(&code))).await;
    for (number, friend) in ["dan", "eve", "fay"].into_iter().enumerate() {
        let (ip, device) = (format!("192.0.2.{}", number + 3), format!("tablet {number}"));
        shop.sign_up(at(friend, &ip, &device, Some(&code))).await;
    }
    shop.purchase("pay-1", "eve", 500).await;
    let totals = shop
        .admin
        .get(
            "{ referralTotals { all pending held paying credited failed rejected reversed \
               bonusEarned } }",
        )
        .await;
    let listed = "totalCount totalCountCapped nodes { bonusEarned }";
    let all = shop.admin.get(&format!("{{ referrals {{ {listed} }} }}")).await;
    assert_eq!((&totals["all"], &totals["all"]), (&all["totalCount"], &json!(5)));
    let bonus = all["nodes"].as_array().unwrap().iter().map(|node| node["bonusEarned"].as_i64());
    assert_eq!(totals["bonusEarned"], bonus.map(Option::unwrap).sum::<i64>());
    let mut sum = 0;
    for status in ["PENDING", "HELD", "PAYING", "CREDITED", "FAILED", "REJECTED", "REVERSED"] {
        let of_tenant = format!("{{ referrals(filter: {{ status: {status} }}) {{ {listed} }} }}");
        let of_tenant = shop.admin.get(&of_tenant).await;
        let own = format!("referral {{ referrals(status: {status}) {{ {listed} }} }}");
        let own = shop.of_user("ann", &own).await["referral"]["referrals"].clone();
        assert_eq!(own, of_tenant, "{status}");
        assert_eq!(own["totalCount"], own["nodes"].as_array().unwrap().len(), "{status}");
        assert_eq!(totals[status.to_lowercase()], own["totalCount"], "{status}");
        sum += own["totalCount"].as_i64().unwrap();
    }
    assert_eq!(sum, 5);
    assert_eq!((&totals["held"], &totals["rejected"]), (&json!(1), &json!(1)));
    let ann = server.user("harbour", "ann").await;
    ann.gql("{ referralTotals { all } }", json!({})).await.refused("FORBIDDEN");
}

async fn what_was_used_counts_on_its_day(server: &Server) {
    let shop = shop_with_ann(server).await;
    // 40 that end at 08:00 on the 22nd in UTC, which is 03:00 in New York.
    shop.event("v-1", "ann", "voyage", json!({})).await;
    server.advance_to("2026-11-24T12:00:00Z");
    server.sweep().await;
    let spent = shop.spend(json!({ "userId": "ann", "amount": 10 })).await.ok();
    server.advance_to("2026-11-25T12:00:00Z");
    shop.reverse(spent["transaction"]["id"].as_str().unwrap()).await.ok();
    let of_day = async |day: &str, name: &str| {
        let noon = format!("2026-11-{day}T12:00:00Z");
        let query = format!("{{ analytics(from: \"{noon}\", to: \"{noon}\") {{ {name} }} }}");
        shop.admin.get(&query).await[name].as_i64().unwrap()
    };
    assert_eq!(of_day("20", "creditsIssued").await, 2 + 40 + 3);
    assert_eq!(of_day("21", "creditsIssued").await, 60, "the hold ended then");
    assert_eq!(of_day("22", "creditsExpired").await, 40);
    assert_eq!(of_day("24", "creditsExpired").await, 0, "the sweep came later");
    assert_eq!(of_day("24", "creditsUsed").await, 10);
    assert_eq!(of_day("25", "creditsUsed").await, -10);
}
