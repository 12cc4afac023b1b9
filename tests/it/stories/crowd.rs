//! What happens at the same time: real parallel tasks against one server.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::{Answer, Caller, Server, Shop};
use crate::stories;

stories!("rules/gatewayz":
    twelve_friends_and_a_limit_of_ten,
    one_payment_delivered_twenty_times,
    one_refund_delivered_twenty_times,
    one_key_sent_twenty_times,
    one_user_signs_up_twenty_times,
    one_code_is_given_to_twenty_requests,
    twenty_spenders_and_credit_for_ten,
    two_codes_typed_in_at_once,
);

/// Makes every call in a task of its own, all at once.
pub(super) async fn at_once(
    caller: &Caller,
    mutation: &'static str,
    inputs: Vec<Value>,
    fields: &'static str,
) -> Vec<Answer> {
    let mut tasks = JoinSet::new();
    for input in inputs {
        let caller = caller.clone();
        tasks.spawn(async move { caller.mutate(mutation, input, fields).await });
    }
    tasks.join_all().await
}

async fn a_shop_with_ann(server: &Server) -> Shop {
    let shop = server.shop("gatewayz").await;
    shop.register("ann").await;
    shop
}

fn how_many(answers: &[Value], field: &str, value: &Value) -> usize {
    answers.iter().filter(|answer| answer[field] == *value).count()
}

async fn twelve_friends_and_a_limit_of_ten(server: &Server) {
    let shop = a_shop_with_ann(server).await;
    let code = shop.code_of("ann").await;
    for friend in 0..12 {
        shop.register_with(&format!("friend-{friend}"), &code).await;
    }
    let purchase =
        |n| json!({ "id": format!("pay-{n}"), "userId": format!("friend-{n}"), "amount": 1_000 });
    let inputs = (0..12).map(purchase).collect();
    let answers = at_once(&shop.service, "recordPurchase", inputs, "referral { status }").await;
    let answers: Vec<Value> =
        answers.into_iter().map(|answer| answer.ok()["referral"].clone()).collect();
    assert_eq!(how_many(&answers, "status", &json!("CREDITED")), 10);
    assert_eq!(how_many(&answers, "status", &json!("PENDING")), 2);
    assert_eq!(shop.balance("ann").await, 10_000);
    let mut of_the_friends = 0;
    for friend in 0..12 {
        of_the_friends += shop.balance(&format!("friend-{friend}")).await;
    }
    assert_eq!(of_the_friends, 22_000, "twelve got what they bought, ten the bonus");
    let ann = shop.referral("ann").await;
    assert_eq!((&ann["credited"], &ann["remainingUses"]), (&json!(10), &json!(0)));
}

async fn one_payment_delivered_twenty_times(server: &Server) {
    let shop = a_shop_with_ann(server).await;
    let inputs = vec![json!({ "id": "pay-1", "userId": "ann", "amount": 1_000 }); 20];
    let fields = "replayed transactions { id } decisions { id }";
    let answers = at_once(&shop.service, "recordPurchase", inputs, fields).await;
    let answers: Vec<Value> = answers.into_iter().map(Answer::ok).collect();
    assert_eq!(how_many(&answers, "replayed", &json!(false)), 1);
    assert!(answers.iter().all(|answer| answer["transactions"] == answers[0]["transactions"]));
    assert!(answers.iter().all(|answer| answer["decisions"] == answers[0]["decisions"]));
    assert_eq!(shop.balance("ann").await, 1_000);
}

async fn one_refund_delivered_twenty_times(server: &Server) {
    let shop = a_shop_with_ann(server).await;
    shop.purchase("pay-1", "ann", 1_000).await;
    let inputs = vec![json!({ "id": "re-1", "purchaseId": "pay-1", "amount": 300 }); 20];
    let answers = at_once(&shop.service, "recordRefund", inputs, "replayed").await;
    let answers: Vec<Value> = answers.into_iter().map(Answer::ok).collect();
    assert_eq!(how_many(&answers, "replayed", &json!(false)), 1);
    assert_eq!(shop.balance("ann").await, 700);
}

async fn one_key_sent_twenty_times(server: &Server) {
    let shop = a_shop_with_ann(server).await;
    let mut inputs = vec![json!({ "userId": "ann", "amount": 70, "idempotencyKey": "k" }); 20];
    inputs.push(json!({ "userId": "ann", "amount": 71, "idempotencyKey": "other" }));
    let answers = at_once(&shop.service, "addCredits", inputs, "replayed transaction { id }").await;
    let answers: Vec<Value> = answers.into_iter().map(Answer::ok).collect();
    assert_eq!(how_many(&answers, "replayed", &json!(false)), 2);
    assert_eq!(shop.balance("ann").await, 141);
    let conflict = json!({ "userId": "ann", "amount": 72, "idempotencyKey": "k" });
    shop.add(conflict).await.refused("IDEMPOTENCY_CONFLICT");
}

async fn one_user_signs_up_twenty_times(server: &Server) {
    let shop = a_shop_with_ann(server).await;
    let code = shop.code_of("ann").await;
    let inputs = vec![json!({ "id": "bob", "name": "Bob", "referralCode": code }); 20];
    let answers = at_once(&shop.service, "registerUser", inputs, "created user { id }").await;
    let answers: Vec<Value> = answers.into_iter().map(Answer::ok).collect();
    assert_eq!(how_many(&answers, "created", &json!(true)), 1);
    assert_eq!(shop.referral("ann").await["signups"], 1);
}

async fn one_code_is_given_to_twenty_requests(server: &Server) {
    let shop = a_shop_with_ann(server).await;
    let inputs = vec![json!({ "userId": "ann" }); 20];
    let answers = at_once(&shop.service, "generateReferralCode", inputs, "code created").await;
    let answers: Vec<Value> = answers.into_iter().map(Answer::ok).collect();
    assert!(answers.iter().all(|answer| answer["code"] == answers[0]["code"]));
    assert_eq!(how_many(&answers, "created", &json!(true)), 0, "it was made at the sign-up");
    let inputs = vec![json!({ "userId": "ann" }); 20];
    let answers = at_once(&shop.service, "regenerateReferralCode", inputs, "code").await;
    let mut codes: Vec<String> =
        answers.into_iter().map(|answer| answer.ok()["code"].to_string()).collect();
    codes.sort();
    codes.dedup();
    assert_eq!(codes.len(), 20, "each a new one");
}

async fn twenty_spenders_and_credit_for_ten(server: &Server) {
    let shop = a_shop_with_ann(server).await;
    shop.add(json!({ "userId": "ann", "amount": 1_000 })).await.ok();
    let inputs = vec![json!({ "userId": "ann", "amount": 100 }); 20];
    let answers = at_once(&shop.service, "spendCredits", inputs, "account { balance }").await;
    let spent = answers.iter().filter(|answer| answer.code().is_empty()).count();
    let refused = answers.iter().filter(|answer| answer.code() == "INSUFFICIENT_CREDITS").count();
    assert_eq!((spent, refused), (10, 10));
    assert_eq!(shop.balance("ann").await, 0);
}

async fn two_codes_typed_in_at_once(server: &Server) {
    let shop = a_shop_with_ann(server).await;
    shop.register("bob").await;
    shop.register("cleo").await;
    let codes = [shop.code_of("ann").await, shop.code_of("bob").await];
    let inputs = codes.iter().map(|code| json!({ "userId": "cleo", "code": code })).collect();
    let answers =
        at_once(&shop.service, "applyReferralCode", inputs, "validation { valid reason }").await;
    let answers: Vec<Value> =
        answers.into_iter().map(|answer| answer.ok()["validation"].clone()).collect();
    assert_eq!(how_many(&answers, "valid", &json!(true)), 1);
    assert_eq!(how_many(&answers, "reason", &json!("ALREADY_REFERRED")), 1);
}
