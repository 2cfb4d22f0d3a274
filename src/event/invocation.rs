//! What the Lambda runtime says about one invocation.

use std::time::{Duration, SystemTime};

use lambda_runtime::Context;
use tokio::time::Instant;

use crate::model::account_of;

/// What the Lambda runtime says about one invocation.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The request's id, by which its log lines are found.
    pub request_id: String,
    /// The ARN by which the function was invoked.
    pub function_arn: String,
    /// When Lambda ends the invocation.
    pub deadline: Instant,
}

impl Invocation {
    /// Reads the runtime's context; its deadline is a time of day, `now`.
    pub(crate) fn new(context: Context, now: SystemTime) -> Self {
        let left = context.deadline().duration_since(now).unwrap_or_default();
        Self {
            request_id: context.request_id,
            function_arn: context.invoked_function_arn,
            deadline: Instant::now() + left,
        }
    }

    /// The account the function runs in, where its ARN tells.
    pub(crate) fn account(&self) -> Option<&str> {
        Some(account_of(&self.function_arn)).filter(|account| !account.is_empty())
    }

    /// How much time is left.
    pub(crate) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}
