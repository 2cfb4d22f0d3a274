//! Whether alerts and mails reach anybody.

use super::super::Session;
use super::checks::Checks;
use crate::config::Config;

/// Looks at topic and sender.
pub(super) async fn check(report: &mut Checks, session: &Session, settings: &Config) {
    check_topic(report, session, settings).await;
    check_sender(report, session, settings).await;
}

async fn check_topic(report: &mut Checks, session: &Session, settings: &Config) {
    const AREA: &str = "alerts";
    const LISTED: &str = "sns:ListSubscriptionsByTopic";
    let Some(topic) = &settings.alert_topic_arn else {
        return report.warning(
            AREA,
            "nobody is alerted of failures",
            "ROTATOR_ALERT_TOPIC_ARN is not set on the function",
            "Set it to the ARN of an SNS topic that somebody is subscribed to.",
        );
    };
    match report.answer(AREA, session.aws.sns().subscriptions(topic).await) {
        None => {}
        Some(None) => report.error(
            AREA,
            "the alert topic does not exist",
            format!("{LISTED}: no {topic}"),
            "Deploy it again, or correct ROTATOR_ALERT_TOPIC_ARN.",
        ),
        Some(Some(heard)) if heard.confirmed == 0 => report.error(
            AREA,
            "nobody hears of alerts",
            format!("{LISTED}: {topic} has no confirmed subscription, {} pending", heard.pending),
            if heard.pending > 0 {
                "Have the subscribers follow the link in the mail from AWS; it is good for two days."
            } else {
                "Subscribe somebody: `aws sns subscribe --protocol email`."
            },
        ),
        Some(Some(heard)) if heard.pending > 0 => report.warning(
            AREA,
            "not everybody who was to hear of alerts does",
            format!("{LISTED}: {} confirmed, {} pending", heard.confirmed, heard.pending),
            "Have the others follow the link in the mail from AWS, or remove them.",
        ),
        Some(Some(heard)) => report.ok(AREA, format!("confirmed subscriptions: {}", heard.confirmed)),
    }
}

async fn check_sender(report: &mut Checks, session: &Session, settings: &Config) {
    const AREA: &str = "mails";
    let Some(from) = &settings.email.from else {
        return report.note(AREA, "ROTATOR_EMAIL_FROM is not set: users are not mailed");
    };
    let address = from.rsplit_once('<').map_or(from.as_str(), |(_, address)| address.trim_end_matches('>'));
    let domain = address.rsplit('@').next().unwrap_or_default();
    let ses = session.aws.ses();
    let Some(own) = report.answer(AREA, ses.is_verified(address).await) else { return };
    let Some(of_domain) = report.answer(AREA, ses.is_verified(domain).await) else { return };
    match (own, of_domain) {
        (Some(true), _) | (_, Some(true)) => report.ok(AREA, format!("{address} may send")),
        (None, None) => report.error(
            AREA,
            "the sender is no identity of SES: no mail goes out",
            format!("ses:GetEmailIdentity: neither {address} nor {domain}, in {}", session.aws.region()),
            "`aws sesv2 create-email-identity`, in the function's region.",
        ),
        _ => report.error(
            AREA,
            "the sender is not verified: no mail goes out",
            format!("ses:GetEmailIdentity: {address} waits for its verification"),
            "Follow the link in AWS's mail, or publish the DNS records.",
        ),
    }
    let Some(account) = report.answer(AREA, ses.account().await) else { return };
    if !account.sending {
        report.error(
            AREA,
            "AWS has paused sending: no mail goes out",
            "ses:GetAccount: SendingEnabled is false",
            "See the account's reputation in the SES console.",
        );
    }
    if !account.production {
        report.warning(
            AREA,
            "SES is in the sandbox: mails reach verified addresses only, 200 a day",
            "ses:GetAccount: ProductionAccessEnabled is false",
            "Verify the recipients' domain, or ask AWS for production access.",
        );
    }
}
