//! Someone who calls the server, and what the server answers.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::LazyLock;

use async_graphql_parser::parse_schema;
use async_graphql_parser::types::{TypeKind, TypeSystemDefinition};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

/// A caller with its credential. Copies may call at the same time, from tasks of their own.
#[derive(Clone)]
pub struct Caller {
    way: Way,
    /// What goes into `Authorization: Bearer`, if anything.
    token: Option<String>,
    /// What goes into `X-Tenant`, if anything.
    tenant: Option<String>,
    /// Where the call comes from, in this process.
    address: Option<SocketAddr>,
}

/// How a call gets to the server.
#[derive(Clone)]
pub enum Way {
    /// In this process.
    Router(Router),
    /// Over the network, to where a server listens: `http://127.0.0.1:8080`.
    Http(reqwest::Client, String),
}

/// An answer: data, or errors, or some of both.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The whole body.
    pub body: Value,
    /// The one field that was asked for, when it was one.
    field: Option<String>,
}

impl Caller {
    /// A caller with this token, who names this tenant.
    pub fn new(way: Way, token: Option<String>, tenant: Option<&str>) -> Self {
        Self { way, token, tenant: tenant.map(str::to_owned), address: None }
    }

    /// The same caller, at this address.
    pub fn at(&self, ip: &str) -> Self {
        let address = SocketAddr::new(ip.parse().unwrap(), 40_000);
        Self { address: Some(address), ..self.clone() }
    }

    /// The same caller, at another server.
    pub fn through(&self, router: Router) -> Self {
        Self { way: Way::Router(router), ..self.clone() }
    }

    /// The same caller, who names a tenant.
    pub fn naming(&self, tenant: &str) -> Self {
        Self { tenant: Some(tenant.to_owned()), ..self.clone() }
    }

    /// The payload with which this caller opens a socket.
    pub fn init(&self) -> Value {
        let bearer = self.token.as_ref().map(|token| format!("Bearer {token}"));
        json!({ "authorization": bearer, "x-tenant": self.tenant })
    }

    /// Sends a document with variables.
    pub async fn gql(&self, document: &str, variables: Value) -> Answer {
        self.try_gql(document, variables).await.unwrap()
    }

    /// The same; the error when the connection broke before there was an answer.
    pub async fn try_gql(&self, document: &str, variables: Value) -> reqwest::Result<Answer> {
        let body = json!({ "query": document, "variables": variables }).to_string();
        let (status, bytes) = match &self.way {
            Way::Router(router) => {
                let mut request = Request::post("/graphql");
                for (name, value) in self.headers() {
                    request = request.header(name, value);
                }
                if let Some(address) = self.address {
                    request = request.extension(ConnectInfo(address));
                }
                let request = request.body(Body::from(body)).unwrap();
                let response = router.clone().oneshot(request).await.unwrap();
                let status = response.status();
                (status, response.into_body().collect().await.unwrap().to_bytes().to_vec())
            }
            Way::Http(client, server) => {
                let mut request = client.post(format!("{server}/graphql")).body(body);
                for (name, value) in self.headers() {
                    request = request.header(name, value);
                }
                let response = request.send().await?;
                (response.status(), response.bytes().await?.to_vec())
            }
        };
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| {
            panic!("{status}, no JSON: {}", String::from_utf8_lossy(&bytes));
        });
        Ok(Answer { body, field: None })
    }

    /// Gets a path of this process's router: the status and the body.
    pub async fn path(&self, path: &str) -> (u16, Value) {
        let Way::Router(router) = &self.way else { panic!("it is elsewhere") };
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap())
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = vec![("content-type", "application/json".to_owned())];
        headers.extend(self.token.iter().map(|token| ("authorization", format!("Bearer {token}"))));
        headers.extend(self.tenant.iter().map(|tenant| ("x-tenant", tenant.clone())));
        headers
    }

    /// Sends a query without variables; gives all that it selects.
    pub async fn get_all(&self, query: &str) -> Value {
        self.gql(query, json!({})).await.ok()
    }

    /// Sends a query without variables that selects one field, and gives that field's value.
    pub async fn get(&self, query: &str) -> Value {
        let data = self.get_all(query).await;
        data.as_object().unwrap().values().next().unwrap().clone()
    }

    /// Sends one mutation with its input.
    pub async fn mutate(&self, mutation: &str, input: Value, selection: &str) -> Answer {
        self.try_mutate(mutation, input, selection).await.unwrap()
    }

    /// The same; the error when the connection broke before there was an answer.
    pub async fn try_mutate(
        &self,
        mutation: &str,
        input: Value,
        selection: &str,
    ) -> reqwest::Result<Answer> {
        let kind = INPUT_OF.get(mutation).unwrap_or_else(|| panic!("no mutation {mutation}"));
        let document =
            format!("mutation($input: {kind}) {{ {mutation}(input: $input) {{ {selection} }} }}");
        let mut answer = self.try_gql(&document, json!({ "input": input })).await?;
        answer.field = Some(mutation.to_owned());
        Ok(answer)
    }
}

impl Answer {
    /// An answer that came another way than by a call.
    pub const fn of(body: Value) -> Self {
        Self { body, field: None }
    }

    /// What was asked for; falls over when anything was refused.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!(self.body.get("errors").is_none(), "refused: {:#}", self.body);
        match &self.field {
            Some(field) => self.body["data"][field].clone(),
            None => self.body["data"].clone(),
        }
    }

    /// The first error; falls over when nothing was refused, or with another code.
    #[track_caller]
    pub fn refused(self, code: &str) -> Value {
        assert_eq!(self.code(), code, "{:#}", self.body);
        let error = self.body["errors"][0].clone();
        assert!(error["message"].as_str().is_some_and(|text| text.len() > 8), "{error:#}");
        error
    }

    /// The code of the first error; empty when there is none.
    pub fn code(&self) -> &str {
        self.body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
    }
}

/// The type of each mutation's input, as the contract states it.
static INPUT_OF: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let contract = parse_schema(include_str!("../../contract.graphql")).unwrap();
    let mut inputs = HashMap::new();
    for definition in contract.definitions {
        let TypeSystemDefinition::Type(kind) = definition else { continue };
        let TypeKind::Object(object) = kind.node.kind else { continue };
        if kind.node.name.node == "Mutation" {
            for field in object.fields {
                let input = field.node.arguments[0].node.ty.node.to_string();
                inputs.insert(field.node.name.node.to_string(), input);
            }
        }
    }
    inputs
});
