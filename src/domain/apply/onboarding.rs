//! Onboarding: steps done, cards hidden.

use crate::domain::command::Card;
use crate::domain::deciding::{decide, mark_step, occur};
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
    // Facts of the step are gathered before the next event's step counts.
    let sheet = match first_of(work, user_id, step)? {
        Some(sheet) => sheet,
        None => return Ok(Kept::Noted),
    };
    decide(work, sheet)?;
    Ok(Kept::Event)
}

type Sheet = Option<crate::domain::facts::Sheet>;

/// Marks the step; gives the fact sheet of `step_completed`, with counts as they stood before, and
/// leaves what else follows to be decided after it. `None` when the step was done already.
fn first_of(work: &mut Work<'_>, user_id: &str, step: &str) -> Result<Option<Sheet>, Stop> {
    let mark = work.mark();
    let now = work.now();
    let mut events = mark_step(work, user_id, step, now)?;
    let Some(completed) = events.pop_front() else { return Ok(None) };
    work.return_to(mark);
    let sheet = occur(work, completed)?;
    events = mark_step(work, user_id, step, now)?;
    events.pop_front();
    work.caused.append(&mut events);
    Ok(Some(sheet))
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
