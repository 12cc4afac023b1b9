//! What the product can do, one noun a file, and the lane through which every change goes.

pub mod clock;
pub mod lane;
pub mod peek;
pub mod programs;
pub mod publish;
pub mod simulate;

mod failure;
mod seeding;
mod simulation;

use crate::store::Database;
use clock::Clock;
use lane::Lanes;
use programs::Programs;

/// Everything that the operations work with.
#[derive(Clone)]
pub struct Operations {
    /// The database.
    pub database: Database,
    /// The way of every change.
    pub lanes: Lanes,
    /// The programs in force.
    pub programs: Programs,
    /// The one clock.
    pub clock: Clock,
}

impl Operations {
    /// Operations on an open, migrated database.
    #[must_use]
    pub fn new(database: Database, clock: Clock) -> Self {
        let programs = Programs::new(database.clone());
        let lanes = Lanes::new(database.clone(), programs.clone(), clock.clone());
        Self { database, lanes, programs, clock }
    }
}
