//! Onboarding: steps done, cards hidden.

use crate::domain::command::Card;
use crate::domain::deciding::{decide, mark_step};
use crate::domain::refusal::Refusal;
use crate::domain::state::Stop;
use crate::domain::work::Work;

use super::kept::Kept;

pub(super) fn complete(work: &mut Work<'_>, user_id: &str, step: &str) -> Result<Kept, Stop> {
    let user = work.user(user_id)?;
    let known: Vec<&str> = work.program().steps.iter().map(|step| step.key.as_str()).collect();
    if !known.contains(&step) {
        let message =
            format!("There is no onboarding step {step:?}; the steps are: {}.", known.join(", "));
        return Err(Refusal::bad_input(message).into());
    }
    work.answer.user_id = Some(user.id);
    let now = work.now();
    let mut events = mark_step(work, user_id, step, now)?;
    if events.is_empty() {
        return Ok(Kept::Noted);
    }
    work.caused.append(&mut events);
    decide(work, None)?;
    Ok(Kept::Event)
}

pub(super) fn dismiss(work: &mut Work<'_>, user_id: &str, card: Card) -> Result<Kept, Stop> {
    let mut user = work.user(user_id)?;
    work.answer.user_id = Some(user.id.clone());
    let hidden = match card {
        Card::Onboarding => &mut user.onboarding_dismissed,
        Card::ReferralPrompt => &mut user.prompt_dismissed,
    };
    if std::mem::replace(hidden, true) {
        return Ok(Kept::Noted);
    }
    work.state.put(user);
    Ok(Kept::Event)
}
