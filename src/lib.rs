//! Rotates IAM access keys through AWS Secrets Manager's native rotation contract.
//!
//! One idea carries everything: **observe → plan → execute**. The modules, in the order in which
//! an invocation flows through them:
//!
//! | module | what it does |
//! |---|---|
//! | [`event`] | the JSON of an invocation becomes an [`event::RotationEvent`] or an [`event::SweepEvent`] |
//! | [`config`] | the environment becomes a [`config::Config`] or a [`config::SweepConfig`], once, at start |
//! | [`rotation`] | the four steps: observe, plan, execute, report; the one place that handles an error |
//! | [`sweep`] | the fleet: the same for every user of an account, and for every account |
//! | [`observe`] | reads AWS into a [`model::Observation`]; changes nothing |
//! | [`plan`] | pure: an observation becomes a [`plan::Plan`], actions with reasons and an outcome |
//! | [`execute`] | carries a rotation's plan out; it and `sweep::execute` alone change keys or secrets |
//! | [`prove`] | has STS accept a new key, in every region it will be used in |
//! | [`notify`] | tells people: the SNS alert of a failure, the SES mail of a success |
//! | [`report`] | tells auditors: an account's keys as HTML, CSV or JSON, each file chained to the one before |
//! | [`defect`] | a panic becomes an error like any other |
//! | [`telemetry`] | tells machines: JSON log lines, CloudWatch metrics |
//!
//! The operator's seat is [`cli`], which looks, plans and acts through the same modules.
//!
//! Beneath them: [`model`], the nouns; [`mod@aws`], the only place that names the SDK's types;
//! [`error`], whose variants are the `errorType`s that an invocation fails with.

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
