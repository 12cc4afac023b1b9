//! What the product can do, one noun a file, and the lane through which every change goes.

pub mod clock;
pub mod lane;
