//! Every mail that is sent, written down: `make mails` makes pictures of them.

use simulator::{Fault, FaultKind, Mail};

use crate::fleet::{Fleet, MAILS};
use crate::stage::{FUNCTION, days, hours};

const SETTINGS: [(&str, &str); 4] = [
    ("ROTATOR_OVERLAP", "14d"),
    ("ROTATOR_RECOVERY", "14d"),
    ("ROTATOR_WARN_BEFORE", "7d"),
    ("ROTATOR_CONTACT", "security@example.com or #access-keys"),
];

/// Leaves each mail's subject and parts below `target/tmp/mails`, and the alerts.
#[tokio::test(start_paused = true)]
async fn every_mail_is_readable_as_text_and_loads_nothing() {
    let folder = crate::report::folder("mails");
    let fleet = Fleet::new(&[SETTINGS.as_slice(), MAILS.as_slice()].concat());
    let (used, _) = fleet.enrolled("checkout-eu", 82);
    fleet.enrolled("a.very.long.user-name+of_a.person@subsidiary.example.com", 82);
    fleet.enrolled("billing-us", 100);
    fleet.key("billing-us", 9);
    let (_, off) = fleet.enrolled("ledger-us", 89);
    fleet.sim.disable_rotation(&off);
    for day in 0..48 {
        if day == 10 {
            fleet.sim.use_key_at(&used.access_key_id, "dynamodb", "eu-west-1", fleet.sim.now() - hours(5));
        }
        fleet.day().await;
    }
    fleet.sim.add_fault(Fault::on("CreateAccessKey", 0, FaultKind::Denied));
    let arn = fleet.secret("checkout-eu").arn;
    fleet.sim.rotate(&arn).await;
    fleet.sim.clear_faults();
    fleet.deploy(&[SETTINGS.as_slice(), MAILS.as_slice(), &[("ROTATOR_MODE", "audit")]].concat());
    fleet.sim.advance(days(60));
    fleet.sweep().await;

    let mails = fleet.sim.mails();
    let seen =
        |words: &str| mails.iter().any(|mail| mail.text.as_deref().unwrap_or_default().contains(words));
    let said = [
        "(in\u{a0}7\u{a0}days)",
        "Rotation on",
        "was rotated",
        "Deactivation on",
        "Deactivated",
        "Deletion on",
        "Deleted",
        "Still in use",
    ];
    for words in said {
        let subjects: Vec<&str> = mails.iter().map(|mail| mail.subject.as_str()).collect();
        assert!(seen(words), "no mail says {words:?}: {subjects:#?}");
    }
    let mut names = std::collections::BTreeSet::new();
    for mail in &mails {
        check(mail);
        let name = kind(&mail.subject);
        // One of a kind is enough to look at.
        if names.insert(name.clone()) {
            let path = folder.join(format!("{:02}-{name}", names.len()));
            std::fs::write(path.with_extension("html"), mail.html.as_deref().unwrap()).unwrap();
            let text = format!("Subject: {}\n\n{}", mail.subject, mail.text.as_deref().unwrap());
            std::fs::write(path.with_extension("txt"), text).unwrap();
        }
    }
    let first = first_day_of_enforce().await;
    check(&first);
    let text = first.text.as_deref().unwrap();
    let lines = text.lines().count();
    assert!(text.contains("Done: enroll (90)") && text.contains("and 70 more"), "{text}");
    assert!(lines < 90, "{lines} lines: {text}");
    let denied = text.lines().filter(|line| line.contains("iam:ListUserTags")).count();
    assert_eq!(denied, 1, "the same error of nine users is one line: {text}");
    let position = |words: &str| text.find(words).unwrap_or_else(|| panic!("no {words:?} in {text}"));
    assert!(position("Action needed: UnknownKey") < position("Left out after an error"));
    assert!(position("Left out after an error") < position("Done: enroll"));
    std::fs::write(folder.join("first-day-of-enforce.html"), first.html.as_deref().unwrap()).unwrap();
    std::fs::write(folder.join("first-day-of-enforce.txt"), text).unwrap();
    let alerts = fleet.sim.alerts();
    for (nth, alert) in alerts.iter().enumerate().take(4) {
        let text = format!("Subject: {}\n\n{}", alert.subject.as_deref().unwrap_or_default(), alert.message);
        std::fs::write(folder.join(format!("alert-{nth}.txt")), text).unwrap();
    }
}

/// The digest of an account whose 90 users get their secrets on one day; nine more cannot be read.
async fn first_day_of_enforce() -> Mail {
    let settings = [("ROTATOR_MODE", "enforce"), ("ROTATOR_SCOPE", "all")];
    let function = [("ROTATOR_ROTATION_FUNCTION_ARN", FUNCTION)];
    let fleet = Fleet::new(&[SETTINGS.as_slice(), MAILS.as_slice(), &settings, &function].concat());
    for nth in 0..99 {
        fleet.user(&format!("batch-{nth:03}"), 120 + nth);
    }
    fleet.enrolled("checkout-eu", 10);
    fleet.key("checkout-eu", 5);
    for nth in 1..=9 {
        fleet.sim.add_fault(Fault::on("ListUserTags", nth, FaultKind::Denied));
    }
    fleet.sweep().await;
    let digests: Vec<Mail> =
        fleet.sim.mails().into_iter().filter(|mail| mail.subject.starts_with("Key sweep")).collect();
    let [digest] = &digests[..] else { panic!("{digests:#?}") };
    digest.clone()
}

/// A subject's words that no name, number or key is among; mails to a long name are of a kind of
/// their own, since they break lines elsewhere.
fn kind(subject: &str) -> String {
    let plain = |word: &&str| word.chars().skip(1).all(|c| c.is_ascii_lowercase());
    let words: Vec<String> = subject
        .split([' ', ':', ',', '(', ')'])
        .filter(plain)
        .filter(|word| word.len() > 1)
        .map(str::to_lowercase)
        .collect();
    let long = if subject.contains('@') { "-long" } else { "" };
    format!("{}{long}", words.join("-"))
}

fn check(mail: &Mail) {
    let (text, html) = (mail.text.as_deref().unwrap(), mail.html.as_deref().unwrap());
    for loading in ["<img", "<link", "<script", "src=", "url(", "@import", "<iframe"] {
        assert!(!html.contains(loading), "{loading} in {}", mail.subject);
    }
    assert!(!text.contains('<') && !text.contains("&#"), "{text}");
    assert!(!text.contains("\n\n\n"), "{text}");
    assert!(mail.subject.len() < 130 && !mail.subject.contains('\n'), "{}", mail.subject);
    for part in [text, html] {
        // A date that may break over two lines has a plain space in it.
        let minutes = part.match_indices(" UTC").count();
        assert_eq!(minutes, 0, "a date that can break: {part}");
        if mail.subject.contains("access key") || mail.subject.contains("Access key") {
            assert!(part.contains("Why: ") || part.contains("active again"), "{part}");
            assert!(part.contains("Questions? Ask security@example.com"), "{part}");
        }
    }
}
