//! What the product does, told as stories through the real router, each on both databases.

mod bad_input;
mod credits;
mod crowd;
mod edge;
mod gatewayz;
mod gatewayz_refunds;
mod harbour;
mod isolation;
mod live;
mod people;
mod productready;
mod sockets;
mod starter;
