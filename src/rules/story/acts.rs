//! What users of a test do: sign up, invite, buy, spend; and how time passes for them.

use std::sync::{Arc, PoisonError};

use rhai::{Dynamic, Engine};

use crate::domain::answer::Answer;
use crate::domain::command::{Body, Patch, Payment, PersonalChange, Spend};
use crate::domain::records::mailbox;
use crate::domain::refusal::Refusal;
use crate::domain::time::from_micros;

use super::super::calculation::{read_span, whole};
use super::super::fault::raise;
use super::given::{Args, Given, amount, data, name, name_if};
use super::stage::{Scene, Stage, Told, fingerprint};

/// A verb: acts on the stage with up to three arguments.
pub type Verb = fn(&mut Stage, Args) -> Told<Dynamic>;

const FINE: &str = "OK";

/// Registers the verbs that change something.
pub fn register(engine: &mut Engine, scene: &Scene) {
    for (name, least, most, verb) in [
        ("register", 1, 2, sign_up as Verb),
        ("verify", 1, 1, verify),
        ("code_of", 1, 1, code_of),
        ("new_code", 1, 1, new_code),
        ("use_code", 2, 2, use_code),
        ("click", 1, 2, click),
        ("purchase", 2, 3, purchase),
        ("refund", 1, 2, refund),
        ("event", 2, 3, event),
        ("step", 2, 2, step),
        ("redeem", 2, 2, redeem),
        ("spend", 2, 3, spend),
        ("advance", 1, 1, advance),
        ("travel_to", 1, 1, travel_to),
    ] {
        add(engine, scene, (name, least, most), verb);
    }
}

/// Registers a verb for each number of arguments from the least to the most.
pub fn add(
    engine: &mut Engine,
    scene: &Scene,
    (name, least, most): (&str, usize, usize),
    verb: Verb,
) {
    type D = Dynamic;
    let act = {
        let scene = Arc::clone(scene);
        move |args: Args| verb(&mut scene.lock().unwrap_or_else(PoisonError::into_inner), args)
    };
    for count in least..=most {
        let act = act.clone();
        match count {
            0 => engine.register_fn(name, move || act([D::UNIT, D::UNIT, D::UNIT])),
            1 => engine.register_fn(name, move |a: D| act([a, D::UNIT, D::UNIT])),
            2 => engine.register_fn(name, move |a: D, b: D| act([a, b, D::UNIT])),
            _ => engine.register_fn(name, move |a: D, b: D, c: D| act([a, b, c])),
        };
    }
}

fn sign_up(stage: &mut Stage, [user, options, _]: Args) -> Told<Dynamic> {
    let user_id = name("user", &user)?;
    let known = ["name", "email", "verified", "code", "traits", "ip", "device"];
    let given = Given::read(&options, &known)?;
    let email = given.text("email")?;
    let personal = PersonalChange {
        name: Patch::Set(given.text("name")?.unwrap_or_else(|| user_id.clone())),
        email_hash: email.as_deref().map(mailbox).as_deref().map(fingerprint),
        email: email.map_or(Patch::Keep, Patch::Set),
        traits: given.data("traits")?.as_object().cloned().map_or(Patch::Keep, Patch::Set),
        ip_hash: given.text("ip")?.as_deref().map(fingerprint),
        device_hash: given.text("device")?.as_deref().map(fingerprint),
    };
    let email_verified = given.flag("verified")?;
    let referral_code = given.text("code")?;
    let key = Some(user_id.clone());
    let body = Body::RegisterUser { user_id, email_verified, referral_code };
    Ok(word_of_code(&stage.act(body, key, Some(personal))?))
}

/// What became of a code: `"OK"`, the reason why not, or `()` when none was given.
fn word_of_code(answer: &Answer) -> Dynamic {
    match &answer.validation {
        None => Dynamic::UNIT,
        Some(validation) => validation.reason.clone().unwrap_or_else(|| FINE.to_owned()).into(),
    }
}

fn verify(stage: &mut Stage, [user, ..]: Args) -> Told<Dynamic> {
    let body = Body::UpdateUser { user_id: name("user", &user)?, email_verified: Some(true) };
    stage.act(body, None, Some(PersonalChange::default())).map(|_| Dynamic::UNIT)
}

fn code_of(stage: &mut Stage, [user, ..]: Args) -> Told<Dynamic> {
    let user_id = name("user", &user)?;
    if let Some(code) = stage.user(&user_id)?.code.clone() {
        return Ok(code.into());
    }
    let answer = stage.act(Body::GenerateCode { user_id }, None, None)?;
    Ok(answer.code.map_or(Dynamic::UNIT, Into::into))
}

fn new_code(stage: &mut Stage, [user, ..]: Args) -> Told<Dynamic> {
    let body = Body::RegenerateCode { user_id: name("user", &user)? };
    let answer = stage.attempt(body, None, None)?;
    Ok(match answer {
        Ok(answer) => answer.code.map_or(Dynamic::UNIT, Into::into),
        Err(refusal) => word_of(&refusal),
    })
}

/// The word that says why something was refused.
fn word_of(refusal: &Refusal) -> Dynamic {
    refusal.reason.clone().unwrap_or_else(|| refusal.code.name().to_owned()).into()
}

/// `"OK"`, or the word that says why it was refused.
pub fn fine_or_word(answer: Result<Answer, Refusal>) -> Dynamic {
    answer.map_or_else(|refusal| word_of(&refusal), |_| FINE.into())
}

fn use_code(stage: &mut Stage, [user, code, _]: Args) -> Told<Dynamic> {
    let body = Body::ApplyCode { user_id: name("user", &user)?, code: name("code", &code)? };
    stage.act(body, None, None).map(|answer| word_of_code(&answer))
}

fn click(stage: &mut Stage, [code, options, _]: Args) -> Told<Dynamic> {
    let given = Given::read(&options, &["device", "ip"])?;
    let body = Body::Click {
        code: name("code", &code)?,
        user_agent: None,
        device_hash: given.text("device")?.as_deref().map(fingerprint),
        ip_hash: given.text("ip")?.as_deref().map(fingerprint),
    };
    stage.act(body, None, None).map(|answer| answer.counted.into())
}

fn purchase(stage: &mut Stage, [user, paid, options]: Args) -> Told<Dynamic> {
    let given = Given::read(&options, &["id", "plan", "data", "code"])?;
    let purchase_id = given.text("id")?.unwrap_or_else(|| stage.fresh("purchase"));
    let payment = Payment {
        purchase_id: purchase_id.clone(),
        user_id: name("user", &user)?,
        amount: amount(&paid)?,
        currency: None,
        plan: given.text("plan")?,
        referral_code: given.text("code")?,
        occurred_at: None,
        data: given.data("data")?,
    };
    stage.act(Body::RecordPurchase(payment), Some(purchase_id.clone()), None)?;
    Ok(purchase_id.into())
}

fn refund(stage: &mut Stage, [purchase, part, _]: Args) -> Told<Dynamic> {
    let refund_id = stage.fresh("refund");
    let body = Body::RecordRefund {
        refund_id: refund_id.clone(),
        purchase_id: name("purchase's id", &purchase)?,
        amount: if part.is_unit() { None } else { Some(amount(&part)?) },
        reason: None,
    };
    stage.attempt(body, Some(refund_id), None).map(fine_or_word)
}

fn event(stage: &mut Stage, [user, kind, more]: Args) -> Told<Dynamic> {
    let event_id = stage.fresh("event");
    let body = Body::RecordEvent {
        event_id: event_id.clone(),
        user_id: name("user", &user)?,
        event: name("type of the event", &kind)?,
        occurred_at: None,
        data: data(&more)?,
    };
    stage.act(body, Some(event_id), None).map(|_| Dynamic::UNIT)
}

fn step(stage: &mut Stage, [user, step, _]: Args) -> Told<Dynamic> {
    let body = Body::CompleteStep { user_id: name("user", &user)?, step: name("step", &step)? };
    stage.act(body, None, None).map(|_| Dynamic::UNIT)
}

fn redeem(stage: &mut Stage, [user, code, _]: Args) -> Told<Dynamic> {
    let body = Body::RedeemPromo { user_id: name("user", &user)?, code: name("code", &code)? };
    stage.attempt(body, None, None).map(fine_or_word)
}

fn spend(stage: &mut Stage, [user, spent, unit]: Args) -> Told<Dynamic> {
    let spend = Spend {
        user_id: name("user", &user)?,
        unit: name_if("unit", &unit)?,
        amount: amount(&spent)?,
        description: None,
        reference_id: None,
        space_id: None,
    };
    stage.attempt(Body::SpendCredits(spend), None, None).map(fine_or_word)
}

fn advance(stage: &mut Stage, [span, ..]: Args) -> Told<Dynamic> {
    let wrong = || raise("advance(span) takes days(n), hours(n) or months(n).");
    let time = read_span(&span).and_then(|span| span.after(stage.now())).ok_or_else(wrong)?;
    stage.move_to(time).map(|()| Dynamic::UNIT)
}

fn travel_to(stage: &mut Stage, [time, ..]: Args) -> Told<Dynamic> {
    let micros = whole("What travel_to(date(\"...\")) gets", &time)?;
    let time = from_micros(micros).ok_or_else(|| raise("That lies outside of the calendar."))?;
    stage.move_to(time).map(|()| Dynamic::UNIT)
}
