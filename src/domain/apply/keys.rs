//! The keys that a command is known to need, loaded before it is first applied.

use crate::domain::attempts::{FAILED_REDEMPTIONS, MISSED_CODES, VISITS};
use crate::domain::command::{Body, Command, Grant, Payment, Spend};
use crate::domain::program::Program;
use crate::domain::records::{AccountKey, Code, FingerprintKey, PromoUseKey};
use crate::domain::state::Key;

use super::purchases::converted_key;

/// The keys that the command surely needs. What follows from what they name is found missing when
/// the command is applied.
#[must_use]
pub fn keys(command: &Command, program: &Program) -> Vec<Key> {
    let mut keys = of_body(&command.body, program);
    keys.extend(command.event_key().map(Key::Event));
    keys.extend(of_person(command));
    keys
}

fn of_body(body: &Body, program: &Program) -> Vec<Key> {
    match body {
        Body::RegisterUser { user_id, referral_code, .. } => {
            let mut keys = of_user(user_id, program);
            keys.extend(referral_code.as_deref().map(of_code));
            keys
        }
        Body::UpdateUser { user_id, .. }
        | Body::CreateReferrer { user_id }
        | Body::EraseUser { user_id }
        | Body::GenerateCode { user_id }
        | Body::RegenerateCode { user_id }
        | Body::Dismiss { user_id, .. } => vec![Key::User(user_id.clone())],
        Body::CompleteStep { user_id, .. } | Body::RecordEvent { user_id, .. } => {
            of_user(user_id, program)
        }
        Body::AddCredits(Grant { user_id, unit, .. }) => {
            of_account(user_id, unit.as_deref(), program)
        }
        Body::SpendCredits(spend) | Body::ConsumeQuota(spend) => of_spend(spend, program),
        Body::ReverseTransaction { transaction_id, .. } => {
            vec![Key::Transaction(*transaction_id), Key::Reversal(*transaction_id)]
        }
        Body::ApplyCode { user_id, code } => {
            let mut keys = of_user(user_id, program);
            keys.extend([of_code(code), MISSED_CODES.ask(user_id)]);
            keys
        }
        Body::RecordPurchase(payment) => of_payment(payment, program),
        Body::RecordRefund { purchase_id, .. } => vec![Key::Purchase(purchase_id.clone())],
        Body::CreatePromo(new) => {
            new.code.as_deref().map(|code| Key::Promo(Code::matching(code))).into_iter().collect()
        }
        Body::UpdatePromo { code, .. } => vec![Key::Promo(Code::matching(code))],
        Body::RedeemPromo { user_id, code } => of_redemption(user_id, code, program),
        Body::MarkRead { user_id, ids } => {
            let mut keys = vec![Key::User(user_id.clone())];
            keys.extend(ids.iter().flatten().map(|id| Key::Notice(*id)));
            keys
        }
        Body::RetryDecision { decision_id } => vec![Key::Decision(*decision_id)],
        Body::Settle { accounts, rewards } => accounts
            .iter()
            .flat_map(|account| [Key::Account(account.into()), Key::OpenLots(account.into())])
            .chain(rewards.iter().map(|id| Key::Lot(*id)))
            .collect(),
        Body::MissCode { subject } => vec![MISSED_CODES.ask(subject)],
        Body::Click { code, ip_hash, .. } => {
            let mut keys = vec![of_code(code)];
            let limits = [VISITS, MISSED_CODES];
            keys.extend(ip_hash.iter().flat_map(|address| limits.map(|limit| limit.ask(address))));
            keys
        }
        Body::RetryReward { reward_id: id, .. }
        | Body::ApproveReward { reward_id: id, .. }
        | Body::CancelReward { reward_id: id, .. } => vec![Key::Lot(*id)],
        Body::ApproveReferral { referral_id, .. } | Body::RejectReferral { referral_id, .. } => {
            vec![Key::Referral(*referral_id)]
        }
        Body::CreatePromos { .. } | Body::UpdateSettings { .. } | Body::ActivateProgram { .. } => {
            Vec::new()
        }
    }
}

fn of_code(code: &str) -> Key {
    Key::Code(Code::matching(code))
}

fn of_user(user_id: &str, program: &Program) -> Vec<Key> {
    of_account(user_id, None, program)
}

fn of_account(user_id: &str, unit: Option<&str>, program: &Program) -> Vec<Key> {
    let unit = unit.unwrap_or(&program.unit).to_owned();
    vec![
        Key::User(user_id.to_owned()),
        Key::Account(AccountKey { user_id: user_id.to_owned(), unit }),
    ]
}

/// A payment can bring a code.
fn of_payment(payment: &Payment, program: &Program) -> Vec<Key> {
    let Payment { purchase_id, user_id, referral_code, .. } = payment;
    let mut keys = of_user(user_id, program);
    keys.push(Key::Purchase(purchase_id.clone()));
    if let Some(code) = referral_code {
        keys.push(of_code(code));
        keys.extend(converted_key(program, user_id).map(Key::Once));
    }
    keys
}

fn of_redemption(user_id: &str, code: &str, program: &Program) -> Vec<Key> {
    let code = Code::matching(code);
    let mut keys = of_user(user_id, program);
    keys.push(Key::PromoUse(PromoUseKey { code: code.clone(), user_id: user_id.to_owned() }));
    keys.push(Key::Promo(code));
    keys.push(FAILED_REDEMPTIONS.ask(user_id));
    keys
}

/// A spend draws from lots.
fn of_spend(spend: &Spend, program: &Program) -> Vec<Key> {
    let unit = spend.unit.as_ref().unwrap_or(&program.unit).clone();
    let account = AccountKey { user_id: spend.user_id.clone(), unit };
    let keys = [Key::User(spend.user_id.clone()), Key::Account(account.clone())];
    keys.into_iter().chain([Key::OpenLots(account)]).collect()
}

fn of_person(command: &Command) -> Vec<Key> {
    let Some(personal) = &command.personal else { return Vec::new() };
    let hashes = [
        ("ip", &personal.ip_hash),
        ("device", &personal.device_hash),
        ("email", &personal.email_hash),
    ];
    (hashes.into_iter())
        .filter_map(|(kind, hash)| {
            Some(FingerprintKey { kind: kind.to_owned(), hash: hash.clone()? })
        })
        .map(Key::Fingerprint)
        .collect()
}
