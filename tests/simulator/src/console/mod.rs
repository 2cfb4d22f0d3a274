//! The console: state without HTTP, for tests to arrange and to look. Nothing here is journalled,
//! delayed or subject to faults, and what it makes is visible and usable at once.

mod identities;
mod messages;
mod secrets;

pub use identities::KeyView;
pub use secrets::{SecretView, VersionView};
