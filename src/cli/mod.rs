//! The commands of `guerdon`.

mod admin;
mod audit;
mod backup;
mod edge;
mod export;
mod import;
mod keys;
pub mod log;
mod output;
mod place;
mod retell;
pub mod rules;
mod serve;
mod span;
mod traces;

use clap::{Parser, Subcommand};

use output::print;
use place::Place;

/// Credits, referrals and onboarding over GraphQL, decided by rule scripts. Without a command it
/// serves.
#[derive(Debug, Parser)]
#[command(name = "guerdon", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves; makes and migrates the database first.
    Serve(Box<serve::Serve>),
    /// Makes the database's tables, or brings them up to date.
    Migrate(Place),
    /// Prints the GraphQL schema.
    Schema,
    /// Checks the program folders, or plays their worked examples.
    Rules {
        #[command(subcommand)]
        command: RulesCommand,
    },
    /// Makes and lists tenants.
    Tenant {
        #[command(subcommand)]
        command: admin::TenantCommand,
    },
    /// Makes, lists, rotates and ends API keys.
    Key {
        #[command(subcommand)]
        command: keys::KeyCommand,
    },
    /// Proves the ledger's invariants over the whole database, beside a running server. Names each
    /// row that breaks one, and ends with 1 when there is any.
    Audit(audit::Audit),
    /// Copies a SQLite database into a file, as it is at one instant, beside a running server. A file
    /// that is there is not written over.
    Backup(backup::Backup),
    /// Imports a CSV file, beside a running server or without one. The same file again does nothing
    /// twice, so an import that was interrupted goes on. Names each refused line, and ends with 1
    /// when there is any.
    Import {
        #[command(subcommand)]
        command: import::ImportCommand,
    },
    /// Exports as CSV.
    Export {
        #[command(subcommand)]
        command: export::ExportCommand,
    },
}

#[derive(Debug, Subcommand)]
enum RulesCommand {
    /// Compiles the programs and looks for misspelt names; shows file, line and column of a mistake.
    Check(RulesFolder),
    /// Plays the worked examples of `tests.rhai`.
    Test(RulesFolder),
}

#[derive(Debug, clap::Args)]
struct RulesFolder {
    /// The program's name, or a path; all programs when left out.
    folder: Option<String>,
    /// The folder of program folders.
    #[arg(long, env = "GUERDON_RULES", default_value = "rules")]
    rules: std::path::PathBuf,
}

/// Runs the command that the process was called with.
pub async fn run() -> anyhow::Result<()> {
    match Cli::parse().command.unwrap_or_else(|| Command::Serve(serve::Serve::by_default().into()))
    {
        Command::Serve(serve) => serve.run().await,
        Command::Migrate(place) => place.open().await.map(drop),
        Command::Schema => print(&crate::graphql::sdl()),
        Command::Rules { command: RulesCommand::Check(of) } => {
            Ok(rules::check(&of.rules, of.folder.as_deref(), &mut std::io::stdout().lock())?)
        }
        Command::Rules { command: RulesCommand::Test(of) } => {
            Ok(rules::test(&of.rules, of.folder.as_deref(), &mut std::io::stdout().lock())?)
        }
        Command::Tenant { command } => command.run().await,
        Command::Key { command } => command.run().await,
        Command::Audit(audit) => audit.run().await,
        Command::Backup(backup) => backup.run().await,
        Command::Import { command } => command.run().await,
        Command::Export { command } => command.run().await,
    }
}
