//! The console: state without HTTP, for tests to arrange and to look. Nothing here is journalled,
//! delayed or subject to faults, and what it makes is visible and usable at once.

mod deployment;
mod functions;
mod groups;
mod identities;
mod messages;
mod organization;
mod secrets;
mod views;

pub use identities::KeyView;
pub use views::{SecretView, VersionView};
