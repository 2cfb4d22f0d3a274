//! [Lambda](https://docs.aws.amazon.com/lambda/latest/api/welcome.html).

use aws_config::SdkConfig;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::Builder;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;

use super::CallError;

/// The call this product makes to Lambda.
#[derive(Clone, Debug)]
pub struct Lambda(Client);

impl Lambda {
    pub(super) fn new(sdk: &SdkConfig) -> Self {
        Self(Client::from_conf(Builder::from(sdk).build()))
    }

    /// [Invoke](https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html), without waiting for
    /// what it answers.
    pub async fn invoke_later(&self, function: &str, event: &serde_json::Value) -> Result<(), CallError> {
        let request = self
            .0
            .invoke()
            .function_name(function)
            .invocation_type(InvocationType::Event)
            .payload(Blob::new(event.to_string()));
        request.send().await.map(drop).map_err(|e| CallError::new("lambda:InvokeFunction", &e))
    }
}
