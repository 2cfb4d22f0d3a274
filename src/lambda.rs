//! The process of a Lambda function: what both functions do around their own work.

#![expect(clippy::disallowed_methods, reason = "this is where environment and clock come in")]

use std::time::SystemTime;

use lambda_runtime::{LambdaEvent, service_fn};
use serde::Serialize;
use serde_json::Value;

use crate::aws::Aws;
use crate::config::{Unreadable, readable};
use crate::defect;
use crate::error::Result;
use crate::event::Invocation;
use crate::telemetry::{self, Metrics};

/// A function that Lambda invokes: built once, it serves every invocation of the process.
pub trait Function {
    /// Its settings.
    type Config;
    /// What an invocation that succeeds answers.
    type Answer: Serialize;

    /// Reads its settings.
    fn settings(
        variables: impl Iterator<Item = (String, String)>,
    ) -> std::result::Result<Self::Config, Unreadable>;

    /// Builds it. With unreadable settings each invocation fails with that error.
    fn new(aws: Aws, config: std::result::Result<Self::Config, Unreadable>, metrics: Metrics) -> Self;

    /// Handles one invocation, from the event to the answer.
    fn handle(&self, event: Value, invocation: Invocation) -> impl Future<Output = Result<Self::Answer>>;
}

/// Serves invocations until Lambda ends the process.
pub async fn run<F: Function>() -> std::result::Result<(), lambda_runtime::Error> {
    defect::keep_silent();
    let variable = |name| std::env::var(name).ok();
    let (level, format) = (variable("AWS_LAMBDA_LOG_LEVEL"), variable("AWS_LAMBDA_LOG_FORMAT"));
    tracing::subscriber::set_global_default(telemetry::subscriber(
        level.as_deref(),
        format.as_deref(),
        std::io::stdout,
    ))?;
    let metrics = Metrics::stdout().of(&variable("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default());
    let config = F::settings(readable(std::env::vars_os()));
    if let Err(error) = &config {
        // The function starts all the same, and answers every invocation with this error: a process
        // that ends would be reported as a crash that tells nobody why.
        tracing::error!(errorType = error.error_type(), error = %error, "the settings cannot be read");
    }
    let aws = match defect::guarded(async { Ok(Aws::from_lambda_environment().await) }).await {
        Ok(aws) => aws,
        Err(error) => return defect::answer_always(error).await,
    };
    let function = &F::new(aws, config, metrics);
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| async move {
        let invocation = Invocation::new(event.context, SystemTime::now());
        function.handle(event.payload, invocation).await
    }))
    .await
}
