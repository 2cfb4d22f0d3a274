//! Rotates IAM access keys through AWS Secrets Manager's native rotation contract.
//!
//! One idea carries everything: **observe → plan → execute**. A module imports only modules below it:
//!
//! | module | what it does |
//! |---|---|
//! | `cli` | the command line: it looks, plans and acts through the modules below |
//! | [`report`] | tells auditors: an account's keys as HTML, CSV or JSON, each file chained to the one before |
//! | [`rotation`] | the four steps: observe, plan, execute, report |
//! | [`sweep`] | the fleet: the same for every user of an account, and for every account |
//! | [`lambda`] | what both functions share: start, invocation, deadline |
//! | `notify` | tells people: the SNS alert of a failure, the SES mails |
//! | `execute` | carries out the changes that all plans share, of keys and labels |
//! | [`mod@aws`] | the only place that names the SDK's types |
//! | [`telemetry`] | tells machines: JSON log lines, CloudWatch metrics |
//! | [`defect`] | a panic becomes an error like any other |
//! | [`plan`] | pure: what was observed becomes changes with reasons |
//! | [`event`] | the JSON of an invocation becomes an [`event::RotationEvent`] or an [`event::SweepEvent`] |
//! | [`config`] | the environment becomes a [`config::Config`] or a [`config::SweepConfig`], once, at start |
//! | `error` | every failure as one type, whose variants are the `errorType`s that an invocation fails with |
//! | [`model`] | the types that everything is about |

#![warn(unreachable_pub)]
// Without the command line, what only it needs stands unused; without `aws`, what the executors need.
#![cfg_attr(not(feature = "cli"), allow(dead_code, unused_imports))]

#[cfg(feature = "aws")]
pub mod aws;
#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
#[cfg(feature = "aws")]
pub mod defect;
pub(crate) mod error;
pub mod event;
#[cfg(feature = "aws")]
mod execute;
#[cfg(feature = "aws")]
pub mod lambda;
pub mod model;
#[cfg(feature = "aws")]
pub(crate) mod notify;
pub mod plan;
#[cfg(feature = "aws")]
pub mod report;
#[cfg(feature = "aws")]
pub mod rotation;
#[cfg(feature = "aws")]
pub mod sweep;
#[cfg(feature = "aws")]
pub mod telemetry;
