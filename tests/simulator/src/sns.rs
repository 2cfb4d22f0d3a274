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
    check_fifo(topic, form)?;
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

/// A FIFO topic demands a group, and an id where the content is not one; a standard topic takes no id
/// (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>).
fn check_fifo(topic: &str, form: &Form) -> Result<(), ApiError> {
    let (group, id) = (form.get("MessageGroupId"), form.get("MessageDeduplicationId"));
    let usable =
        |text: &str| (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if [group, id].into_iter().flatten().any(|text| !usable(text)) {
        return Err(invalid("Invalid parameter: MessageGroupId or MessageDeduplicationId"));
    }
    match (topic.ends_with(".fifo"), group, id) {
        (true, None, _) => {
            Err(invalid("Invalid parameter: The MessageGroupId parameter is required for FIFO topics"))
        }
        (true, Some(_), None) => Err(invalid(
            "Invalid parameter: The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
        )),
        (false, _, Some(_)) => Err(invalid(
            "Invalid parameter: MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type",
        )),
        _ => Ok(()),
    }
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
