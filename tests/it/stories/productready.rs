//! The program `productready`, row by row: rewards at sign-up, for onboarding, for the early, for
//! campaigns and promotion codes.

use serde_json::{Value, json};

use crate::harness::{Server, Shop};
use crate::stories;

stories!("rules/productready":
    a_code_at_sign_up_rewards_both,
    a_code_typed_in_later_rewards_both,
    with_verification_asked_for_the_reward_waits_for_it,
    an_amount_of_zero_makes_no_entry_and_no_failure,
    every_step_pays_once,
    all_steps_done_pay_when_set,
    an_unknown_step_is_refused,
    the_first_in_order_of_sign_up_are_early,
    a_campaign_pays_once_for_each_user,
    a_promotion_code_pays_what_its_data_says,
    a_promotion_code_has_its_limits,
    the_invite_prompt_shows_until_dismissed_or_somebody_came,
    the_getting_started_card_can_be_hidden,
    a_code_has_no_limit_of_uses,
    a_code_is_made_on_first_use,
    users_are_told_what_they_can_do,
);

async fn shop_with_ann(server: &Server) -> (Shop, String) {
    let shop = server.shop("productready").await;
    shop.register("ann").await;
    let code = shop.code_of("ann").await;
    (shop, code)
}

/// The outcome and reason of each decision on one kind of event.
fn outcomes(payload: &Value, event: &str) -> Vec<String> {
    let decisions = payload["decisions"].as_array().unwrap().iter();
    decisions
        .filter(|decision| decision["event"] == event)
        .map(|decision| decision["outcome"].as_str().unwrap().to_owned())
        .collect()
}

async fn a_code_at_sign_up_rewards_both(server: &Server) {
    let (shop, code) = shop_with_ann(server).await;
    let bob = shop.register_with("bob", &code).await;
    assert_eq!(outcomes(&bob, "referred"), ["REWARDED"]);
    assert_eq!(bob["user"]["credits"]["balance"], 200);
    assert_eq!(shop.entries("ann").await, [("referral".to_owned(), 500)]);
    assert_eq!(shop.entries("bob").await, [("referral".to_owned(), 200)]);
    let ann = shop.referral("ann").await;
    assert_eq!((&ann["signups"], &ann["credited"]), (&json!(1), &json!(1)));
    assert_eq!((&ann["totalEarned"], &ann["conversions"]), (&json!(500), &json!(0)));
    assert_eq!(ann["referrals"]["nodes"][0]["status"], "CREDITED");
    assert_eq!(ann["referrals"]["nodes"][0]["bonusEarned"], 500);
    let link = format!("https://yourapp.com/sign-up?ref={code}");
    assert_eq!(ann["shareUrl"], link.as_str());
    assert_eq!(shop.register_with("bob", &code).await["created"], false);
    assert_eq!((shop.balance("ann").await, shop.balance("bob").await), (500, 200));
}

async fn a_code_typed_in_later_rewards_both(server: &Server) {
    let (shop, code) = shop_with_ann(server).await;
    shop.register("bob").await;
    let applied = shop.apply_code("bob", &code.to_lowercase()).await;
    assert_eq!(applied["validation"]["valid"], true);
    assert_eq!(applied["referral"]["status"], "CREDITED");
    assert_eq!((shop.balance("ann").await, shop.balance("bob").await), (500, 200));
    let again = shop.apply_code("bob", &code).await;
    assert_eq!(again["validation"]["reason"], "ALREADY_REFERRED");
    assert_eq!((shop.balance("ann").await, shop.balance("bob").await), (500, 200));
}

async fn with_verification_asked_for_the_reward_waits_for_it(server: &Server) {
    let (shop, code) = shop_with_ann(server).await;
    shop.set(json!({ "require_verified_email": true })).await;
    shop.register_with("bob", &code).await;
    assert_eq!((shop.balance("ann").await, shop.balance("bob").await), (0, 0));
    assert_eq!(shop.referral("ann").await["referrals"]["nodes"][0]["status"], "PENDING");
    let verified = shop.verify_email("bob").await;
    assert_eq!(outcomes(&verified, "email_verified"), ["REWARDED"]);
    assert_eq!((shop.balance("ann").await, shop.balance("bob").await), (500, 200));
    shop.verify_email("bob").await;
    assert_eq!((shop.balance("ann").await, shop.balance("bob").await), (500, 200));
    assert_eq!(shop.referral("ann").await["credited"], 1);
}

async fn an_amount_of_zero_makes_no_entry_and_no_failure(server: &Server) {
    let (shop, code) = shop_with_ann(server).await;
    shop.set(json!({ "referee_reward": 0, "referrer_reward": 30 })).await;
    let bob = shop.register_with("bob", &code).await;
    assert_eq!(outcomes(&bob, "referred"), ["REWARDED"]);
    assert_eq!((shop.balance("ann").await, shop.entries("bob").await), (30, vec![]));
}

async fn every_step_pays_once(server: &Server) {
    let (shop, _) = shop_with_ann(server).await;
    let first = shop.step("ann", "createPost").await;
    assert_eq!(outcomes(&first, "step_completed"), ["REWARDED"]);
    assert_eq!(shop.entries("ann").await, [("onboarding".to_owned(), 50)]);
    let again = shop.step("ann", "createPost").await;
    assert_eq!(again["onboarding"], first["onboarding"]);
    shop.step("ann", "managePosts").await;
    let last = shop.step("ann", "shareReferral").await;
    assert_eq!(
        (&last["onboarding"]["completedCount"], shop.balance("ann").await),
        (&json!(3), 150)
    );
    let keys: Vec<_> =
        last["onboarding"]["steps"].as_array().unwrap().iter().map(|step| &step["key"]).collect();
    assert_eq!(keys, ["createPost", "managePosts", "shareReferral"]);
    assert!(last["onboarding"]["completedAt"].is_string());
}

async fn all_steps_done_pay_when_set(server: &Server) {
    let (shop, _) = shop_with_ann(server).await;
    shop.set(json!({ "onboarding_complete_credit": 300, "onboarding_step_credit": 10 })).await;
    for step in ["shareReferral", "managePosts", "createPost", "createPost"] {
        shop.step("ann", step).await;
    }
    assert_eq!(shop.balance("ann").await, 330);
}

async fn an_unknown_step_is_refused(server: &Server) {
    let (shop, _) = shop_with_ann(server).await;
    let input = json!({ "userId": "ann", "step": "flyToTheMoon" });
    let answer =
        shop.service.mutate("completeOnboardingStep", input, "onboarding { completedCount }").await;
    answer.refused("BAD_USER_INPUT");
    assert_eq!(shop.balance("ann").await, 0);
}

async fn the_first_in_order_of_sign_up_are_early(server: &Server) {
    let shop = server.shop("productready").await;
    shop.register("before").await;
    shop.set(json!({ "early_adopter_limit": 3, "early_adopter_credit": 400 })).await;
    for user in ["second", "third", "fourth"] {
        shop.register(user).await;
    }
    shop.register("second").await;
    assert_eq!(shop.entries("second").await, [("early_adopter".to_owned(), 400)]);
    assert_eq!(shop.balance("third").await, 400);
    assert_eq!((shop.balance("before").await, shop.balance("fourth").await), (0, 0));
}

async fn a_campaign_pays_once_for_each_user(server: &Server) {
    let (shop, _) = shop_with_ann(server).await;
    shop.register("bob").await;
    shop.set(json!({ "campaigns": { "spring": 700, "autumn": 90 } })).await;
    let joined = |campaign: &str| json!({ "campaign": campaign });
    let first = shop.event("e-1", "ann", "campaign_joined", joined("spring")).await;
    assert_eq!(outcomes(&first, "campaign_joined"), ["REWARDED"]);
    let second = shop.event("e-2", "ann", "campaign_joined", joined("spring")).await;
    assert_eq!(outcomes(&second, "campaign_joined"), ["SKIPPED"]);
    assert_eq!(second["decisions"][0]["reason"], "once");
    shop.event("e-3", "ann", "campaign_joined", joined("autumn")).await;
    shop.event("e-4", "bob", "campaign_joined", joined("spring")).await;
    let none = shop.event("e-5", "bob", "campaign_joined", joined("no such")).await;
    assert_eq!(outcomes(&none, "campaign_joined"), ["SKIPPED"]);
    assert_eq!((shop.balance("ann").await, shop.balance("bob").await), (790, 700));
    assert_eq!(shop.entries("bob").await, [("promotion".to_owned(), 700)]);
    let again = shop.event("e-1", "ann", "campaign_joined", joined("spring")).await;
    assert_eq!(again["replayed"], true);
}

async fn a_promotion_code_pays_what_its_data_says(server: &Server) {
    let (shop, _) = shop_with_ann(server).await;
    let made = shop.promo_code(json!({ "code": "WELCOME", "data": { "credits": 250 } })).await;
    assert_eq!((&made["code"], &made["active"]), (&json!("WELCOME"), &json!(true)));
    let payload = shop.redeem("ann", " welcome ").await.ok();
    assert_eq!(payload["transactions"][0]["source"], "redemption");
    assert_eq!(shop.balance("ann").await, 250);
    let again = shop.redeem("ann", "WELCOME").await.refused("BAD_USER_INPUT");
    assert!(again["extensions"]["reason"].is_string(), "{again}");
    assert_eq!(shop.balance("ann").await, 250);
    shop.redeem("ann", "NOSUCHCODE").await.refused("NOT_FOUND");
    let taken = json!({ "code": "welcome", "data": {} });
    let answer = shop.admin.mutate("createPromoCode", taken, "promoCode { code }").await;
    answer.refused("ALREADY_EXISTS");
}

async fn a_promotion_code_has_its_limits(server: &Server) {
    let (shop, _) = shop_with_ann(server).await;
    shop.register("bob").await;
    let data = json!({ "credits": 10 });
    shop.promo_code(json!({ "code": "ONCE", "maxRedemptions": 1, "data": data })).await;
    shop.redeem("ann", "ONCE").await.ok();
    shop.redeem("bob", "ONCE").await.refused("BAD_USER_INPUT");
    let window = json!({ "code": "LATER", "startsAt": "2026-11-21T00:00:00Z",
                         "endsAt": "2026-11-22T00:00:00Z", "data": data, "perUser": 2 });
    shop.promo_code(window).await;
    shop.redeem("ann", "LATER").await.refused("BAD_USER_INPUT");
    server.advance_to("2026-11-21T00:00:00Z");
    shop.redeem("ann", "LATER").await.ok();
    shop.redeem("ann", "LATER").await.ok();
    shop.redeem("ann", "LATER").await.refused("BAD_USER_INPUT");
    let off = json!({ "code": "later", "active": false });
    shop.admin.mutate("updatePromoCode", off, "promoCode { active }").await.ok();
    shop.redeem("bob", "LATER").await.refused("BAD_USER_INPUT");
    let on = json!({ "code": "later", "active": true });
    shop.admin.mutate("updatePromoCode", on, "promoCode { active }").await.ok();
    server.advance_to("2026-11-22T00:00:00Z");
    shop.redeem("bob", "LATER").await.refused("BAD_USER_INPUT");
    assert_eq!((shop.balance("ann").await, shop.balance("bob").await), (30, 0));
    let listed = shop.admin.get("{ promoCodes { nodes { code redemptions } } }").await;
    let redemptions =
        json!([{ "code": "LATER", "redemptions": 2 }, { "code": "ONCE", "redemptions": 1 }]);
    assert_eq!(listed["nodes"], redemptions);
}

async fn the_invite_prompt_shows_until_dismissed_or_somebody_came(server: &Server) {
    let (shop, code) = shop_with_ann(server).await;
    assert_eq!(shop.referral("ann").await["showPrompt"], true);
    shop.register_with("bob", &code).await;
    assert_eq!(shop.referral("ann").await["showPrompt"], false);
    let bob = server.user("productready", "bob").await;
    assert_eq!(shop.referral("bob").await["showPrompt"], true);
    let fields = "onboarding { referralPromptDismissed dismissed }";
    let hidden = bob.mutate("dismissReferralPrompt", json!({}), fields).await.ok();
    assert_eq!(
        hidden["onboarding"],
        json!({ "referralPromptDismissed": true, "dismissed": false })
    );
    assert_eq!(shop.referral("bob").await["showPrompt"], false);
}

async fn the_getting_started_card_can_be_hidden(server: &Server) {
    let (shop, _) = shop_with_ann(server).await;
    let ann = server.user("productready", "ann").await;
    let fields = "onboarding { dismissed completedCount }";
    for _ in 0..2 {
        let hidden = ann.mutate("dismissOnboarding", json!({}), fields).await.ok();
        assert_eq!(hidden["onboarding"]["dismissed"], true);
    }
    shop.step("ann", "createPost").await;
    assert_eq!(shop.balance("ann").await, 50, "a hidden card's steps still pay");
}

async fn a_code_has_no_limit_of_uses(server: &Server) {
    let (shop, code) = shop_with_ann(server).await;
    for friend in 0..12 {
        shop.register_with(&format!("friend-{friend}"), &code).await;
    }
    let ann = shop.referral("ann").await;
    assert_eq!((&ann["credited"], &ann["totalEarned"]), (&json!(12), &json!(6_000)));
    assert!(ann["maxUses"].is_null() && ann["remainingUses"].is_null());
    assert!(!code.contains(['0', 'O', '1', 'I', 'l']), "{code} has look-alikes");
}

async fn a_code_is_made_on_first_use(server: &Server) {
    let shop = server.shop("productready").await;
    shop.register("ann").await;
    assert!(shop.referral("ann").await["code"].is_null());
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let service = shop.service.clone();
        tasks.spawn(async move {
            service
                .mutate("generateReferralCode", json!({ "userId": "ann" }), "code created")
                .await
                .ok()
        });
    }
    let answers = tasks.join_all().await;
    assert!(answers.iter().all(|answer| answer["code"] == answers[0]["code"]));
    assert_eq!(answers.iter().filter(|answer| answer["created"] == true).count(), 1);
}

async fn users_are_told_what_they_can_do(server: &Server) {
    let (shop, code) = shop_with_ann(server).await;
    shop.set(json!({ "require_verified_email": true })).await;
    shop.register_with("bob", &code).await;
    let told =
        async || shop.of_user("bob", "whatNext { kind remaining }").await["whatNext"].clone();
    let step = |kind: &str, remaining: Value| json!({ "kind": kind, "remaining": remaining });
    let invite = step("invite", Value::Null);
    let verify = step("verify_email", Value::Null);
    assert_eq!(told().await, json!([step("onboarding", json!(3)), verify, invite]));
    shop.verify_email("bob").await;
    for key in ["createPost", "managePosts", "shareReferral"] {
        shop.step("bob", key).await;
    }
    assert_eq!(told().await, json!([invite]));
}
