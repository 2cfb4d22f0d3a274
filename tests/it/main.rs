//! The product against the simulator, in simulated time. One binary; a file a subject.

mod contract;
mod crash;
mod errors;
mod invariants;
mod notices;
mod shapes;
mod stage;
mod states;
