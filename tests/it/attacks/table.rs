//! The table of attacks, and what becomes of each.

use serde_json::json;

use super::texts::{
    INTROSPECTION, address, asking, body, circle, conflicts, doubling, many, nested, pages,
    types_of_types, with_variables,
};

/// Something hostile that is sent.
pub struct Attack {
    /// What it is, in a few words.
    pub name: &'static str,
    /// What is sent.
    pub sent: Sent,
    /// What becomes of it.
    pub outcome: Outcome,
    /// Does an administrator send it? Else nobody in particular.
    pub by_admin: bool,
}

/// A way to send something.
pub enum Sent {
    /// The body of a POST.
    Body(Vec<u8>),
    /// The address of a GET.
    Address(String),
    /// The payload of an operation over a socket.
    Operation(Vec<u8>),
}

/// What becomes of an attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// An error with this code.
    Refused(&'static str),
    /// An answer: it asks for much, but not for too much.
    Answered,
}

const MUCH: Outcome = Outcome::Refused("QUERY_TOO_COMPLEX");
const PARSING: Outcome = Outcome::Refused("GRAPHQL_PARSE_FAILED");
const INVALID: Outcome = Outcome::Refused("GRAPHQL_VALIDATION_FAILED");
const INPUT: Outcome = Outcome::Refused("BAD_USER_INPUT");

/// All of them.
pub fn all() -> Vec<Attack> {
    let mut all = Vec::new();
    for (name, outcome, text) in [nestings(), repetitions(), letters(), questions()].concat() {
        all.push(attack(name, Sent::Body(asking(&text)), outcome));
    }
    for (name, outcome, body) in bodies() {
        all.push(attack(name, Sent::Body(body), outcome));
    }
    for (name, outcome, body) in by_admins() {
        all.push(Attack { by_admin: true, ..attack(name, Sent::Body(body), outcome) });
    }
    all.extend(other_ways());
    all
}

const fn attack(name: &'static str, sent: Sent, outcome: Outcome) -> Attack {
    Attack { name, sent, outcome, by_admin: false }
}

type Row<T> = (&'static str, Outcome, T);

fn nestings() -> Vec<Row<String>> {
    let chain = many(150, |n| format!("fragment F{n} on Query {{ ...F{} }} ", n + 1));
    vec![
        (
            "lists 3,000 deep",
            MUCH,
            format!("{{ user(id: {}) {{ id }} }}", nested(3_000, "[", "1", "]")),
        ),
        (
            "objects 3,000 deep",
            MUCH,
            format!("{{ user(id: {}) {{ id }} }}", nested(3_000, "{a:", "1", "}")),
        ),
        (
            "lists hidden by strings",
            MUCH,
            format!("{{ user(id: {}1) {{ id }} }}", "[\"]\"".repeat(3_000)),
        ),
        ("selections 3,000 deep", MUCH, format!("{}x{}", "{ a ".repeat(3_000), "}".repeat(3_000))),
        (
            "a type 3,000 lists deep",
            MUCH,
            format!("query($a: {}) {{ me {{ id }} }}", nested(3_000, "[", "Int", "]")),
        ),
        (
            "a default 60 deep",
            INVALID,
            format!("query($a: Int = {}) {{ me {{ id }} }}", nested(60, "[", "1", "]")),
        ),
        ("inline fragments 60 deep", MUCH, nested(60, "{ ... ", "{ __typename }", "}")),
        ("24 fragments that double", MUCH, doubling(24)),
        ("95 fragments that double", MUCH, doubling(95)),
        ("a circle of 90 fragments", MUCH, circle(90, "{ ...F0 }")),
        ("a circle that nothing spreads", INVALID, circle(20, "{ __typename }")),
        (
            "a chain of 150 fragments",
            MUCH,
            format!("{{ ...F0 }} {chain} fragment F150 on Query {{ __typename }}"),
        ),
        ("pages of 100 in pages in pages", MUCH, pages(3)),
        ("pages in one another, 8 levels", MUCH, pages(8)),
    ]
}

fn repetitions() -> Vec<Row<String>> {
    let set = |inside: String| format!("{{ {inside} }}");
    let typenames = many(400, |n| format!("t{n}: __typename "));
    vec![
        ("6,000 aliases", MUCH, set(many(6_000, |n| format!("a{n}:b ")))),
        ("3,200 fields that are not there", INVALID, set(many(3_200, |n| format!("nothing{n} ")))),
        ("a directive 4,000 times", MUCH, set(format!("__typename {}", "@a ".repeat(4_000)))),
        ("200 unknown directives", INVALID, set(format!("me {{ id {} }}", "@a ".repeat(200)))),
        ("600 operations", MUCH, many(600, |n| format!("query A{n}{{a}} "))),
        ("100 operations with one name", PARSING, "query A { a } ".repeat(100)),
        (
            "1,900 variables",
            MUCH,
            format!("query({}) {{ a }}", many(1_900, |n| format!("$a{n}:Int "))),
        ),
        (
            "1,600 arguments of one field",
            MUCH,
            set(format!("me({}) {{ id }}", many(1_600, |n| format!("a{n}:1 ")))),
        ),
        ("1,100 fields that conflict", INVALID, set(many(1_100, |n| format!("user(id: {n}) ")))),
        ("conflicts 30 fragments deep", MUCH, conflicts(30, 30)),
        ("conflicts 10 fragments deep", INVALID, conflicts(10, 40)),
        ("3,200 conflicts under 30 fragments", MUCH, {
            nested(30, "{ ... ", &set(many(3_200, |n| format!("x:a{n} "))), "}")
        }),
        (
            "60 changes at once",
            MUCH,
            format!(
                "mutation {{ {} }}",
                many(60, |n| format!("a{n}: revokeApiKey(input: {{ id: 1 }}) {{ id }} "))
            ),
        ),
        (
            "400 __typename in each of 10,000",
            MUCH,
            format!(
                "{{ users(first: 100) {{ nodes {{ transactions(first: 100) {{ nodes {{ {typenames} }} }} }} }} }}"
            ),
        ),
    ]
}

fn letters() -> Vec<Row<String>> {
    let argument = |value: &str| format!("{{ me(a: {value}) {{ id }} }}");
    let after_a_name = |text: &str| format!("{{ nothing {text}\n other }}");
    let long = "x".repeat(60_000);
    vec![
        ("a string of 60 KB", INVALID, argument(&format!("\"{long}\""))),
        (
            "a block string of 60,000 lines",
            INVALID,
            argument(&format!("\"\"\"{}\"\"\"", "\n".repeat(60_000))),
        ),
        ("a string without an end", PARSING, format!("{{ me(a: \"{long}")),
        ("a block string without an end", PARSING, format!("{{ me(a: \"\"\"{long}")),
        ("10,000 escapes", INVALID, argument(&format!("\"{}\"", "\\u0041".repeat(10_000)))),
        (
            "10,000 escapes, the last wrong",
            PARSING,
            argument(&format!("\"{}\\ud800\"", "\\u0041".repeat(10_000))),
        ),
        ("a name of 60 KB", MUCH, format!("{{ {long} }}")),
        ("a number of 60 KB", MUCH, argument(&"9".repeat(60_000))),
        ("a number that no machine holds", PARSING, argument("1e999")),
        ("60,000 spaces", INVALID, after_a_name(&" ".repeat(60_000))),
        ("60,000 commas", INVALID, after_a_name(&",".repeat(60_000))),
        ("60,000 tabs", INVALID, after_a_name(&"\t".repeat(60_000))),
        ("60,000 ends of lines", MUCH, after_a_name(&"\n".repeat(60_000))),
        ("9,900 ends of lines", INVALID, after_a_name(&"\n".repeat(9_900))),
        ("3,300 marks of byte order", INVALID, after_a_name(&"\u{feff}".repeat(3_300))),
        ("a comment of 60 KB", INVALID, after_a_name(&format!("#{long}"))),
        ("nothing but a comment", PARSING, format!("#{long}")),
        ("a document of 1 MB", MUCH, "{ __typename } ".repeat(66_000)),
    ]
}

fn questions() -> Vec<Row<String>> {
    let schema = "__schema { types { name fields { name args { name } } } }";
    let types =
        many(30, |n| format!("a{n}: types {{ name fields {{ type {{ fields {{ name }} }} }} }} "));
    vec![
        ("fields of types of fields, 3 times", MUCH, types_of_types(4)),
        ("fields of types of fields, 7 times", MUCH, types_of_types(7)),
        (
            "the whole schema 100 times",
            MUCH,
            format!("{{ {} }}", many(100, |n| format!("a{n}: {schema} "))),
        ),
        ("all types 30 times", MUCH, format!("{{ __schema {{ {types} }} }}")),
        ("the whole schema, as tools ask", Outcome::Answered, INTROSPECTION.to_owned()),
    ]
}

fn bodies() -> Vec<Row<Vec<u8>>> {
    let list = "query($v: [Int]) { me(a: $v) { id } }";
    let text = "query($v: ID!) { user(id: $v) { id } }";
    let twice =
        format!("query($v: ID!) {{ {} }}", many(40, |n| format!("u{n}: user(id: $v) {{ id }} ")));
    let million = "x".repeat(1_000_000);
    let wrong = format!("{{\"v\": [{}0]}}", "\"a\",".repeat(20_000));
    let unknown = json!({ "query": "query A { __typename } query B { __typename }", "operationName": million });
    vec![
        ("a body of brackets", INPUT, "[".repeat(1_000_000).into_bytes()),
        (
            "variables 400,000 deep",
            INPUT,
            with_variables(list, &nested(400_000, "{\"v\":", "1", "}")),
        ),
        (
            "a variable of 500,000 numbers",
            INPUT,
            with_variables(list, &format!("{{\"v\":[{}0]}}", "0,".repeat(500_000))),
        ),
        (
            "a variable of 300,000 objects",
            INPUT,
            with_variables(list, &format!("{{\"v\":[{}0]}}", "{},".repeat(300_000))),
        ),
        (
            "170,000 variables",
            INPUT,
            with_variables(list, &format!("{{{}\"z\":0}}", "\"\":0,".repeat(170_000))),
        ),
        (
            "a variable of 1 MB",
            MUCH,
            body("query($v: Int) { users(first: $v) { totalCount } }", json!({ "v": million })),
        ),
        ("a variable of 1 MB, used 40 times", MUCH, body(&twice, json!({ "v": million }))),
        (
            "20,000 wrong values in a list",
            INPUT,
            with_variables("query($v: [Int!]) { users(first: $v) { totalCount } }", &wrong),
        ),
        (
            "a list of a type that is not there",
            INVALID,
            asking("query($v: [Nothing] = [1]) { __typename }"),
        ),
        ("an operation named with 1 MB", INVALID, unknown.to_string().into_bytes()),
        ("a text that is not UTF-8", INPUT, b"{\"query\":\"\xff\xfe\"}".to_vec()),
        ("an id of 1 MB", MUCH, body(text, json!({ "v": million }))),
    ]
}

fn by_admins() -> Vec<Row<Vec<u8>>> {
    let register = "mutation($u: [RegisterUserInput!]!) { registerUsers(input: { users: $u }) { results { id } } }";
    let rewards = "query($s: RewardStatus) { rewards(filter: { status: $s }) { nodes { id } } }";
    let users = |count: usize, user: &str| format!("{{\"u\": [{}]}}", vec![user; count].join(","));
    let much = "users(first: 100) { nodes { id name email emailVerified traits createdAt credits { balance \
                pending totalEarned totalUsed } referral { code shareUrl clicks signups } } }";
    vec![
        (
            "10,000 sign-ups in a call",
            INPUT,
            with_variables(register, &users(10_000, "{\"id\":\"a\"}")),
        ),
        ("10,000 sign-ups without ids", INPUT, with_variables(register, &users(10_000, "{}"))),
        ("10,000 sign-ups of no shape", INPUT, with_variables(register, &users(10_000, "7"))),
        ("a status of 1 MB", MUCH, body(rewards, json!({ "s": "x".repeat(1_000_000) }))),
        (
            "pages of 100 in pages of 100",
            MUCH,
            asking(
                "{ users(first: 100) { nodes { transactions(first: 100) { nodes { id amount source } } } } }",
            ),
        ),
        (
            "100 users with much of each, 10 times",
            Outcome::Answered,
            asking(&format!("{{ {} }}", many(10, |n| format!("a{n}: {much} ")))),
        ),
    ]
}

fn other_ways() -> Vec<Attack> {
    let deep = format!("{{ user(id: {}) {{ id }} }}", nested(3_000, "[", "1", "]"));
    let variables = nested(10_000, "[", "1", "]");
    let numbers = format!("{{\"v\":[{}0]}}", "0,".repeat(500_000));
    let numbers = with_variables("query($v: [Int]) { me(a: $v) { id } }", &numbers);
    vec![
        attack("GET: lists 3,000 deep", Sent::Address(address(&[("query", &deep)])), MUCH),
        attack(
            "GET: 24 fragments that double",
            Sent::Address(address(&[("query", &doubling(24))])),
            MUCH,
        ),
        attack(
            "GET: variables 10,000 deep",
            Sent::Address(address(&[("query", "{ __typename }"), ("variables", &variables)])),
            INPUT,
        ),
        attack(
            "socket: a variable of 500,000 numbers",
            Sent::Operation(numbers),
            Outcome::Refused("1009"),
        ),
        attack("socket: lists 3,000 deep", Sent::Operation(asking(&deep)), MUCH),
        attack("socket: 24 fragments that double", Sent::Operation(asking(&doubling(24))), MUCH),
        attack("socket: pages in one another", Sent::Operation(asking(&pages(8))), MUCH),
        attack(
            "socket: 3,200 unknown fields",
            Sent::Operation(asking(&format!("{{ {} }}", many(3_200, |n| format!("nothing{n} "))))),
            INVALID,
        ),
    ]
}
