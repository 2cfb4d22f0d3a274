//! [SNS](https://docs.aws.amazon.com/sns/latest/api/welcome.html).

use aws_config::{Region, SdkConfig};
use aws_sdk_sns::Client;
use aws_sdk_sns::config::Builder;

use super::CallError;

/// The call this product makes to SNS.
#[derive(Clone, Debug)]
pub struct Sns {
    client: Client,
}

impl Sns {
    pub(super) fn new(sdk: &SdkConfig) -> Self {
        Self { client: Client::from_conf(Builder::from(sdk).build()) }
    }

    /// [Publish](https://docs.aws.amazon.com/sns/latest/api/API_Publish.html), in the topic's region.
    pub async fn publish(&self, topic_arn: &str, subject: &str, message: &str) -> Result<(), CallError> {
        let mut region = aws_sdk_sns::config::Config::builder();
        if let Some(name) = topic_arn.split(':').nth(3).filter(|name| !name.is_empty()) {
            region = region.region(Region::new(name.to_owned()));
        }
        let request = self.client.publish().topic_arn(topic_arn).subject(subject).message(message);
        let sent = request.customize().config_override(region).send().await;
        sent.map(drop).map_err(|e| CallError::new("sns:Publish", &e))
    }
}
