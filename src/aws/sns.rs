//! [SNS](https://docs.aws.amazon.com/sns/latest/api/welcome.html).

use aws_config::{Region, SdkConfig};
use aws_sdk_sns::Client;
use aws_sdk_sns::config::Builder;
use sha2::{Digest as _, Sha256};

use super::failure::failed;
use crate::error::CallError;
use crate::model::region_of;

/// Pages of subscriptions that are read at most.
const MOST_PAGES: usize = 100;

/// The calls this product makes to SNS.
#[derive(Clone, Debug)]
pub(crate) struct Sns {
    client: Client,
}

/// Who hears of what is published to a topic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Subscriptions {
    /// How many have been confirmed.
    pub(crate) confirmed: usize,
    /// How many still wait for it.
    pub(crate) pending: usize,
}

impl Sns {
    pub(super) fn new(sdk: &SdkConfig) -> Self {
        Self { client: Client::from_conf(Builder::from(sdk).build()) }
    }

    /// [Publish](https://docs.aws.amazon.com/sns/latest/api/API_Publish.html), in the topic's region. A FIFO topic
    /// needs a message group, and an id by which it drops what comes twice within five minutes
    /// ([deduplication](https://docs.aws.amazon.com/sns/latest/dg/fifo-message-dedup.html)): the SDK's own retries.
    pub(crate) async fn publish(
        &self,
        topic_arn: &str,
        subject: &str,
        message: &str,
    ) -> Result<(), CallError> {
        let mut region = aws_sdk_sns::config::Config::builder();
        if let Some(name) = region_of(topic_arn) {
            region = region.region(Region::new(name.to_owned()));
        }
        let fifo = topic_arn.ends_with(".fifo");
        let digest = || Sha256::digest(format!("{subject}\n{message}"));
        let id = fifo.then(|| digest().iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        let request = self
            .client
            .publish()
            .topic_arn(topic_arn)
            .subject(subject)
            .message(message)
            .set_message_group_id(fifo.then(|| "iam-key-rotator".to_owned()))
            .set_message_deduplication_id(id);
        let sent = request.customize().config_override(region).send().await;
        sent.map(drop).map_err(|e| failed("sns:Publish", &e).about(topic_arn))
    }

    /// Who hears of a topic; `None` where there is no such topic.
    ///
    /// [ListSubscriptionsByTopic](https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html).
    pub(crate) async fn subscriptions(&self, topic_arn: &str) -> Result<Option<Subscriptions>, CallError> {
        const ACTION: &str = "sns:ListSubscriptionsByTopic";
        let mut found = Subscriptions::default();
        let mut next = None;
        for _ in 0..MOST_PAGES {
            let mut region = aws_sdk_sns::config::Config::builder();
            if let Some(name) = region_of(topic_arn) {
                region = region.region(Region::new(name.to_owned()));
            }
            let request = self.client.list_subscriptions_by_topic().topic_arn(topic_arn).set_next_token(next);
            let page = match request.customize().config_override(region).send().await {
                Ok(page) => page,
                Err(error) => {
                    let error = failed(ACTION, &error).about(topic_arn);
                    return if error.is_not_found() { Ok(None) } else { Err(error) };
                }
            };
            for subscription in page.subscriptions() {
                match subscription.subscription_arn() {
                    Some(arn) if arn.starts_with("arn:") => found.confirmed += 1,
                    _ => found.pending += 1,
                }
            }
            match page.next_token {
                Some(more) => next = Some(more),
                None => return Ok(Some(found)),
            }
        }
        Err(CallError::incomplete(ACTION))
    }
}
