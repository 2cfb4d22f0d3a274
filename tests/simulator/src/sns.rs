//! SNS: topics and what is published to them.
//!
//! <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>

use std::collections::BTreeMap;

use crate::front::door::Context;
use crate::front::params::{Form, page};
use crate::front::protocol::{ApiError, Reply, Service};
use crate::front::routing::unknown_operation;
use crate::front::xml::Xml;
use crate::world::messages::Alert;

const LONGEST_SUBJECT: usize = 100;
const LONGEST_MESSAGE: usize = 262_144;

pub(crate) fn call(context: &mut Context<'_>, operation: &str, form: &Form) -> Result<Reply, ApiError> {
    let xml = match operation {
        "CreateTopic" => create_topic(context, form),
        "ListTopics" => list_topics(context, form),
        "Publish" => publish(context, form),
        "ListSubscriptionsByTopic" => list_subscriptions(context, form),
        _ => Err(unknown_operation(Service::Sns, operation)),
    }?;
    Ok(Reply::Xml(xml))
}

fn create_topic(context: &mut Context<'_>, form: &Form) -> Result<Xml, ApiError> {
    let name = form.required("Name")?;
    let arn = format!("arn:aws:sns:{}:{}:{name}", context.region, context.caller.account);
    let now = context.now;
    context.state.world.topics.entry(arn.clone()).or_insert(now);
    Ok(Xml::new().text("TopicArn", &arn))
}

fn list_topics(context: &mut Context<'_>, form: &Form) -> Result<Xml, ApiError> {
    let prefix = format!("arn:aws:sns:{}:{}:", context.region, context.caller.account);
    let topics = context.state.world.topics.keys();
    let members = topics
        .filter(|arn| arn.starts_with(&prefix))
        .map(|arn| (arn.clone(), Xml::new().text("TopicArn", arn)))
        .collect();
    let size = context.state.options.page_size;
    let (members, next) =
        page(members, form.get("NextToken"), size).ok_or_else(|| invalid("Invalid parameter: NextToken"))?;
    Ok(Xml::new().list("Topics", members).optional("NextToken", next.as_deref()))
}

fn publish(context: &mut Context<'_>, form: &Form) -> Result<Xml, ApiError> {
    let topic = form
        .get("TopicArn")
        .or(form.get("TargetArn"))
        .ok_or_else(|| invalid("Invalid parameter: TopicArn or TargetArn"))?;
    let message = form.get("Message").unwrap_or_default();
    if message.is_empty() {
        return Err(invalid("Invalid parameter: Empty message"));
    }
    if message.len() > LONGEST_MESSAGE {
        return Err(invalid("Invalid parameter: Message too long"));
    }
    let subject = form.get("Subject");
    if subject.is_some_and(|subject| !is_subject(subject)) {
        return Err(invalid("Invalid parameter: Subject"));
    }
    let home = format!(":{}:", context.caller.account);
    if !topic.contains(&home) {
        return Err(Service::Sns.denied(format!(
            "User: {} is not authorized to perform: SNS:Publish on resource: {topic}",
            context.caller.arn
        )));
    }
    if !context.state.world.topics.contains_key(topic) {
        return Err(ApiError::new(404, "NotFound", "Topic does not exist"));
    }
    let names = form.list("MessageAttributes.entry", "Name");
    let values = form.list("MessageAttributes.entry", "Value.StringValue");
    let attributes: BTreeMap<String, String> = names.into_iter().zip(values).collect();
    context.state.world.alerts.push(Alert {
        at: context.now,
        topic: topic.to_owned(),
        subject: subject.map(str::to_owned),
        message: message.to_owned(),
        attributes,
    });
    let id = context.state.world.ids.uuid("message-id");
    Ok(Xml::new().text("MessageId", &id))
}

/// A subscription that nobody has confirmed has no ARN
/// (<https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html>).
fn list_subscriptions(context: &mut Context<'_>, form: &Form) -> Result<Xml, ApiError> {
    let topic = form.get("TopicArn").ok_or_else(|| invalid("Invalid parameter: TopicArn"))?;
    if !context.state.world.topics.contains_key(topic) {
        return Err(ApiError::new(404, "NotFound", "Topic does not exist"));
    }
    let subscriptions = context.state.world.deployment.subscriptions.iter().enumerate();
    let members = subscriptions
        .filter(|(_, subscription)| subscription.topic == topic)
        .map(|(nth, subscription)| {
            let arn = match subscription.confirmed {
                true => format!("{topic}:{nth:08}-0000-4000-8000-000000000000"),
                false => "PendingConfirmation".to_owned(),
            };
            let xml = Xml::new()
                .text("TopicArn", topic)
                .text("Protocol", &subscription.protocol)
                .text("SubscriptionArn", &arn)
                .text("Owner", &context.caller.account)
                .text("Endpoint", &subscription.endpoint);
            (nth.to_string(), xml)
        })
        .collect();
    let size = context.state.options.page_size;
    let (members, next) =
        page(members, form.get("NextToken"), size).ok_or_else(|| invalid("Invalid parameter: NextToken"))?;
    Ok(Xml::new().list("Subscriptions", members).optional("NextToken", next.as_deref()))
}

/// "Subjects must be ASCII text that begins with a letter, number, or punctuation mark; must not
/// include line breaks or control characters; and must be less than 100 characters long" (in
/// practice 100 are accepted).
fn is_subject(subject: &str) -> bool {
    (1..=LONGEST_SUBJECT).contains(&subject.len())
        && subject.bytes().all(|byte| (0x20..0x7f).contains(&byte))
        && !subject.starts_with(' ')
}

fn invalid(message: &str) -> ApiError {
    ApiError::new(400, "InvalidParameter", message)
}
