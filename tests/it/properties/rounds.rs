//! What a slice lacks: a command that sees only what it asked for ends as one that sees everything,
//! and has asked for all of it within the rounds that a lane grants.

use std::collections::BTreeSet;

use guerdon::domain::apply::{Applied, apply, keys};
use guerdon::domain::command::Command;
use guerdon::domain::records as r;
use guerdon::domain::state::{Change, Key, Record, Slice, Stop};
use guerdon::domain::work::InForce;
use guerdon::domain::world::World;

/// How often a lane loads: first what is surely needed, then at most four times what was missing.
const LOADS: usize = 5;

/// Applies the command as a lane does, load by load.
pub fn apply_lazily(
    world: &World,
    command: &Command,
    in_force: InForce<'_>,
) -> Result<Applied, Stop> {
    let mut slice = Slice::new(world.slice.lane.clone());
    let mut wanted: BTreeSet<Key> = keys(command, in_force.program).into_iter().collect();
    for _ in 0..LOADS {
        wanted.iter().for_each(|key| load(&mut slice, world, key));
        slice.due(in_force.now).iter().for_each(|key| load(&mut slice, world, key));
        match apply(&slice, &Change::default(), command, in_force) {
            Err(Stop::Missing(missing)) => wanted = missing,
            ended => return ended,
        }
    }
    Err(Stop::Missing(wanted))
}

fn load(slice: &mut Slice, world: &World, key: &Key) {
    match key {
        Key::User(id) => lay::<r::User>(slice, world, id),
        Key::Account(key) => lay::<r::Account>(slice, world, key),
        Key::OpenLots(key) => {
            let open = world.slice.open_lots.get(key).cloned().unwrap_or_default();
            open.iter().for_each(|id| lay::<r::Lot>(slice, world, id));
            slice.open_lots.insert(key.clone(), open);
        }
        Key::Lot(id) => lay::<r::Lot>(slice, world, id),
        Key::Transaction(id) => lay::<r::Transaction>(slice, world, id),
        Key::Reversal(id) => lay::<r::Reversal>(slice, world, id),
        Key::Event(key) => {
            let found = world.slice.tables.events.get(key).cloned().flatten();
            slice.tables.events.insert(key.clone(), found);
        }
        Key::Referral(id) => lay::<r::Referral>(slice, world, id),
        Key::Purchase(id) => lay::<r::Purchase>(slice, world, id),
        Key::Code(code) => lay::<r::Code>(slice, world, code),
        Key::Click(key) => lay::<r::Click>(slice, world, key),
        Key::CapUse(key) => lay::<r::CapUse>(slice, world, key),
        Key::Attempts(key) => lay::<r::Attempts>(slice, world, key),
        Key::Once(key) => lay::<r::Once>(slice, world, key),
        Key::Fingerprint(key) => lay::<r::Fingerprint>(slice, world, key),
        Key::Decision(id) => lay::<r::Decision>(slice, world, id),
        Key::FactSheet(key) => lay::<r::FactSheet>(slice, world, key),
        Key::Promo(code) => lay::<r::Promo>(slice, world, code),
        Key::PromoUse(key) => lay::<r::PromoUse>(slice, world, key),
        Key::Notice(id) => lay::<r::Notice>(slice, world, id),
    }
}

fn lay<R: Record>(slice: &mut Slice, world: &World, key: &R::Key) {
    let found = R::table(&world.slice.tables).get(key).cloned().flatten();
    R::table_mut(&mut slice.tables).insert(key.clone(), found);
}
