//! Who may invite, and who is asked to.

use crate::domain::program::Program;
use crate::domain::records::User;

/// May the user invite others now? Not while the referral program is off; and where users have no
/// codes of their own, partners alone.
#[must_use]
pub const fn may_invite(program: &Program, user: &User) -> bool {
    program.codes.invites && (program.codes.by_users || user.is_partner())
}

/// Is the invite prompt to be shown? Not when it was dismissed, when somebody was invited already,
/// or when the user may not invite now.
#[must_use]
pub const fn shows_prompt(program: &Program, user: &User) -> bool {
    !user.prompt_dismissed && user.signups == 0 && may_invite(program, user)
}

/// How many more credited referrals the user's codes bring; `None` is without a limit.
#[must_use]
pub fn remaining_uses(program: &Program, user: &User) -> Option<i64> {
    program.codes.max_uses.map(|limit| (limit - user.credited).max(0))
}
