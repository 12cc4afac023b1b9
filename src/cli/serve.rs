//! `guerdon serve`.

use std::net::SocketAddr;

use anyhow::Context;
use chrono::TimeDelta;
use clap::{Args, Parser};
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::edge::EdgeOptions;
use super::output::print;
use super::place::{Keys, Place};
use super::span::span;
use crate::app::{App, Settings, key_file};
use crate::http::{self, MetricsAccess};
use crate::operations::clock::Clock;
use crate::operations::ending::Ending;
use crate::store::Page;

/// How to serve.
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    keys: Keys,
    /// Where to listen.
    #[arg(long, env = "GUERDON_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Does not make a tenant for a program folder that has none.
    #[arg(long, env = "GUERDON_NO_PROVISION")]
    no_provision: bool,
    /// Moves the clock of this server: 90s, 15m, 6h, 30d, -2s. For a test database only, which a new
    /// one becomes for ever when it is first served so.
    #[arg(long, env = "GUERDON_CLOCK_OFFSET", value_parser = span, allow_hyphen_values = true)]
    clock_offset: Option<TimeDelta>,
    #[command(flatten)]
    edge: EdgeOptions,
}

/// What the environment says when no command was given.
#[derive(Debug, Parser)]
struct FromEnvironment {
    #[command(flatten)]
    serve: Serve,
}

impl Serve {
    /// The command when none was given: serve, as the environment says.
    pub(super) fn by_default() -> Self {
        FromEnvironment::parse_from(["guerdon"]).serve
    }

    /// Serves until it is told to end, then finishes what runs.
    pub async fn run(self) -> anyhow::Result<()> {
        let settings = Settings {
            database_url: self.place.database_url,
            rules: self.place.rules,
            keys: self.keys.into(),
            provision: !self.no_provision,
            clock_is_moved: self.clock_offset.is_some(),
            edge: self.edge.into(),
        };
        let key = key_for_people(&settings);
        let metrics_are_open = matches!(settings.edge.metrics, MetricsAccess::Open);
        let app =
            App::start(settings, Clock::shifted(self.clock_offset.unwrap_or_default())).await?;
        let listener = TcpListener::bind(self.listen).await;
        let listener = listener.with_context(|| {
            format!("Cannot listen on {}; choose another with GUERDON_LISTEN", self.listen)
        })?;
        let address = listener.local_addr()?;
        if metrics_are_open && !address.ip().is_loopback() {
            tracing::warn!(
                "whoever reaches {address} can read /metrics: give it a key with GUERDON_METRICS_KEY, or switch it off with GUERDON_METRICS=off"
            );
        }
        let ending = app.operations.ending.clone();
        end_when_told(ending.clone())?;
        greet(&app, &key, address).await?;
        http::serve(listener, app.router(), &ending).await;
        app.stop().await;
        tracing::info!("ended");
        Ok(())
    }
}

/// Where a shell finds the operator's key: in its file, or in the environment.
fn key_for_people(settings: &Settings) -> String {
    match key_file(&settings.database_url).filter(|_| settings.keys.operator.is_none()) {
        Some(file) => format!("$(cat {})", file.display()),
        None => "$GUERDON_OPERATOR_KEY".to_owned(),
    }
}

/// Says where to go from here. Never prints a key.
async fn greet(app: &App, key: &str, address: SocketAddr) -> anyhow::Result<()> {
    let tenants = app.operations.database.tenants_page(Page::first(50)).await?.rows;
    let slugs: Vec<&str> = tenants.iter().map(|tenant| tenant.slug.as_str()).collect();
    print(&format!("Guerdon serves on http://{address}"))?;
    print(&format!("  GraphiQL  http://{address}/graphiql"))?;
    print(&format!("  tenants   {}", slugs.join(", ")))?;
    let query = r#"{"query":"{ tenants { nodes { slug name currency } } }"}"#;
    print(&format!(
        "  try       curl -sS http://{address}/graphql -H 'Content-Type: application/json' -H \"Authorization: Bearer {key}\" -d '{query}'"
    ))
}

/// Tells the server to end at the first signal, and ends the process at once at the second.
fn end_when_told(ending: Ending) -> anyhow::Result<()> {
    let mut signals = Signals::new()?;
    tokio::spawn(async move {
        signals.next().await;
        tracing::info!("ending: what runs is finished; a second signal ends it at once");
        ending.tell();
        signals.next().await;
        tracing::warn!("ended at once: what ran was not finished");
        std::process::exit(1);
    });
    Ok(())
}

/// The signals that tell a process to end: SIGTERM, and that of Ctrl-C.
#[cfg(unix)]
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> anyhow::Result<Self> {
        let of = |kind| signal(kind).context("Cannot listen for signals");
        Ok(Self {
            terminate: of(SignalKind::terminate())?,
            interrupt: of(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Ctrl-C.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> anyhow::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        drop(tokio::signal::ctrl_c().await);
    }
}
