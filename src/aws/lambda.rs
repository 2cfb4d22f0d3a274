//! [Lambda](https://docs.aws.amazon.com/lambda/latest/api/welcome.html).

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::Builder;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;

use super::failure::failed;
use crate::error::CallError;

/// The calls this product makes to Lambda.
#[derive(Clone, Debug)]
pub struct Lambda(Client);

/// A deployed function, as its configuration shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FunctionState {
    pub(crate) arn: String,
    /// `Active`, `Pending`, `Inactive` or `Failed`.
    pub(crate) state: String,
    /// Why it is in that state, where Lambda tells.
    pub(crate) reason: String,
    /// Its role's ARN.
    pub(crate) role: String,
    pub(crate) timeout_seconds: i32,
    /// Its `ROTATOR_…` variables.
    pub(crate) settings: Vec<(String, String)>,
    pub(crate) vpc: Option<String>,
    pub(crate) log_group: String,
}

impl Lambda {
    pub(super) fn new(sdk: &SdkConfig) -> Self {
        Self(Client::from_conf(Builder::from(sdk).build()))
    }

    /// [Invoke](https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html), without waiting for
    /// what it answers.
    pub(crate) async fn invoke_later(
        &self,
        function: &str,
        event: &serde_json::Value,
    ) -> Result<(), CallError> {
        let request = self
            .0
            .invoke()
            .function_name(function)
            .invocation_type(InvocationType::Event)
            .payload(Blob::new(event.to_string()));
        request.send().await.map(drop).map_err(|e| failed("lambda:InvokeFunction", &e).about(function))
    }

    /// [GetFunctionConfiguration](https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html).
    /// Of its variables, only this product's own are kept.
    pub(crate) async fn configuration(&self, function: &str) -> Result<FunctionState, CallError> {
        let answer = self.0.get_function_configuration().function_name(function).send().await;
        let answer = answer.map_err(|e| failed("lambda:GetFunctionConfiguration", &e).about(function))?;
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let variables = answer.environment().and_then(|environment| environment.variables());
        let mut settings: Vec<(String, String)> = variables
            .into_iter()
            .flatten()
            .filter(|(name, _)| name.starts_with("ROTATOR_"))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        settings.sort();
        let vpc = answer.vpc_config().and_then(|vpc| vpc.vpc_id()).filter(|vpc| !vpc.is_empty());
        let log_group = answer.logging_config().and_then(|logging| logging.log_group());
        let name = text(answer.function_name());
        Ok(FunctionState {
            log_group: log_group.map_or_else(|| format!("/aws/lambda/{name}"), str::to_owned),
            arn: text(answer.function_arn()),
            state: answer.state().map_or_else(String::new, |state| state.as_str().to_owned()),
            reason: text(answer.state_reason()),
            role: text(answer.role()),
            timeout_seconds: answer.timeout().unwrap_or_default(),
            settings,
            vpc: vpc.map(str::to_owned),
        })
    }

    /// A function's resource policy, as JSON; `None` where it has none.
    ///
    /// [GetPolicy](https://docs.aws.amazon.com/lambda/latest/api/API_GetPolicy.html).
    pub(crate) async fn policy(&self, function: &str) -> Result<Option<String>, CallError> {
        match self.0.get_policy().function_name(function).send().await {
            Ok(answer) => Ok(answer.policy),
            Err(error) => {
                let error = failed("lambda:GetPolicy", &error).about(function);
                if error.is_not_found() { Ok(None) } else { Err(error) }
            }
        }
    }

    /// The function's reserved concurrency; `None` where none is reserved. With 0 Lambda runs nothing.
    ///
    /// [GetFunctionConcurrency](https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConcurrency.html).
    pub async fn concurrency(&self, function: &str) -> Result<Option<i32>, CallError> {
        let answer = self.0.get_function_concurrency().function_name(function).send().await;
        let answer = answer.map_err(|e| failed("lambda:GetFunctionConcurrency", &e).about(function))?;
        Ok(answer.reserved_concurrent_executions)
    }

    /// The tags of a function, by its ARN without version or alias.
    ///
    /// [ListTags](https://docs.aws.amazon.com/lambda/latest/api/API_ListTags.html).
    pub async fn tags(&self, arn: &str) -> Result<BTreeMap<String, String>, CallError> {
        let answer = self.0.list_tags().resource(arn).send().await;
        let answer = answer.map_err(|e| failed("lambda:ListTags", &e).about(arn))?;
        Ok(answer.tags.unwrap_or_default().into_iter().collect())
    }

    /// Sets one tag of a function; its other tags stay.
    ///
    /// [TagResource](https://docs.aws.amazon.com/lambda/latest/api/API_TagResource.html).
    pub async fn tag(&self, arn: &str, key: &str, value: &str) -> Result<(), CallError> {
        let request = self.0.tag_resource().resource(arn).tags(key, value);
        request.send().await.map(drop).map_err(|e| failed("lambda:TagResource", &e).about(arn))
    }
}
