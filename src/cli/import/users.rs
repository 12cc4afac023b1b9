//! A file of users.

use std::collections::HashSet;

use super::kind::Kind;
use super::sheet::{Cells, Column, Wrong};
use crate::domain::refusal::Refusal;
use crate::operations::Call;
use crate::operations::users::{self, SignUp};

/// Signs a user up for each line.
pub struct Users;

const fn column(name: &'static str, required: bool) -> Column {
    Column { name, required }
}

impl Kind for Users {
    const COLUMNS: &'static [Column] = &[
        column("id", true),
        column("name", false),
        column("email", false),
        column("email_verified", false),
        column("referral_code", false),
        column("ip_address", false),
        column("device_id", false),
        column("traits", false),
    ];
    const WORDS: [&'static str; 3] = ["users", "signed up", "there already"];
    type Item = SignUp;

    fn read(&mut self, cells: &Cells<'_>) -> Result<SignUp, Wrong> {
        let text = |column| cells.get(column).map(str::to_owned);
        let truth = |text: &str| text.to_ascii_lowercase().parse().ok();
        let object =
            "no JSON object: write one as in {\"plan\": \"pro\"}, in quotes as CSV has it.";
        let sign_up = SignUp {
            id: cells.required("id")?.to_owned(),
            name: text("name"),
            email: text("email"),
            email_verified: cells
                .read("email_verified", "neither true nor false: write one of them.", truth)?
                .unwrap_or(false),
            referral_code: text("referral_code"),
            ip_address: text("ip_address"),
            device_id: text("device_id"),
            traits: cells.read("traits", object, |text| serde_json::from_str(text).ok())?,
        };
        users::check_sign_up(&sign_up).map_err(|refusal| Wrong::line(refusal.message))?;
        Ok(sign_up)
    }

    async fn send(call: &Call, sign_up: SignUp) -> Result<bool, Refusal> {
        Ok(!users::register(call, sign_up).await?.replayed)
    }

    async fn check(
        call: &Call,
        sign_ups: &[SignUp],
    ) -> Result<Vec<Result<bool, Refusal>>, Refusal> {
        let ids: Vec<String> = sign_ups.iter().map(|sign_up| sign_up.id.clone()).collect();
        let known = users::find(call, &ids).await?;
        let known: HashSet<String> = known.into_iter().map(|user| user.id).collect();
        Ok(ids.iter().map(|id| Ok(!known.contains(id))).collect())
    }
}
