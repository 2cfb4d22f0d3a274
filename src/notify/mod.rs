//! What people are told: an SNS alert of a failure, a mail of a success, a sweep's mails and digest.
//!
//! A notice that cannot be sent is logged, and for a mail alerted; the outcome of what it tells of
//! stays as it is. No notice ever holds a secret.

mod address;
mod alert;
mod digest;
mod email;
mod keys;
mod place;

pub use alert::{alert_failure, alert_sweep_failure};
pub use digest::{Digest, DigestRow, Section};
pub use email::tell_user;
pub use keys::{tell_of_deletion, tell_of_keys};
