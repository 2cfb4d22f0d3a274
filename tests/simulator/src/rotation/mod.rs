//! The rotation engine of Secrets Manager, and the functions it invokes.
//!
//! <https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda.html>

pub(crate) mod engine;
pub(crate) mod events;
pub(crate) mod functions;
pub(crate) mod report;
pub(crate) mod runtime_api;
pub(crate) mod runtime_process;
pub(crate) mod schedule;
