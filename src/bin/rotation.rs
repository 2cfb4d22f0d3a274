//! The Lambda that Secrets Manager invokes; see the library for everything but the wiring.

#![expect(clippy::disallowed_methods, reason = "this is where environment and clock come in")]

use std::time::SystemTime;

use iam_key_rotator::aws::Aws;
use iam_key_rotator::config::{Config, readable};
use iam_key_rotator::defect;
use iam_key_rotator::event::Invocation;
use iam_key_rotator::rotation::Rotator;
use iam_key_rotator::telemetry::{self, Metrics};
use lambda_runtime::{LambdaEvent, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    defect::keep_silent();
    let variable = |name| std::env::var(name).ok();
    let (level, format) = (variable("AWS_LAMBDA_LOG_LEVEL"), variable("AWS_LAMBDA_LOG_FORMAT"));
    tracing::subscriber::set_global_default(telemetry::subscriber(
        level.as_deref(),
        format.as_deref(),
        std::io::stdout,
    ))?;

    let metrics = Metrics::stdout().of(&variable("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default());
    let config = Config::from_variables(readable(std::env::vars_os()));
    if let Err(error) = &config {
        // The function starts all the same, and answers every invocation with this error: a process
        // that ends would be reported as a crash that tells nobody why.
        tracing::error!(errorType = error.error_type(), error = %error, "the settings cannot be read");
    }
    let aws = match defect::guarded(async { Ok(Aws::from_lambda_environment().await) }).await {
        Ok(aws) => aws,
        Err(error) => return defect::answer_always(error).await,
    };
    let rotator = Rotator::new(aws, config, metrics);
    let rotator = &rotator;
    lambda_runtime::run(service_fn(|event: LambdaEvent<serde_json::Value>| async move {
        let invocation = Invocation::new(event.context, SystemTime::now());
        rotator.handle(event.payload, invocation).await
    }))
    .await
}
