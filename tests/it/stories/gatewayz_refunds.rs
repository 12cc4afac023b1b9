//! Refunds in the program `gatewayz`: bought credits go in proportion, both bonuses with the whole.

use serde_json::json;

use super::gatewayz::ann_refers_bob;
use crate::harness::Server;
use crate::stories;

stories!("rules/gatewayz":
    a_refund_takes_back_in_proportion,
    parts_sum_to_the_whole,
    a_full_refund_takes_both_bonuses_back,
    a_setting_keeps_the_bonuses,
    a_use_is_given_back_to_the_code,
    what_was_spent_is_forgiven,
    a_refund_of_a_later_purchase_leaves_the_bonuses,
    the_same_refund_again_changes_nothing,
    more_than_is_left_is_refused,
);

async fn a_refund_takes_back_in_proportion(server: &Server) {
    let shop = server.shop("gatewayz").await;
    shop.register("ann").await;
    shop.purchase("pay-1", "ann", 2_000).await;
    shop.refund("re-1", "pay-1", Some(500)).await;
    assert_eq!(shop.balance("ann").await, 1_500);
    assert_eq!(shop.entries("ann").await[0], ("reversal".to_owned(), -500));
}

async fn parts_sum_to_the_whole(server: &Server) {
    let shop = server.shop("gatewayz").await;
    shop.register("ann").await;
    shop.purchase("pay-1", "ann", 1_000).await;
    for (part, left) in [(1, 667), (2, 334), (3, 1)] {
        shop.refund(&format!("re-{part}"), "pay-1", Some(333)).await;
        assert_eq!(shop.balance("ann").await, left);
    }
    shop.refund("re-4", "pay-1", None).await;
    let account = shop.account("ann").await;
    assert_eq!((&account["balance"], &account["totalEarned"]), (&json!(0), &json!(0)));
}

async fn a_full_refund_takes_both_bonuses_back(server: &Server) {
    let (shop, code) = ann_refers_bob(server).await;
    shop.purchase("pay-1", "bob", 2_000).await;
    let half = shop.refund("re-1", "pay-1", Some(1_000)).await;
    assert_eq!(half["referral"]["status"], "CREDITED");
    assert_eq!((shop.balance("ann").await, shop.balance("bob").await), (1_000, 2_000));
    let whole = shop.refund("re-2", "pay-1", None).await;
    assert_eq!(whole["referral"]["status"], "REVERSED");
    assert_eq!((shop.balance("ann").await, shop.balance("bob").await), (0, 0));
    let ann = shop.referral("ann").await;
    assert_eq!((&ann["credited"], &ann["totalEarned"]), (&json!(0), &json!(0)));
    assert_eq!(ann["conversions"], 1, "the conversion stays");
    assert_eq!(shop.validate(&code).await["remainingUses"], 10);
}

async fn a_setting_keeps_the_bonuses(server: &Server) {
    let (shop, _) = ann_refers_bob(server).await;
    shop.set(json!({ "reverse_bonus_on_refund": false })).await;
    shop.purchase("pay-1", "bob", 2_000).await;
    let whole = shop.refund("re-1", "pay-1", None).await;
    assert_eq!(whole["referral"]["status"], "CREDITED");
    assert_eq!((shop.balance("ann").await, shop.balance("bob").await), (1_000, 1_000));
}

async fn a_use_is_given_back_to_the_code(server: &Server) {
    let (shop, code) = ann_refers_bob(server).await;
    shop.register_with("cleo", &code).await;
    shop.set(json!({ "code_max_uses": 1 })).await;
    shop.purchase("pay-1", "bob", 1_000).await;
    assert_eq!(shop.validate(&code).await["remainingUses"], 0);
    shop.refund("re-1", "pay-1", None).await;
    assert_eq!(shop.validate(&code).await["remainingUses"], 1);
    let cleo = shop.purchase("pay-2", "cleo", 1_000).await;
    assert_eq!(cleo["referral"]["status"], "CREDITED");
    assert_eq!(shop.balance("ann").await, 1_000);
}

async fn what_was_spent_is_forgiven(server: &Server) {
    let shop = server.shop("gatewayz").await;
    shop.register("ann").await;
    shop.purchase("pay-1", "ann", 1_000).await;
    shop.spend(json!({ "userId": "ann", "amount": 700 })).await.ok();
    shop.refund("re-1", "pay-1", None).await;
    assert_eq!(shop.balance("ann").await, 0);
    let user =
        shop.of_user("ann", "transactions(first: 1) { nodes { source amount forgiven } }").await;
    let reversal = &user["transactions"]["nodes"][0];
    assert_eq!(*reversal, json!({ "source": "reversal", "amount": -300, "forgiven": 700 }));
}

async fn a_refund_of_a_later_purchase_leaves_the_bonuses(server: &Server) {
    let (shop, _) = ann_refers_bob(server).await;
    shop.purchase("pay-1", "bob", 1_000).await;
    shop.purchase("pay-2", "bob", 3_000).await;
    shop.refund("re-1", "pay-2", None).await;
    assert_eq!((shop.balance("ann").await, shop.balance("bob").await), (1_000, 2_000));
    assert_eq!(shop.referral("ann").await["credited"], 1);
}

async fn the_same_refund_again_changes_nothing(server: &Server) {
    let shop = server.shop("gatewayz").await;
    shop.register("ann").await;
    shop.purchase("pay-1", "ann", 1_000).await;
    shop.purchase("pay-2", "ann", 1_000).await;
    let first = shop.refund("re-1", "pay-1", Some(400)).await;
    let second = shop.refund("re-1", "pay-1", Some(400)).await;
    assert_eq!((&first["replayed"], &second["replayed"]), (&json!(false), &json!(true)));
    assert_eq!(first["transactions"], second["transactions"]);
    assert_eq!(shop.balance("ann").await, 1_600);
    for other in [
        json!({ "id": "re-1", "purchaseId": "pay-1", "amount": 401 }),
        json!({ "id": "re-1", "purchaseId": "pay-2", "amount": 400 }),
    ] {
        let answer = shop.service.mutate("recordRefund", other, "replayed").await;
        answer.refused("IDEMPOTENCY_CONFLICT");
    }
    assert_eq!(shop.balance("ann").await, 1_600);
}

async fn more_than_is_left_is_refused(server: &Server) {
    let shop = server.shop("gatewayz").await;
    shop.register("ann").await;
    shop.purchase("pay-1", "ann", 1_000).await;
    shop.refund("re-1", "pay-1", Some(400)).await;
    for (input, code) in [
        (json!({ "id": "re-2", "purchaseId": "pay-1", "amount": 601 }), "BAD_USER_INPUT"),
        (json!({ "id": "re-2", "purchaseId": "pay-1", "amount": 0 }), "BAD_USER_INPUT"),
        (json!({ "id": "re-2", "purchaseId": "pay-9" }), "NOT_FOUND"),
    ] {
        shop.service.mutate("recordRefund", input, "replayed").await.refused(code);
    }
    assert_eq!(shop.balance("ann").await, 600);
}
