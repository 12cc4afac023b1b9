//! Visits: share links of our own, which count who comes and lead on to the program's link.

use std::time::Duration;

use super::{Call, guessing, input, peek, referrals};
use crate::domain::refusal::{Code, Refusal};

/// How long a visitor waits for the count. It is counted all the same, only not waited for.
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// How long a visit waits to be counted; then it is not. So visits never pile up without end.
const LONGEST_COUNTING: Duration = Duration::from_secs(10);

/// How much of what a browser calls itself is kept, in characters.
const LONGEST_AGENT: usize = 255;

/// Where a share link leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The program's link: with the code while it works, else without one.
    pub link: String,
    /// The code as it is shown; `None` when it is unknown, was replaced, or its owner was erased.
    pub code: Option<String>,
}

/// Where a code leads; INTERNAL while the tenant's program cannot be read, RATE_LIMITED for whoever tried too
/// many codes that nobody has. Nothing of what was asked for gets into the link but a code of the tenant.
pub async fn target(call: &Call, code: &str) -> Result<Target, Refusal> {
    let in_force = call.in_force().await?;
    if in_force.stands_in() {
        return Err(Refusal::internal("The program cannot be read, so its link is not known."));
    }
    let program = &in_force.program;
    // What cannot be a code is an unknown one.
    let code = match input::word("code", code) {
        Ok(()) => working(call, code).await?,
        Err(_) => None,
    };
    let link =
        code.as_deref().map_or_else(|| program.link_without_code(), |code| program.link_for(code));
    Ok(Target { link, code })
}

/// The code as it is shown, while it works. One that nobody has is noted; RATE_LIMITED when the same
/// visitor tried too many of them.
async fn working(call: &Call, code: &str) -> Result<Option<String>, Refusal> {
    let guesser = guessing::guesser(call).await?;
    let tenant = call.tenant()?;
    let found = peek::working_code(&call.operations, tenant, code, guesser.as_deref()).await?;
    if let (None, Some(guesser)) = (&found, guesser) {
        note(call.clone(), guesser).await?;
    }
    Ok(found)
}

/// Notes a code that nobody has. A visitor who cannot be noted in time is led on all the same.
async fn note(call: Call, guesser: String) -> Result<(), Refusal> {
    let noting = tokio::spawn(async move {
        tokio::time::timeout(LONGEST_COUNTING, guessing::note(&call, guesser)).await
    });
    match tokio::time::timeout(LONGEST_WAIT, noting).await {
        Ok(Ok(Ok(Err(refusal)))) if refusal.code == Code::RateLimited => Err(refusal),
        _ => Ok(()),
    }
}

/// Counts a visit, and gives the link that it goes on to. Whatever keeps it from being counted does
/// not keep the visitor.
pub async fn follow(call: &Call, code: &str, user_agent: Option<&str>) -> Result<String, Refusal> {
    let Target { link, code } = target(call, code).await?;
    if let Some(code) = code {
        count(call.clone(), code, user_agent.map(short)).await;
    }
    Ok(link)
}

async fn count(call: Call, code: String, user_agent: Option<String>) {
    let counting = tokio::spawn(async move {
        // Visitors never take the room of others.
        let call = call.in_bulk();
        let counted = referrals::track_click(&call, code, user_agent, None);
        match tokio::time::timeout(LONGEST_COUNTING, counted).await {
            Ok(Ok(_)) => {}
            Ok(Err(refusal)) => {
                tracing::warn!(code = refusal.code.name(), "a visit was not counted")
            }
            Err(_) => tracing::warn!("a visit waited too long to be counted"),
        }
    });
    // Left alone, the task goes on.
    drop(tokio::time::timeout(LONGEST_WAIT, counting).await);
}

fn short(agent: &str) -> String {
    agent.chars().filter(|letter| !letter.is_control()).take(LONGEST_AGENT).collect()
}
