//! Spending: drawing from lots in their order.

use uuid::Uuid;

use crate::domain::amount::Amount;
use crate::domain::records::{AccountKey, Use, UseKind};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::state::Stop;
use crate::domain::work::Work;

use super::post::{Entry, Side, post};
use super::settle::{refresh_due, settle, usable_lots};

/// How many lots one spend may draw from.
pub const MAX_LOTS_OF_A_SPEND: usize = 10_000;

/// What is to be drawn, and what the entry says.
pub struct Draw {
    /// From where.
    pub account: AccountKey,
    /// How much; more than nothing.
    pub amount: Amount,
    /// A text for people.
    pub description: Option<String>,
    /// An id of the caller's world.
    pub reference_id: Option<String>,
    /// The caller's space.
    pub space_id: Option<String>,
}

/// Draws from the account's lots: lower priority number first, then earlier expiry, then older.
/// INSUFFICIENT_CREDITS when the balance is too small. Gives the transaction's id.
pub fn spend(work: &mut Work<'_>, draw: Draw) -> Result<Uuid, Stop> {
    let mut account = settle(work, &draw.account)?;
    if account.balance < draw.amount {
        let message = format!(
            "The balance is {}, {} is needed: add credits first, or spend less.",
            account.balance, draw.amount
        );
        return Err(Refusal::new(Code::InsufficientCredits, message).into());
    }
    let uses = draw_from_lots(work, &draw)?;
    let now = work.now();
    let entry = Entry {
        description: draw.description,
        reference_id: draw.reference_id,
        space_id: draw.space_id,
        uses,
        ..Entry::new(draw.amount.negated(), "spend", now)
    };
    let id = post(work, &mut account, Side::Used, entry)?;
    refresh_due(work, &mut account)?;
    Ok(id)
}

fn draw_from_lots(work: &mut Work<'_>, draw: &Draw) -> Result<Vec<Use>, Stop> {
    let mut left = draw.amount;
    let mut uses = Vec::new();
    for mut lot in usable_lots(work, &draw.account)? {
        if !left.is_positive() {
            break;
        }
        if uses.len() == MAX_LOTS_OF_A_SPEND {
            return Err(Refusal::bad_input(
                "This spend would draw from more than 10000 grants: spend it in smaller parts.",
            )
            .into());
        }
        let drawn = left.min(lot.remaining);
        left = left.minus(drawn)?;
        lot.remaining = lot.remaining.minus(drawn)?;
        lot.spent = lot.spent.plus(drawn)?;
        uses.push(Use { lot_id: lot.id, amount: drawn.negated(), kind: UseKind::Spend });
        work.put_lot(lot)?;
    }
    if left.is_positive() {
        return Err(Refusal::internal("The account's lots do not hold its balance.").into());
    }
    Ok(uses)
}
