//! What the product does, told as stories through the real router, each on both databases.

mod bad_input;
mod credits;
mod crowd;
mod devo;
mod devo_conversions;
mod edge;
mod gatewayz;
mod gatewayz_refunds;
mod harbour;
mod isolation;
mod limits;
mod links;
mod live;
mod people;
mod per_purchase;
mod pewpros;
mod pewpros_platform;
mod productready;
mod reviews;
mod sockets;
mod starter;
mod what_next;
