//! The auditor's report: who has which keys, how old, how used, under which policy, and what
//! happened to them.
//!
//! [`collect()`] reads, and changes nothing; [`Report`] is what it read; [`html()`], [`csv()`] and
//! [`json()`] write it down; a manifest binds a file to the ones before it, and [`verify()`] checks
//! that nobody changed one. No secret value is read, let alone written.

mod assess;
mod collect;
pub mod controls;
mod csv;
pub mod evidence;
mod history;
mod html;
mod manifest;
mod output;
#[cfg(test)]
mod sample;
pub mod standing;
mod verify;

pub use collect::{collect, expected_time};
pub use csv::csv;
pub use evidence::Report;
pub use html::html;
pub(crate) use output::manifest_of;
pub use output::{Format, Written, earlier, latest_manifest, write};
pub use verify::{Break, Checked, verify};

/// The report as JSON.
pub fn json(report: &Report) -> String {
    let mut text = serde_json::to_string_pretty(report).unwrap_or_default();
    text.push('\n');
    text
}
