//! Telling a tenant's history again on the command line: how far it came, and what it proved.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::output::print;
use crate::operations::audit::Finding;
use crate::operations::replay::{A_PAGE, Retold, replay};
use crate::store::{Database, Tenant};

const BAR: &str = "{bar:40} {percent:>3}%  {msg}  {eta} left";

/// Tells one tenant's history again, with a bar where somebody watches, and says what was proved.
pub async fn retell(database: &Database, tenant: &Tenant) -> anyhow::Result<Vec<Finding>> {
    let all = u64::try_from(database.lane(tenant.id).await?.seq).unwrap_or_default();
    let bar = ProgressBar::new(all).with_message(format!("{}: telling events again", tenant.slug));
    if let Ok(style) = ProgressStyle::with_template(BAR) {
        bar.set_style(style);
    }
    let retold = replay(database, tenant, A_PAGE, |events| bar.set_position(events)).await;
    bar.finish_and_clear();
    let Retold { events, decisions, rows, took, differences, findings } = retold?;
    print(&format!(
        "{}: {events} events told again in {:.1} s ({} a second): {decisions} decisions made again, \
         {rows} rows of the books compared, {differences} differences",
        tenant.slug,
        took.as_secs_f64(),
        rate(events, took),
    ))?;
    Ok(findings)
}

fn rate(events: u64, took: Duration) -> u128 {
    u128::from(events) * 1_000 / took.as_millis().max(1)
}
