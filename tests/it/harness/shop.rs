//! A product whose users are rewarded: the moves that its back end and its administrator make.
//! Each event is simulated too, and the simulation must answer as the real decision did.

use serde_json::{Value, json};

use super::{Answer, Caller};

/// What is asked for of every decision.
const DECISION: &str = "id event rule outcome reason effects facts";
/// What is asked for of every event.
const EVENT: &str = "replayed \
    decisions { id event rule outcome reason effects facts } \
    user { id credits { balance } } \
    transactions { id user { id } unit amount source balanceAfter } \
    referral { id code status bonusEarned referrer { id } referee { id } } \
    referralCode { valid reason remainingUses }";
/// What is asked for of every checked code.
const VALIDATION: &str = "valid code referrerName remainingUses reason message";

/// One tenant's back end and administrator.
#[derive(Clone)]
pub struct Shop {
    pub service: Caller,
    pub admin: Caller,
}

impl Shop {
    /// Puts the two callers together.
    pub const fn new(service: Caller, admin: Caller) -> Self {
        Self { service, admin }
    }

    // --- users ---

    /// Signs somebody up: a name from the id, an address of their own.
    pub async fn register(&self, id: &str) -> Value {
        self.sign_up(json!({ "id": id, "name": id, "email": format!("{id}@example.com") })).await
    }

    /// Signs somebody up with a friend's code.
    pub async fn register_with(&self, id: &str, code: &str) -> Value {
        let email = format!("{id}@example.com");
        self.sign_up(json!({ "id": id, "name": id, "email": email, "referralCode": code })).await
    }

    /// Signs somebody up with all that is given.
    pub async fn sign_up(&self, input: Value) -> Value {
        let selection = format!(
            "created user {{ id name credits {{ balance }} }} \
             referralCode {{ {VALIDATION} }} decisions {{ {DECISION} }}"
        );
        let payload = self.service.mutate("registerUser", input, &selection).await.ok();
        self.compare_afterwards(&payload["decisions"]).await;
        payload
    }

    /// The e-mail address is proven.
    pub async fn verify_email(&self, id: &str) -> Value {
        let input = json!({ "id": id, "emailVerified": true });
        let selection = format!("user {{ id emailVerified }} decisions {{ {DECISION} }}");
        let payload = self.service.mutate("updateUser", input, &selection).await.ok();
        self.compare_afterwards(&payload["decisions"]).await;
        payload
    }

    // --- referrals ---

    /// The user's own code.
    pub async fn code_of(&self, id: &str) -> String {
        let input = json!({ "userId": id });
        let payload = self.service.mutate("generateReferralCode", input, "code").await.ok();
        payload["code"].as_str().unwrap().to_owned()
    }

    /// A code typed in after sign-up.
    pub async fn apply_code(&self, id: &str, code: &str) -> Value {
        let selection = format!(
            "validation {{ {VALIDATION} }} decisions {{ {DECISION} }} \
             referral {{ status referrer {{ id }} }}"
        );
        let input = json!({ "userId": id, "code": code });
        let payload = self.service.mutate("applyReferralCode", input, &selection).await.ok();
        self.compare_afterwards(&payload["decisions"]).await;
        payload
    }

    /// What anybody may know about a code.
    pub async fn validate(&self, code: &str) -> Value {
        let query = format!(
            "query($code: String!) {{ validateReferralCode(code: $code) {{ {VALIDATION} }} }}"
        );
        let data = self.service.gql(&query, json!({ "code": code })).await.ok();
        data["validateReferralCode"].clone()
    }

    /// A user's side of the referral program.
    pub async fn referral(&self, id: &str) -> Value {
        let fields = "code shareUrl clicks signups conversions credited totalEarned maxUses \
                      remainingUses referredByCode referredByName showPrompt \
                      referrals { totalCount nodes { status bonusEarned referee { id } } }";
        self.of_user(id, &format!("referral {{ {fields} }}")).await["referral"].clone()
    }

    // --- what happens ---

    /// A payment.
    pub async fn purchase(&self, payment: &str, user: &str, amount: i64) -> Value {
        self.purchase_of(json!({ "id": payment, "userId": user, "amount": amount })).await
    }

    /// A payment with all that is given.
    pub async fn purchase_of(&self, input: Value) -> Value {
        let simulated = self.simulate("purchase", &input).await;
        let payload = self.service.mutate("recordPurchase", input.clone(), EVENT).await.ok();
        compare("purchase", &simulated, &input, &payload);
        payload
    }

    /// A refund; of all that is left when `amount` is left out.
    pub async fn refund(&self, id: &str, payment: &str, amount: Option<i64>) -> Value {
        let mut input = json!({ "id": id, "purchaseId": payment });
        if let Some(amount) = amount {
            input["amount"] = amount.into();
        }
        let payload = self.service.mutate("recordRefund", input, EVENT).await.ok();
        self.compare_afterwards(&payload["decisions"]).await;
        payload
    }

    /// Anything else that rules may react to.
    pub async fn event(&self, id: &str, user: &str, kind: &str, data: Value) -> Value {
        let input = json!({ "id": id, "userId": user, "type": kind, "data": data });
        let simulated = self.simulate(kind, &input).await;
        let payload = self.service.mutate("recordEvent", input.clone(), EVENT).await.ok();
        compare(kind, &simulated, &input, &payload);
        payload
    }

    /// A promotion code typed in.
    pub async fn redeem(&self, user: &str, code: &str) -> Answer {
        let input = json!({ "userId": user, "code": code });
        let answer = self.service.mutate("redeemPromoCode", input, EVENT).await;
        if answer.code().is_empty() {
            self.compare_afterwards(&answer.clone().ok()["decisions"]).await;
        }
        answer
    }

    /// An onboarding step is done.
    pub async fn step(&self, user: &str, step: &str) -> Value {
        let selection = format!(
            "onboarding {{ completedCount totalCount completedAt dismissed \
               steps {{ key done doneAt }} }} decisions {{ {DECISION} }}"
        );
        let input = json!({ "userId": user, "step": step });
        let payload = self.service.mutate("completeOnboardingStep", input, &selection).await.ok();
        self.compare_afterwards(&payload["decisions"]).await;
        payload
    }

    // --- credits ---

    /// Grants with all that is given.
    pub async fn add(&self, input: Value) -> Answer {
        self.service.mutate("addCredits", input, CREDIT).await
    }

    /// Spends with all that is given.
    pub async fn spend(&self, input: Value) -> Answer {
        self.service.mutate("spendCredits", input, CREDIT).await
    }

    /// Undoes a grant or a spend.
    pub async fn reverse(&self, transaction: &str) -> Answer {
        let input = json!({ "transactionId": transaction });
        self.admin.mutate("reverseTransaction", input, CREDIT).await
    }

    /// What the user can spend now.
    pub async fn balance(&self, id: &str) -> i64 {
        self.account(id).await["balance"].as_i64().unwrap()
    }

    /// The user's account in the main unit.
    pub async fn account(&self, id: &str) -> Value {
        let fields = "userId unit balance pending totalEarned totalUsed balanceFormatted";
        self.of_user(id, &format!("credits {{ {fields} }}")).await["credits"].clone()
    }

    /// Source and amount of each entry of the user's ledger, newest first.
    pub async fn entries(&self, id: &str) -> Vec<(String, i64)> {
        let user = self.of_user(id, "transactions(first: 100) { nodes { source amount } }").await;
        let entry = |node: &Value| {
            (node["source"].as_str().unwrap().to_owned(), node["amount"].as_i64().unwrap())
        };
        user["transactions"]["nodes"].as_array().unwrap().iter().map(entry).collect()
    }

    /// Fields of a user.
    pub async fn of_user(&self, id: &str, selection: &str) -> Value {
        let query = format!("query($id: ID!) {{ user(id: $id) {{ {selection} }} }}");
        self.service.gql(&query, json!({ "id": id })).await.ok()["user"].clone()
    }

    // --- running the program ---

    /// Lays values over the program's settings.
    pub async fn set(&self, settings: Value) -> Value {
        let input = json!({ "settings": settings });
        let payload = self.admin.mutate("updateSettings", input, "tenant { settings }").await.ok();
        payload["tenant"]["settings"].clone()
    }

    /// A promotion code that gives what its data says.
    pub async fn promo_code(&self, input: Value) -> Value {
        let selection = "promoCode { code active maxRedemptions redemptions perUser data }";
        let payload = self.admin.mutate("createPromoCode", input, selection).await.ok();
        payload["promoCode"].clone()
    }

    /// What the rules would decide on an event of these inputs.
    async fn simulate(&self, event: &str, input: &Value) -> Value {
        let mut asked = json!({ "event": event, "userId": input["userId"] });
        for field in ["amount", "data"] {
            if let Some(value) = input.get(field) {
                asked[field] = value.clone();
            }
        }
        self.simulation(asked).await
    }

    /// What the rules would decide on these facts.
    async fn simulation(&self, asked: Value) -> Value {
        let query = "query($input: SimulateInput!) { simulate(input: $input) { \
                     decisions { rule outcome reason effects } error { message } } }";
        let data = self.admin.gql(query, json!({ "input": asked })).await.ok();
        assert!(data["simulate"]["error"].is_null(), "{data:#}");
        data["simulate"]["decisions"].clone()
    }

    /// Simulates each decision once more on the very facts that it was made of. For events whose
    /// facts nobody can load beforehand, as a sign-up's.
    async fn compare_afterwards(&self, decisions: &Value) {
        for decision in decisions.as_array().unwrap() {
            // Caps and once-keys stand in the state, which has gone on since.
            let reason = decision["reason"].as_str().unwrap_or_default();
            if reason.starts_with("cap:") || reason == "once" {
                continue;
            }
            let asked = json!({ "event": decision["event"], "facts": decision["facts"] });
            let simulated = self.simulation(asked).await;
            let same = simulated
                .as_array()
                .unwrap()
                .iter()
                .any(|other| outcome(other) == outcome(decision));
            assert!(same, "decided {decision:#}\nbut simulated {simulated:#}");
        }
    }
}

/// What is asked for of every entry.
const CREDIT: &str = "replayed transaction { id amount balanceAfter source description referenceId \
    spaceId expiresAt grantedBy forgiven effectiveAt createdAt } \
    lot { id amount remaining source priority availableFrom expiresAt } \
    account { balance pending totalEarned totalUsed balanceFormatted }";

/// The id that a simulated event has, as no caller gave it one.
const NO_ID: &str = "00000000-0000-0000-0000-000000000000";

/// The simulation of an event must answer as its decisions did, rule by rule.
fn compare(event: &str, simulated: &Value, input: &Value, payload: &Value) {
    if payload["replayed"] == true {
        return;
    }
    let mut real = payload["decisions"].clone();
    real.as_array_mut().unwrap().retain(|decision| decision["event"] == event);
    let real = real.to_string().replace(&input["id"].to_string(), &format!("{NO_ID:?}"));
    let real: Value = serde_json::from_str(&real).unwrap();
    let outcomes = |of: &Value| of.as_array().unwrap().iter().map(outcome).collect::<Vec<_>>();
    assert_eq!(
        outcomes(simulated),
        outcomes(&real),
        "simulated {simulated:#}\nbut decided {payload:#}"
    );
}

fn outcome(decision: &Value) -> (Value, Value, Value, Value) {
    let part = |name: &str| decision[name].clone();
    (part("rule"), part("outcome"), part("reason"), part("effects"))
}
