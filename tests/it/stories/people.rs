//! Partners, visits, notices and forgetting.

use serde_json::{Value, json};

use crate::harness::{Server, Shop};
use crate::stories;

stories!("rules/gatewayz", "tests/programs/harbour":
    a_partner_refers_and_is_no_user,
    a_visit_counts_once_a_device_and_day,
    notices_are_read_one_by_one_or_all,
    a_forgotten_user_leaves_the_sums,
);

async fn partner(shop: &Shop, email: &str) -> Value {
    let input = json!({ "name": "Paula", "email": email });
    shop.admin.mutate("createReferrer", input, "code shareUrl user { id name email }").await.ok()
}

async fn a_partner_refers_and_is_no_user(server: &Server) {
    let shop = server.shop("gatewayz").await;
    let made = partner(&shop, "paula@example.com").await;
    assert_eq!(partner(&shop, "Paula@Example.com").await, made, "the same e-mail is the same one");
    let code = made["code"].as_str().unwrap();
    assert_eq!(made["shareUrl"], format!("https://app.gatewayz.ai/signup?ref={code}"));
    shop.register_with("bob", code).await;
    shop.purchase("pay-1", "bob", 2_000).await;
    assert_eq!(shop.balance(made["user"]["id"].as_str().unwrap()).await, 1_000);
    let users = shop.admin.get("{ users { totalCount nodes { id } } }").await;
    assert_eq!(users["totalCount"], 1, "a partner is not counted: {users}");
}

async fn a_visit_counts_once_a_device_and_day(server: &Server) {
    let shop = server.shop("gatewayz").await;
    shop.register("ann").await;
    let code = shop.code_of("ann").await;
    let visitor = server.anonymous("gatewayz");
    let visit = async |code: &str, device: Option<&str>| {
        let input = json!({ "code": code, "deviceId": device, "userAgent": "Test/1.0" });
        visitor.mutate("trackReferralClick", input, "counted").await.ok()["counted"].clone()
    };
    assert_eq!(visit(&code, Some("phone")).await, true);
    assert_eq!(visit(&code.to_lowercase(), Some("phone")).await, false, "the same device and day");
    assert_eq!(visit(&code, Some("laptop")).await, true);
    assert_eq!((visit(&code, None).await, visit(&code, None).await), (true.into(), true.into()));
    assert_eq!(visit("NOBODY", Some("phone")).await, false);
    server.advance(chrono::TimeDelta::days(1));
    assert_eq!(visit(&code, Some("phone")).await, true, "another day");
    assert_eq!(shop.referral("ann").await["clicks"], 5);
    let analytics = shop.admin.get("{ analytics { clicks } }").await;
    assert_eq!(analytics["clicks"], 5);
}

async fn notices_are_read_one_by_one_or_all(server: &Server) {
    let shop = server.shop("harbour").await;
    shop.register("ann").await;
    for n in 0..3 {
        shop.event(&format!("v-{n}"), "ann", "voyage", json!({})).await;
    }
    let ann = server.user("harbour", "ann").await;
    let notices = async |unread: bool| {
        let query = format!(
            "{{ me {{ notifications(unreadOnly: {unread}) {{ nodes {{ id kind message read }} }} }} }}"
        );
        ann.get(&query).await["notifications"]["nodes"].as_array().unwrap().clone()
    };
    let all = notices(false).await;
    assert_eq!(all.len(), 3, "{all:?}");
    let first = all.last().unwrap()["id"].clone();
    let read = async |input: Value| {
        ann.mutate("markNotificationsRead", input, "unread").await.ok()["unread"].clone()
    };
    assert_eq!(read(json!({ "ids": [first] })).await, all.len() - 1);
    assert_eq!(read(json!({ "ids": [first] })).await, all.len() - 1, "again changes nothing");
    assert_eq!(notices(true).await.len(), all.len() - 1);
    assert_eq!(read(json!({})).await, 0);
    assert_eq!(notices(true).await, Vec::<Value>::new());
    assert_eq!(notices(false).await.len(), all.len());
}

async fn a_forgotten_user_leaves_the_sums(server: &Server) {
    let shop = server.shop("gatewayz").await;
    shop.register("ann").await;
    let code = shop.code_of("ann").await;
    shop.register_with("bob", &code).await;
    shop.purchase("pay-1", "bob", 2_000).await;
    let input = json!({ "userId": "ann" });
    let erased = shop.admin.mutate("eraseUser", input, "user { id name email traits }").await.ok();
    assert_eq!(erased["user"], json!({ "id": "ann", "name": null, "email": null, "traits": {} }));
    assert_eq!(shop.balance("ann").await, 1_000);
    assert_eq!(shop.referral("ann").await["credited"], 1);
    let checked = shop.validate(&code).await;
    assert_eq!((&checked["valid"], &checked["reason"]), (&json!(false), &json!("DISABLED")));
    let visit = json!({ "code": code });
    let visited = server.anonymous("gatewayz").mutate("trackReferralClick", visit, "counted").await;
    assert_eq!(visited.ok()["counted"], false, "the code has stopped");
    let shown = shop.admin.get_all("{ decisions { nodes { facts } } }").await.to_string();
    assert!(!shown.contains("ann@example.com"), "{shown}");
}
