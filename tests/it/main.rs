//! The product against the simulator, in simulated time. One binary; a file a subject.
#![allow(clippy::unwrap_used, reason = "a test that meets what it does not expect ends there")]

mod alerts;
mod attacks;
mod bad_input;
#[cfg(feature = "bench")]
mod bench;
#[cfg(feature = "cli")]
mod cli;
mod contract;
mod crash;
mod endurance;
mod errors;
mod fleet;
mod found;
mod interleave;
mod invariants;
mod late;
mod layers;
mod mails;
mod notices;
mod page;
mod policy_journal;
mod process;
mod property;
mod proxy;
mod redaction;
mod refused;
mod report;
mod shapes;
mod stage;
mod states;
mod sts;
mod superseded;
mod values;
