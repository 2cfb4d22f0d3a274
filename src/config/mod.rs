//! The environment becomes a [`Config`]. Pure: variables come in as pairs.
//!
//! A misspelt setting would be a default nobody wanted, so an unknown `ROTATOR_…` name is refused. Both functions
//! take the same variables: each accepts the other's names, and does not use them.

mod exempt;
mod exposed;
mod mode;
mod read;
mod regions;
mod settings;
mod shared;
mod sweep;
mod unreadable;
mod variables;

pub(crate) use exempt::Exemptions;
pub use exposed::Exposed;
pub use mode::Mode;
pub use regions::parse_regions;
pub use settings::{SETTINGS, Setting, UsedBy};
pub use shared::{Config, EmailConfig};
pub use sweep::{Scope, SecretsIn, SweepConfig};
pub(crate) use unreadable::Unreadable;
pub use variables::readable;
