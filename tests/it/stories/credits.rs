//! The ledger through the API: granting, spending, holding, expiring, undoing, listing.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::harness::{Server, Shop};
use crate::stories;

stories!("rules/productready":
    a_grant_shows_what_was_given,
    spending_burns_by_priority_then_expiry_then_age,
    too_little_changes_nothing,
    a_key_may_be_sent_again_but_not_with_another_input,
    an_expiry_takes_effect_at_its_very_instant,
    a_hold_is_pending_until_it_matures,
    a_hold_that_ends_before_it_begins_is_refused,
    a_grant_is_undone,
    a_spend_is_undone_into_its_lots,
    an_entry_is_undone_once,
    the_ledger_lists_newest_first_and_filters,
    pages_go_forward_and_back,
    users_with_credits,
    the_sweep_books_what_is_due,
);

async fn shop_with_ann(server: &Server) -> Shop {
    let shop = server.shop("productready").await;
    shop.register("ann").await;
    shop
}

async fn grant(shop: &Shop, amount: i64) -> Value {
    shop.add(json!({ "userId": "ann", "amount": amount })).await.ok()
}

fn id_of(payload: &Value) -> &str {
    payload["transaction"]["id"].as_str().unwrap()
}

async fn a_grant_shows_what_was_given(server: &Server) {
    let shop = shop_with_ann(server).await;
    let given = shop
        .add(json!({ "userId": "ann", "amount": 500, "description": "Customer support credit",
                     "referenceId": "ticket-7", "spaceId": "s-1", "priority": 10,
                     "expiresAt": "2027-01-01T00:00:00Z" }))
        .await
        .ok();
    let entry = &given["transaction"];
    assert_eq!((&entry["amount"], &entry["balanceAfter"]), (&json!(500), &json!(500)));
    assert_eq!((&entry["source"], &entry["referenceId"]), (&json!("manual"), &json!("ticket-7")));
    assert_eq!(entry["grantedBy"], "key:SERVICE of the tests");
    assert_eq!(entry["expiresAt"].as_str().unwrap()[..19], *"2027-01-01T00:00:00");
    assert_eq!((&given["lot"]["remaining"], &given["lot"]["priority"]), (&json!(500), &json!(10)));
    assert_eq!(given["account"]["balanceFormatted"], "$5.00");
    assert_eq!(given["replayed"], false);
}

async fn spending_burns_by_priority_then_expiry_then_age(server: &Server) {
    let shop = shop_with_ann(server).await;
    for (amount, priority, expires) in [
        (1, 50, None),
        (2, 50, Some("2026-12-02T00:00:00Z")),
        (4, 50, Some("2026-12-01T00:00:00Z")),
        (8, 10, None),
        (16, 50, None),
    ] {
        let input = json!({ "userId": "ann", "amount": amount, "priority": priority, "expiresAt": expires });
        shop.add(input).await.ok();
    }
    let lots = async || {
        let user = shop.of_user("ann", "credits { lots { remaining } }").await;
        let lots = user["credits"]["lots"].as_array().unwrap().clone();
        lots.iter().map(|lot| lot["remaining"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(lots().await, [8, 4, 2, 1, 16]);
    shop.spend(json!({ "userId": "ann", "amount": 9 })).await.ok();
    assert_eq!(lots().await, [3, 2, 1, 16]);
    shop.spend(json!({ "userId": "ann", "amount": 6 })).await.ok();
    assert_eq!(lots().await, [16]);
    assert_eq!(shop.account("ann").await["totalUsed"], 15);
}

async fn too_little_changes_nothing(server: &Server) {
    let shop = shop_with_ann(server).await;
    grant(&shop, 100).await;
    shop.spend(json!({ "userId": "ann", "amount": 101 })).await.refused("INSUFFICIENT_CREDITS");
    assert_eq!((shop.balance("ann").await, shop.entries("ann").await.len()), (100, 1));
    shop.spend(json!({ "userId": "ann", "amount": 100 })).await.ok();
    assert_eq!(shop.balance("ann").await, 0);
}

async fn a_key_may_be_sent_again_but_not_with_another_input(server: &Server) {
    let shop = shop_with_ann(server).await;
    let input = json!({ "userId": "ann", "amount": 500, "idempotencyKey": "k-1" });
    let first = shop.add(input.clone()).await.ok();
    shop.spend(json!({ "userId": "ann", "amount": 50, "idempotencyKey": "k-1" })).await.ok();
    let second = shop.add(input).await.ok();
    assert_eq!((&first["replayed"], &second["replayed"]), (&json!(false), &json!(true)));
    assert_eq!(first["transaction"], second["transaction"]);
    assert_eq!(second["account"]["balance"], 450, "the account as it is now");
    let same = json!({ "userId": "ann", "amount": 500, "idempotencyKey": "k-1", "source": "manual", "priority": 50 });
    assert_eq!(shop.add(same).await.ok()["replayed"], true, "defaults are filled in first");
    let other = json!({ "userId": "ann", "amount": 501, "idempotencyKey": "k-1" });
    shop.add(other).await.refused("IDEMPOTENCY_CONFLICT");
    let poor = json!({ "userId": "ann", "amount": 451, "idempotencyKey": "k-2" });
    shop.spend(poor.clone()).await.refused("INSUFFICIENT_CREDITS");
    grant(&shop, 1).await;
    assert_eq!(shop.spend(poor).await.ok()["replayed"], false, "a refusal uses up no key");
}

async fn an_expiry_takes_effect_at_its_very_instant(server: &Server) {
    let shop = shop_with_ann(server).await;
    let until = (server.now() + TimeDelta::hours(1)).to_rfc3339();
    shop.add(json!({ "userId": "ann", "amount": 300, "expiresAt": until })).await.ok();
    server.advance(TimeDelta::hours(1) - TimeDelta::microseconds(1));
    assert_eq!(shop.balance("ann").await, 300);
    server.advance(TimeDelta::microseconds(1));
    assert_eq!(shop.balance("ann").await, 0, "before any sweep");
    shop.spend(json!({ "userId": "ann", "amount": 1 })).await.refused("INSUFFICIENT_CREDITS");
    server.advance(TimeDelta::days(1));
    grant(&shop, 5).await;
    let user = shop.of_user("ann", "transactions { nodes { source amount effectiveAt } }").await;
    let expiry = &user["transactions"]["nodes"][1];
    assert_eq!((&expiry["source"], &expiry["amount"]), (&json!("expiry"), &json!(-300)));
    assert_eq!(expiry["effectiveAt"].as_str().unwrap()[..19], until[..19]);
    let account = shop.account("ann").await;
    assert_eq!((&account["balance"], &account["totalEarned"]), (&json!(5), &json!(305)));
}

async fn a_hold_is_pending_until_it_matures(server: &Server) {
    let shop = shop_with_ann(server).await;
    let from = (server.now() + TimeDelta::days(2)).to_rfc3339();
    let held =
        shop.add(json!({ "userId": "ann", "amount": 300, "availableFrom": from })).await.ok();
    assert!(held["transaction"].is_null());
    assert_eq!(
        (&held["account"]["balance"], &held["account"]["pending"]),
        (&json!(0), &json!(300))
    );
    shop.spend(json!({ "userId": "ann", "amount": 1 })).await.refused("INSUFFICIENT_CREDITS");
    server.advance(TimeDelta::days(2));
    let account = shop.account("ann").await;
    assert_eq!((&account["balance"], &account["pending"]), (&json!(300), &json!(0)));
    assert_eq!(account["totalEarned"], 300);
    shop.spend(json!({ "userId": "ann", "amount": 100 })).await.ok();
    let expected = [("spend".to_owned(), -100), ("manual".to_owned(), 300)];
    assert_eq!(shop.entries("ann").await, expected);
}

async fn a_hold_that_ends_before_it_begins_is_refused(server: &Server) {
    let shop = shop_with_ann(server).await;
    let input = json!({ "userId": "ann", "amount": 1, "availableFrom": "2026-12-02T00:00:00Z",
                        "expiresAt": "2026-12-01T00:00:00Z" });
    shop.add(input).await.refused("BAD_USER_INPUT");
}

async fn a_grant_is_undone(server: &Server) {
    let shop = shop_with_ann(server).await;
    let given = grant(&shop, 500).await;
    shop.spend(json!({ "userId": "ann", "amount": 200 })).await.ok();
    let undone = shop.reverse(id_of(&given)).await.ok();
    assert_eq!(undone["transaction"]["amount"], -300);
    assert_eq!(undone["transaction"]["forgiven"], 200);
    let account = shop.account("ann").await;
    assert_eq!((&account["balance"], &account["totalEarned"]), (&json!(0), &json!(200)));
    let user = shop.of_user("ann", "transactions(first: 1) { nodes { reverses { id } } }").await;
    assert_eq!(user["transactions"]["nodes"][0]["reverses"]["id"], id_of(&given));
}

async fn a_spend_is_undone_into_its_lots(server: &Server) {
    let shop = shop_with_ann(server).await;
    let soon = (server.now() + TimeDelta::hours(1)).to_rfc3339();
    shop.add(json!({ "userId": "ann", "amount": 300, "expiresAt": soon })).await.ok();
    grant(&shop, 1_000).await;
    let spent = shop.spend(json!({ "userId": "ann", "amount": 400 })).await.ok();
    server.advance(TimeDelta::hours(2));
    shop.reverse(id_of(&spent)).await.ok();
    let account = shop.account("ann").await;
    assert_eq!((&account["balance"], &account["totalUsed"]), (&json!(1_000), &json!(0)));
    let sources: Vec<_> = shop.entries("ann").await.into_iter().take(2).collect();
    assert_eq!(sources, [("expiry".to_owned(), -300), ("reversal".to_owned(), 400)]);
}

async fn an_entry_is_undone_once(server: &Server) {
    let shop = shop_with_ann(server).await;
    let given = grant(&shop, 500).await;
    let undone = shop.reverse(id_of(&given)).await.ok();
    shop.reverse(id_of(&given)).await.refused("ALREADY_REVERSED");
    shop.reverse(id_of(&undone)).await.refused("BAD_USER_INPUT");
    shop.reverse("01900000-0000-7000-8000-000000000000").await.refused("NOT_FOUND");
    let keyed = json!({ "transactionId": id_of(&grant(&shop, 5).await), "idempotencyKey": "k" });
    for replayed in [false, true] {
        let answer = shop.admin.mutate("reverseTransaction", keyed.clone(), "replayed").await.ok();
        assert_eq!(answer["replayed"], replayed);
    }
}

async fn the_ledger_lists_newest_first_and_filters(server: &Server) {
    let shop = shop_with_ann(server).await;
    shop.register("bob").await;
    grant(&shop, 10).await;
    server.advance(TimeDelta::hours(1));
    let promotion =
        json!({ "userId": "bob", "amount": 20, "source": "promotion", "referenceId": "r" });
    shop.add(promotion).await.ok();
    shop.spend(json!({ "userId": "ann", "amount": 3 })).await.ok();
    let list = async |filter: &str| {
        let query = format!("{{ transactions{filter} {{ totalCount nodes {{ amount }} }} }}");
        let found = shop.admin.get(&query).await;
        let amounts: Vec<i64> = found["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| node["amount"].as_i64().unwrap())
            .collect();
        assert_eq!(found["totalCount"], amounts.len());
        amounts
    };
    assert_eq!(list("").await, [-3, 20, 10]);
    assert_eq!(list(r#"(filter: { userId: "ann" })"#).await, [-3, 10]);
    assert_eq!(list(r#"(filter: { source: "promotion" })"#).await, [20]);
    assert_eq!(list(r#"(filter: { userId: "ann", source: "spend" })"#).await, [-3]);
    assert_eq!(list(r#"(filter: { referenceId: "r" })"#).await, [20]);
    assert_eq!(list(r#"(filter: { from: "2026-11-20T08:30:00Z" })"#).await, [-3, 20]);
    assert_eq!(list(r#"(filter: { to: "2026-11-20T09:00:00Z" })"#).await, [10]);
    assert_eq!(list(r#"(filter: { unit: "USD", userId: "bob" })"#).await, [20]);
}

async fn pages_go_forward_and_back(server: &Server) {
    let shop = shop_with_ann(server).await;
    for amount in 1..=5 {
        grant(&shop, amount).await;
    }
    let page = async |arguments: &str| {
        let fields = "edges { cursor node { amount } } \
                      pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount";
        let user = shop.of_user("ann", &format!("transactions({arguments}) {{ {fields} }}")).await;
        user["transactions"].clone()
    };
    let amounts = |page: &Value| -> Vec<i64> {
        page["edges"]
            .as_array()
            .unwrap()
            .iter()
            .map(|edge| edge["node"]["amount"].as_i64().unwrap())
            .collect()
    };
    let first = page("first: 2").await;
    assert_eq!((amounts(&first), &first["totalCount"]), (vec![5, 4], &json!(5)));
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    let end = first["pageInfo"]["endCursor"].as_str().unwrap();
    let second = page(&format!("first: 3, after: \"{end}\"")).await;
    assert_eq!(amounts(&second), [3, 2, 1]);
    assert_eq!(second["pageInfo"]["hasNextPage"], false);
    let start = second["pageInfo"]["startCursor"].as_str().unwrap();
    let back = page(&format!("last: 1, before: \"{start}\"")).await;
    assert_eq!((amounts(&back), &back["pageInfo"]["hasPreviousPage"]), (vec![4], &json!(true)));
    assert_eq!(amounts(&page("last: 2").await), [2, 1]);
}

async fn users_with_credits(server: &Server) {
    let shop = shop_with_ann(server).await;
    for (user, amount) in [("bob", 30), ("cleo", 90), ("dan", 60)] {
        shop.register(user).await;
        shop.add(json!({ "userId": user, "amount": amount })).await.ok();
    }
    let list = async |arguments: &str| {
        let found = shop.admin.get(&format!("{{ users({arguments}) {{ nodes {{ id }} }} }}")).await;
        let ids = found["nodes"].as_array().unwrap().iter();
        ids.map(|node| node["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let rich = "filter: { minBalance: 1 }, orderBy: BALANCE_DESC";
    assert_eq!(list(rich).await, ["cleo", "dan", "bob"]);
    assert_eq!(list("filter: { minBalance: 60 }, orderBy: BALANCE_DESC").await, ["cleo", "dan"]);
    assert_eq!(list("orderBy: CREATED_ASC").await, ["ann", "bob", "cleo", "dan"]);
    assert_eq!(list("first: 2").await, ["dan", "cleo"]);
    assert_eq!(list(r#"filter: { search: "CLE" }"#).await, ["cleo"]);
    assert_eq!(list(r#"filter: { search: "dan@ex" }"#).await, ["dan"]);
}

async fn the_sweep_books_what_is_due(server: &Server) {
    let shop = shop_with_ann(server).await;
    let soon = (server.now() + TimeDelta::hours(1)).to_rfc3339();
    shop.add(json!({ "userId": "ann", "amount": 300, "expiresAt": soon })).await.ok();
    shop.add(json!({ "userId": "ann", "amount": 20, "availableFrom": soon })).await.ok();
    server.advance(TimeDelta::hours(1));
    assert_eq!((shop.balance("ann").await, shop.entries("ann").await.len()), (20, 1));
    server.sweep().await;
    let booked =
        [("manual".to_owned(), 20), ("expiry".to_owned(), -300), ("manual".to_owned(), 300)];
    assert_eq!(shop.entries("ann").await, booked);
    server.sweep().await;
    assert_eq!((shop.balance("ann").await, shop.entries("ann").await.len()), (20, 3));
}
