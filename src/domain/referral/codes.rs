//! Making codes. Candidates are derived from the command's seed, eight at a time; the first that
//! nobody ever had is taken, and when all are taken the random part grows by one.

use uuid::{Builder, Uuid};

use crate::domain::program::CodePart;
use crate::domain::records::{Code, User};
use crate::domain::refusal::Refusal;
use crate::domain::state::{Key, Stop};
use crate::domain::work::Work;

const CANDIDATES: u32 = 8;
const GROWTHS: u32 = 4;

/// The user's code, made when there is none; says whether it was made.
pub fn give_code(work: &mut Work<'_>, user: &mut User) -> Result<(String, bool), Stop> {
    if let Some(code) = &user.code {
        return Ok((code.clone(), false));
    }
    let shown = free_code(work, user)?;
    work.state.put(Code {
        matched: Code::matching(&shown),
        shown: shown.clone(),
        user_id: user.id.clone(),
        created_at: work.now(),
        retired_at: None,
    });
    user.code = Some(shown.clone());
    Ok((shown, true))
}

/// A new code in the place of the user's code, which stops working and is never given again.
pub fn replace_code(work: &mut Work<'_>, user: &mut User) -> Result<String, Stop> {
    retire_code(work, user)?;
    Ok(give_code(work, user)?.0)
}

fn retire_code(work: &mut Work<'_>, user: &mut User) -> Result<(), Stop> {
    let Some(shown) = user.code.take() else { return Ok(()) };
    if let Some(code) = work.state.get::<Code>(&Code::matching(&shown))?.cloned() {
        work.state.put(Code { retired_at: Some(work.now()), ..code });
    }
    Ok(())
}

fn free_code(work: &Work<'_>, user: &User) -> Result<String, Stop> {
    for growth in 0..GROWTHS {
        let candidates: Vec<String> = (0..CANDIDATES)
            .map(|number| candidate(work, user, growth, growth * CANDIDATES + number))
            .collect();
        work.state.need(candidates.iter().map(|code| Key::Code(Code::matching(code))))?;
        for code in candidates {
            if work.state.get::<Code>(&Code::matching(&code))?.is_none() {
                return Ok(code);
            }
        }
    }
    Err(Refusal::internal("No free code was found.").into())
}

fn candidate(work: &Work<'_>, user: &User, growth: u32, number: u32) -> String {
    // A user's codes differ from those of other users made by the same command.
    let purpose = format!("code:{}:{}", user.id, work.made.caused);
    let mut random =
        Stream { bytes: work.random(&purpose, number), at: 0, work, purpose: &purpose, number };
    (work.program().codes.format.iter())
        .map(|part| render(part, user, growth, &mut random))
        .collect()
}

fn render(part: &CodePart, user: &User, growth: u32, random: &mut Stream<'_, '_>) -> String {
    match part {
        CodePart::Text(text) => text.clone(),
        CodePart::Random { alphabet, length } => {
            (0..*length + growth as usize).filter_map(|_| random.pick(alphabet)).collect()
        }
        CodePart::Name { length } => (user.personal.name.as_deref().unwrap_or_default().chars())
            .map(|letter| letter.to_ascii_uppercase())
            .filter(char::is_ascii_uppercase)
            .take(*length)
            .collect(),
        CodePart::Uuid => random.uuid().to_string(),
    }
}

/// A stream of random bytes derived from the command's seed.
struct Stream<'w, 'a> {
    work: &'w Work<'a>,
    purpose: &'w str,
    number: u32,
    bytes: [u8; 32],
    at: usize,
}

impl Stream<'_, '_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        if self.at + N > self.bytes.len() {
            self.number = self.number.wrapping_add(1 << 16);
            self.bytes = self.work.random(self.purpose, self.number);
            self.at = 0;
        }
        let mut taken = [0; N];
        taken.copy_from_slice(&self.bytes[self.at..self.at + N]);
        self.at += N;
        taken
    }

    /// Draws from the alphabet; 64 bits make the bias of the remainder smaller than 2^-57.
    fn pick(&mut self, alphabet: &[char]) -> Option<char> {
        let drawn = u64::from_be_bytes(self.take());
        let index = drawn.checked_rem(alphabet.len() as u64)?;
        alphabet.get(usize::try_from(index).ok()?).copied()
    }

    fn uuid(&mut self) -> Uuid {
        Builder::from_random_bytes(self.take()).into_uuid()
    }
}
