//! Signals of abuse: who else was seen with the same address, device or mailbox.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::domain::records::{Fingerprint, FingerprintKey, User};
use crate::domain::state::Stop;
use crate::domain::work::Work;

/// How many sightings of a fingerprint are kept and counted.
const MAX_SEEN: usize = 100;

/// The fingerprints of a user.
#[must_use]
pub fn fingerprint_keys(user: &User) -> Vec<FingerprintKey> {
    let kinds = [
        ("ip", &user.personal.ip_hash),
        ("device", &user.personal.device_hash),
        ("email", &user.personal.email_hash),
    ];
    (kinds.into_iter())
        .filter_map(|(kind, hash)| {
            Some(FingerprintKey { kind: kind.to_owned(), hash: hash.clone()? })
        })
        .collect()
}

/// Remembers that the user was seen with these fingerprints.
pub fn remember(work: &mut Work<'_>, user: &User) -> Result<(), Stop> {
    for key in fingerprint_keys(user) {
        let known = work.state.get::<Fingerprint>(&key)?.cloned();
        let mut print = known.unwrap_or_else(|| Fingerprint { key, seen: Vec::new() });
        if print.seen.iter().all(|(id, _)| *id != user.id) {
            print.seen.push((user.id.clone(), work.now()));
            let surplus = print.seen.len().saturating_sub(MAX_SEEN + 1);
            print.seen.drain(..surplus);
            work.state.put(print);
        }
    }
    Ok(())
}

/// The signals of a referral that nothing speaks against.
#[must_use]
pub fn no_signals() -> Value {
    in_words([0, 0, 0], 0, false)
}

/// How many others share the user's address, device and mailbox; how many others signed up from the
/// address in 24 hours; and whether the user had referred the referrer.
pub fn signals(work: &Work<'_>, user: &User, referrer: Option<&User>) -> Result<Value, Stop> {
    let day_ago = work.now() - TimeDelta::hours(24);
    let (mut same, mut recent) = ([0, 0, 0], 0);
    for key in fingerprint_keys(user) {
        let Some(print) = work.state.get::<Fingerprint>(&key)? else { continue };
        let others = || print.seen.iter().filter(|(id, _)| *id != user.id);
        let count = others().count().min(MAX_SEEN);
        match key.kind.as_str() {
            "ip" => {
                same[0] = count;
                recent = others().filter(|(_, at)| *at > day_ago).count().min(MAX_SEEN);
            }
            "device" => same[1] = count,
            _ => same[2] = count,
        }
    }
    let reciprocal =
        referrer.is_some_and(|referrer| referrer.referrer_id.as_ref() == Some(&user.id));
    Ok(in_words(same, recent, reciprocal))
}

fn in_words([same_ip, same_device, same_email]: [usize; 3], recent: usize, both: bool) -> Value {
    json!({
        "same_ip": same_ip,
        "same_device": same_device,
        "same_email": same_email,
        "signups_from_ip_24h": recent,
        "reciprocal": both,
    })
}
