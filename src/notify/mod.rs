//! What people are told: an SNS alert of a failure, a mail of a success, a sweep's mails and digest.
//!
//! A notice that cannot be sent is logged, and for a mail alerted; the outcome that it reports
//! stays as it is. No notice ever holds a secret.

mod address;
mod alert;
mod contact;
mod digest;
mod email;
mod keys;
mod place;
mod section;
mod when;

pub(crate) use alert::{alert_failure, alert_sweep_failure};
pub(crate) use digest::Digest;
pub(crate) use email::tell_user;
pub(crate) use keys::{tell_of_deletion, tell_of_keys};
pub(crate) use section::{DigestRow, Section};
