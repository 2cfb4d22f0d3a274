//! What people are told, and that telling them never changes what happened.

use serde_json::json;
use simulator::{Fault, FaultKind, Options};

use crate::stage::{ACCOUNT, FUNCTION, Stage, TAG, TOPIC, USER, value_of};

const FROM: (&str, &str) = ("ROTATOR_EMAIL_FROM", "Keys <keys@example.com>");
const ADMIN: (&str, &str) = ("ROTATOR_ADMIN_EMAIL", "admin@example.com");
const ALERTS: (&str, &str) = ("ROTATOR_ALERT_TOPIC_ARN", TOPIC);

fn mailing(settings: &[(&str, &str)]) -> Stage {
    let swept = [("ROTATOR_MODE", "retire")];
    let swept = if settings.iter().any(|(name, _)| *name == "ROTATOR_MODE") { &[][..] } else { &swept[..] };
    let all = [&[FROM, ADMIN], swept, settings].concat();
    // An empty mode stands for none.
    let set: Vec<_> = all.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    Stage::new(Options::default(), &set)
}

#[tokio::test(start_paused = true)]
async fn the_user_is_mailed_once_which_key_is_new_where_to_fetch_it_and_until_when_the_old_one_works() {
    let stage = mailing(&[]);
    stage.sim.tag_user(ACCOUNT, USER, "email", "owner@example.com");
    let (old, arn) = stage.adopted();
    stage.rotated(&arn).await;
    let mails = stage.sim.mails();
    let [mail] = &mails[..] else { panic!("{mails:?}") };
    assert_eq!(mail.to, ["owner@example.com"]);
    let new = stage.working_key(&arn);
    let (text, html) = (mail.text.as_deref().unwrap(), mail.html.as_deref().unwrap());
    assert!(mail.subject.contains(&new));
    // In a date no line ends: its spaces do not break.
    let html = html.replace("<span style=\"white-space:nowrap\">", "").replace("</span>", "");
    let spaced = [text, &html].map(|part| part.replace('\u{a0}', " "));
    for part in spaced.iter().map(String::as_str) {
        for fact in [
            new.as_str(),
            &old.access_key_id,
            "2026-01-02 00:00 UTC (in 24 hours)",
            "deleted on 2026-01-09 00:00 UTC at the earliest",
            "The old key was 100 days old.",
            "Questions? Ask the security team of AWS account 111122223333.",
            "get-secret-value",
            "console.aws.amazon.com",
        ] {
            assert!(part.contains(fact), "{fact} in {part}");
        }
        let secret = stage.current(&arn)["SecretAccessKey"].as_str().unwrap().to_owned();
        assert!(!part.contains(&secret) && !part.contains(&old.secret_access_key));
    }
    // The record of the intent is closed: the next look knows that the mail is out.
    assert!(!stage.sim.secret(&arn).tags.contains_key("iam-key-rotator:intent"));
}

#[tokio::test(start_paused = true)]
async fn the_mail_promises_no_deactivation_where_no_sweep_retires_keys() {
    for (mode, why) in [("", "no sweep is deployed"), ("audit", "the sweep only audits")] {
        let stage = mailing(&[("ROTATOR_MODE", mode)]);
        let (old, arn) = stage.adopted();
        stage.rotated(&arn).await;
        let text = stage.sim.mails()[0].text.clone().unwrap();
        assert!(text.contains(why) && text.contains("not deactivated automatically"), "{text}");
        assert!(text.contains(&format!("The old key {} keeps working:", old.access_key_id)), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_deleted_while_it_is_active_is_not_deleted_without_a_word() {
    for mails in [true, false] {
        let stage = if mails { mailing(&[]) } else { crate::alerts::alerting(&[]).0 };
        let arn = match mails {
            true => stage.adopted().1,
            false => stage.sim.secret_arns(ACCOUNT, crate::stage::REGION)[0].clone(),
        };
        stage.rotated(&arn).await;
        let old = stage.keys()[0].0.clone();
        // Nobody has retired it, as where no sweep is deployed.
        stage.sim.advance(crate::stage::days(90));
        stage.rotated(&arn).await;
        let told = match mails {
            true => stage.sim.mails().into_iter().filter_map(|mail| mail.text).collect::<Vec<_>>(),
            false => stage.sim.alerts().into_iter().map(|alert| alert.message).collect(),
        };
        let notice = told.iter().find(|text| text.contains("although it was active")).unwrap();
        assert!(notice.contains(&old), "{notice}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_repeated_finish_secret_sends_no_second_mail() {
    let stage = mailing(&[]);
    let (_, arn) = stage.adopted();
    let report = stage.rotated(&arn).await;
    for _ in 0..3 {
        let again = stage.step("finishSecret", &arn, &report.token).await.unwrap();
        assert_eq!(again["outcome"], "already-done");
    }
    assert_eq!(stage.sim.mails().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_crash_between_the_promotion_and_the_mail_does_not_lose_the_mail() {
    for kind in [FaultKind::KillAfter, FaultKind::ResponseLost] {
        let stage = Stage::new(Options { rotation_attempts: 3, ..Options::default() }, &[FROM, ADMIN]);
        let (old, _) = stage.adopted();
        let arn = stage.secret_labelled(&old);
        stage.sim.add_fault(Fault::on("UpdateSecretVersionStage", 1, kind));
        stage.rotated(&arn).await;
        assert_eq!(stage.sim.mails().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_address_there_is_gets_the_mail() {
    let tagged: &[(&str, &str)] = &[TAG, ("iam-key-rotator:email", "team@example.com")];
    let plain: &[(&str, &str)] = &[TAG];
    let domain: &[(&str, &str)] = &[("ROTATOR_EMAIL_DOMAIN", "corp.example.com")];
    for (tags, user_tag, settings, expected) in [
        (tagged, Some("owner@example.com"), domain, "team@example.com"),
        (plain, Some("owner@example.com"), domain, "owner@example.com"),
        (plain, Some("not an address"), domain, "ci-bot@corp.example.com"),
        (plain, None, domain, "ci-bot@corp.example.com"),
        (plain, None, &[], "admin@example.com"),
    ] {
        let stage = mailing(settings);
        if let Some(address) = user_tag {
            stage.sim.tag_user(ACCOUNT, USER, "team", "x");
            stage.sim.tag_user(ACCOUNT, USER, "stage", "x");
            stage.sim.tag_user(ACCOUNT, USER, "email", address);
        }
        let key = stage.sim.create_access_key(ACCOUNT, USER);
        let arn = stage.sim.create_secret("keys/ci-bot", Some(&value_of(&key)), tags);
        stage.sim.set_rotation(&arn, FUNCTION);
        stage.rotated(&arn).await;
        assert_eq!(stage.sim.mails()[0].to, [expected]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_user_whose_name_is_an_address_is_mailed_there() {
    let stage = mailing(&[]);
    stage.sim.create_user(ACCOUNT, "ann@example.com");
    let arn = stage.sim.create_secret("ann", Some("{}"), &[("iam-key-rotator:user", "ann@example.com")]);
    stage.sim.set_rotation(&arn, FUNCTION);
    stage.rotated(&arn).await;
    assert_eq!(stage.sim.mails()[0].to, ["ann@example.com"]);
    assert!(stage.sim.mails()[0].text.as_deref().unwrap().contains("no key before"));
}

#[tokio::test(start_paused = true)]
async fn a_mail_that_cannot_be_sent_is_alerted_and_the_rotation_succeeds() {
    let stage = mailing(&[ALERTS]);
    let (_, arn) = stage.adopted();
    stage.sim.add_fault(Fault::on("SendEmail", 0, FaultKind::ErrorCode("MessageRejected", 400)));
    stage.rotated(&arn).await;
    stage.working_key(&arn);
    let alerts = stage.sim.alerts();
    assert_eq!(alerts.len(), 1);
    assert!(
        alerts[0].message.contains("MessageRejected") && alerts[0].message.contains(USER),
        "{}",
        alerts[0].message
    );
}

#[tokio::test(start_paused = true)]
async fn an_address_that_cannot_be_read_and_a_record_that_cannot_be_closed_do_not_fail_the_rotation() {
    let stage = mailing(&[]);
    let (_, arn) = stage.adopted();
    // The first time createSecret asks, whether the user is exempt: what cannot be read is no "no".
    stage.sim.add_fault(Fault::on("ListUserTags", 2, FaultKind::Denied));
    stage.sim.add_fault(Fault::on("UntagResource", 0, FaultKind::Denied));
    stage.rotated(&arn).await;
    assert_eq!(stage.sim.mails()[0].to, ["admin@example.com"]);
}

#[tokio::test(start_paused = true)]
async fn a_template_of_the_users_own_gets_the_facts_and_no_secret() {
    let stage = mailing(&[("ROTATOR_EMAIL_TEMPLATE", "rotated")]);
    stage.sim.create_email_template("rotated", "New key {{keyId}}", Some("Hello {{user}}"), None);
    let (_, arn) = stage.adopted();
    stage.rotated(&arn).await;
    let mail = stage.sim.mails().remove(0);
    assert_eq!(mail.template.as_deref(), Some("rotated"));
    let data = format!("{:?}", mail.template_data);
    assert!(data.contains(USER) && data.contains(&stage.working_key(&arn)), "{data}");
    assert!(!data.contains(stage.current(&arn)["SecretAccessKey"].as_str().unwrap()));
}

#[tokio::test(start_paused = true)]
async fn without_a_sender_and_a_topic_nothing_is_sent() {
    let stage = Stage::plain();
    let (_, arn) = stage.adopted();
    stage.rotated(&arn).await;
    stage.failed(&arn).await;
    assert!(stage.sim.mails().is_empty() && stage.sim.alerts().is_empty());
}

#[tokio::test(start_paused = true)]
async fn names_are_escaped_in_the_html_part() {
    let stage = mailing(&[]);
    let key = stage.sim.create_access_key(ACCOUNT, USER);
    let value =
        json!({"AccessKeyId": key.access_key_id, "SecretAccessKey": key.secret_access_key}).to_string();
    // Secret names may hold + = . @ - _ / and no more, so nothing worse can come this far.
    let arn = stage.sim.create_secret("keys/a+b=c@d", Some(&value), &[TAG]);
    stage.sim.set_rotation(&arn, FUNCTION);
    stage.rotated(&arn).await;
    let mail = stage.sim.mails().remove(0);
    assert!(mail.html.unwrap().contains("name=keys%2Fa%2Bb%3Dc%40d&#38;region"));
    assert!(mail.text.unwrap().contains("name=keys%2Fa%2Bb%3Dc%40d&region"));
}

#[tokio::test(start_paused = true)]
async fn the_contact_is_named_in_the_mail_and_is_text_in_its_html() {
    let stage = mailing(&[("ROTATOR_CONTACT", "<b>Ann & co</b>, +49 30 1234")]);
    let (_, arn) = stage.adopted();
    stage.rotated(&arn).await;
    let mail = stage.sim.mails().remove(0);
    assert!(mail.text.unwrap().contains("Questions? Ask <b>Ann & co</b>, +49 30 1234."));
    let html = mail.html.unwrap();
    assert!(html.contains("Ann &#38; co") && !html.contains("<b>"), "{html}");
}
