//! The product against the simulator, in simulated time. One binary; a file a subject.

mod contract;
mod crash;
mod errors;
mod interleave;
mod invariants;
mod notices;
mod redaction;
mod shapes;
mod stage;
mod states;
