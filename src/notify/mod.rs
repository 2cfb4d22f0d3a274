//! What people are told: an SNS alert of a failure, a mail of a success.
//!
//! A notice that cannot be sent is logged, and for a mail alerted; the rotation's outcome stays as
//! it is. No notice ever holds a secret.

mod alert;
mod email;

pub use alert::alert_failure;
pub use email::{is_address, tell_user};
