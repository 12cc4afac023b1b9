//! The log of a whole story, told with marked secrets and personal data: none of them is in any line.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

use crate::harness::{
    Caller, Kind, OPERATOR_KEY, PROTOCOL, PrivateDatabase, Process, Socket, copy_program, guerdon,
};
use crate::lane::execute;

/// What may stand in no line: names, addresses, ids and texts that callers sent. Each contains a word
/// that nothing else does.
const MARKS: [&str; 22] = [
    "zephyrine",
    "quillfeather",
    "xanthe",
    "secret.example",
    "203.0.113.77",
    "127.0.0.1",
    "brumeville",
    "markeduser",
    "otheruser",
    "markedkey",
    "markedcredential",
    "markedpath",
    "markedquery",
    "markedalias",
    "markedvariable",
    "markedagent",
    "markedrequestid",
    "markedcookie",
    "markedpromo",
    "markeddevice",
    "markeddescription",
    "markedmethod",
];

/// The usual log, and all that the server itself can say.
const LEVELS: [Option<&str>; 2] = [None, Some("warn,guerdon=trace")];

struct Told {
    lines: Vec<Value>,
    text: String,
    /// What was made during the story and is nobody else's: keys, tokens, codes.
    secrets: Vec<String>,
    /// The id of the request that the server failed.
    failed: String,
}

struct Teller {
    process: Process,
    client: Client,
    database: PrivateDatabase,
    secrets: Vec<String>,
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_tells_what_happened_and_nothing_of_anybody() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        for level in LEVELS {
            let told = tell(kind, level).await;
            let lower = told.text.to_lowercase();
            let found: Vec<&str> = MARKS.into_iter().filter(|mark| lower.contains(mark)).collect();
            let secrets: Vec<&String> =
                told.secrets.iter().filter(|secret| told.text.contains(*secret)).collect();
            assert!(found.is_empty() && secrets.is_empty(), "{found:?} {secrets:?}\n{}", told.text);
            check_lines(&told);
        }
    }
}

/// A line a request, with what an operator asks of it; and the failure by the id that the caller has.
fn check_lines(told: &Told) {
    let find = |wanted: &[(&str, Value)]| {
        let fits = |line: &&Value| wanted.iter().all(|(name, value)| line[*name] == *value);
        told.lines.iter().find(fits).unwrap_or_else(|| panic!("no {wanted:?}\n{}", told.text))
    };
    let line = find(&[
        ("message", json!("answered")),
        ("method", json!("POST")),
        ("route", json!("/graphql")),
        ("status", json!(200)),
        ("operation", json!("Registering")),
        ("code", json!("OK")),
        ("tenant", json!("gossip")),
        ("role", json!("service")),
        ("level", json!("INFO")),
    ]);
    assert_eq!(line["span"]["request_id"].as_str().unwrap().len(), 36);
    assert!(line["duration_micros"].as_u64().is_some_and(|micros| micros > 0), "{line}");
    find(&[
        ("route", json!("/r/{tenant}/{code}")),
        ("status", json!(302)),
        ("role", json!("public")),
    ]);
    find(&[("route", json!("other")), ("status", json!(404))]);
    find(&[("method", json!("other"))]);
    find(&[("status", json!(401)), ("code", json!("UNAUTHENTICATED"))]);
    let answered = told.lines.iter().filter(|line| line["message"] == "answered");
    let ids: Vec<&Value> = answered.map(|line| &line["span"]["request_id"]).collect();
    assert!(ids.iter().enumerate().all(|(at, id)| !ids[..at].contains(id)), "a line a request");
    // What broke in the lane is known by the request that asked for it.
    let broke = find(&[("message", json!("a command cannot be done"))]);
    assert_eq!(broke["span"]["request_id"], told.failed.as_str(), "{broke}");
    assert_eq!(broke["level"], "ERROR");
}

async fn tell(kind: Kind, level: Option<&str>) -> Told {
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    copy_program(&root.join("tests/programs/gossip"), &folder.path().join("rules"));
    let database = PrivateDatabase::make(kind).await;
    println!("played on {}", database.prove().await);
    let log = folder.path().join("log");
    let mut command = guerdon();
    command.env("DATABASE_URL", &database.url).env("GUERDON_RULES", folder.path().join("rules"));
    command.env("GUERDON_TRUSTED_PROXIES", "127.0.0.0/8").env("GUERDON_METRICS_KEY", "markedkey-x");
    command.envs(level.map(|level| ("RUST_LOG", level)));
    command.stdout(Stdio::null()).stderr(File::create(&log).unwrap());
    let process = Process::start(command).await;
    let mut teller = Teller { process, client: Client::new(), database, secrets: Vec::new() };
    teller.secrets.push(OPERATOR_KEY.to_owned());
    teller.people_live().await;
    teller.strangers_call().await;
    let failed = teller.something_breaks().await;
    teller.end(&log, failed).await
}

impl Teller {
    fn caller(&self, token: &str) -> Caller {
        self.process.bearer(token)
    }

    fn key_of(&mut self, made: &Value, field: &str) -> String {
        let key = made[field].as_str().unwrap().to_owned();
        // A key begins with its role and tenant, which are no secret.
        self.secrets.push(key.rsplit('.').next().unwrap().to_owned());
        key
    }

    async fn people_live(&mut self) {
        let operator = self.process.bearer(OPERATOR_KEY).naming("gossip");
        let input = json!({ "name": "markedkey", "role": "SERVICE", "tenant": "gossip" });
        let made = operator.mutate("createApiKey", input, "id key").await.ok();
        let key = self.key_of(&made, "key");
        let service = self.caller(&key);
        let register = "mutation Registering($input: RegisterUserInput!) \
            { markedalias: registerUser(input: $input) { created } }";
        let ann = json!({ "id": "markeduser-1", "name": "Zephyrine Quillfeather",
            "email": "zephyrine@secret.example", "traits": { "town": "Brumeville" },
            "ipAddress": "203.0.113.77", "deviceId": "markeddevice" });
        service.gql(register, json!({ "input": ann })).await.ok();
        let code =
            service.mutate("generateReferralCode", json!({ "userId": "markeduser-1" }), "code");
        let code = code.await.ok()["code"].as_str().unwrap().to_owned();
        self.secrets.push(code.clone());
        let ben = json!({ "id": "otheruser-2", "name": "Xanthe", "email": "xanthe@secret.example",
            "traits": { "town": "Brumeville" }, "referralCode": code });
        service.gql(register, json!({ "input": ben })).await.ok();
        // The rules throw the person's name.
        for kind in ["teased", "visited"] {
            let event = json!({ "id": format!("markedkey-{kind}"), "userId": "markeduser-1", "type": kind });
            service.mutate("recordEvent", event, "decisions { outcome }").await.ok();
        }
        let spend =
            json!({ "userId": "markeduser-1", "amount": 99_999, "idempotencyKey": "markedkey-9" });
        service.mutate("spendCredits", spend, "replayed").await.refused("INSUFFICIENT_CREDITS");
        let issue = json!({ "userId": "markeduser-1" });
        let issued = service.mutate("issueUserToken", issue, "token").await.ok();
        let token = self.key_of(&issued, "token");
        let me = "query { me { id name email credits { balance } } }";
        self.caller(&token).gql(me, json!({})).await.ok();
        let promo = json!({ "code": "MARKEDPROMO", "data": {} });
        operator.mutate("createPromoCode", promo, "promoCode { code }").await.ok();
        let redeem = json!({ "userId": "otheruser-2", "code": "MARKEDPROMO" });
        service.mutate("redeemPromoCode", redeem, "replayed").await.ok();
        self.get(&format!("/r/gossip/{code}")).await;
        self.sockets(&token).await;
        service.mutate("eraseUser", json!({ "userId": "otheruser-2" }), "replayed").await;
    }

    async fn sockets(&self, token: &str) {
        let address = self.process.address.trim_start_matches("http://").parse().unwrap();
        let credential = json!({ "authorization": format!("Bearer {token}") });
        let mut socket = Socket::connect(address, credential).await;
        socket.subscribe("markedkey", "subscription { creditsChanged { balance } }").await;
        socket.data("markedkey").await;
        let (mut refused, _) = Socket::open(address, PROTOCOL).await;
        let payload = json!({ "authorization": "Bearer markedcredential" });
        refused.send(json!({ "type": "connection_init", "payload": payload })).await;
        refused.receive().await;
    }

    async fn get(&self, path: &str) -> Response {
        self.send(Method::GET, path, String::new()).await
    }

    async fn send(&self, method: Method, path: &str, body: String) -> Response {
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let request = client.request(method, format!("{}{path}", self.process.address)).body(body);
        let request = request
            .header("content-type", "application/json")
            .header("user-agent", "markedagent/1.0")
            .header("x-forwarded-for", "203.0.113.77")
            .header("x-request-id", "markedrequestid")
            .header("cookie", "session=markedcookie");
        request.send().await.unwrap()
    }

    /// Whatever a stranger can write into a request.
    async fn strangers_call(&self) {
        let not_ours = self.get("/markedpath/zephyrine@secret.example?markedquery=1").await;
        assert_ne!(not_ours.headers()["x-request-id"], "markedrequestid");
        self.get("/graphql?query=%7B__typename%7D&markedquery=markedvariable").await;
        self.get("/r/gossip/MARKEDPATH").await;
        self.get("/r/markedpath/markedpath").await;
        self.send(Method::from_bytes(b"MARKEDMETHOD").unwrap(), "/graphql", String::new()).await;
        for body in [
            "markedquery".to_owned(),
            json!({ "query": "{ markedalias" }).to_string(),
            json!({ "query": "query Markedquery { markedalias: markedquery }" }).to_string(),
            json!({ "query": "query Markedquery($a: String!) { validateReferralCode(code: $a) { valid } }",
                "variables": { "a": "markedvariable" } }).to_string(),
        ] {
            self.send(Method::POST, "/graphql", body).await;
        }
        self.caller("markedcredential")
            .gql("{ me { id } }", json!({}))
            .await
            .refused("UNAUTHENTICATED");
        let metrics = self.client.get(format!("{}/metrics", self.process.address));
        metrics.bearer_auth("markedkey-x").send().await.unwrap();
    }

    /// A row cannot be saved, and the database quotes it.
    async fn something_breaks(&self) -> String {
        let poison = match self.database.kind {
            Kind::Sqlite => {
                "CREATE TRIGGER poison BEFORE INSERT ON transactions \
                 WHEN NEW.description LIKE 'markeddescription%' BEGIN SELECT RAISE(ABORT, 'poison'); END"
            }
            Kind::Postgres => {
                "ALTER TABLE transactions ADD CONSTRAINT poison \
                 CHECK (description NOT LIKE 'markeddescription%')"
            }
        };
        execute(&self.database, poison).await;
        let document =
            "mutation($input: AddCreditsInput!) { addCredits(input: $input) { replayed } }";
        let input = json!({ "userId": "markeduser-1", "amount": 1,
            "description": "markeddescription for Zephyrine" });
        let request = self.client.post(format!("{}/graphql", self.process.address));
        let request = request.bearer_auth(OPERATOR_KEY).header("x-tenant", "gossip");
        let body = json!({ "query": document, "variables": { "input": input } });
        let answer = request.json(&body).send().await.unwrap();
        let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["errors"][0]["extensions"]["code"], "INTERNAL", "{body:#}");
        assert_eq!(body["errors"][0]["extensions"]["requestId"], id.as_str());
        id
    }

    async fn end(self, log: &PathBuf, failed: String) -> Told {
        self.process.kill();
        self.database.remove().await;
        let text = std::fs::read_to_string(log).unwrap();
        let read = |line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
        let lines = text.lines().map(read).collect();
        Told { lines, text, secrets: self.secrets, failed }
    }
}
