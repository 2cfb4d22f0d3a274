//! Nothing leaks: no secret, session token or RotationToken in anything that is written.
//!
//! Every secret of the simulated world is a canary: searched for whole, in 12-character pieces, and
//! in its base64, hex and URL-encoded forms.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use simulator::{Fault, FaultKind, Options};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::stage::{FUNCTION, Lines, Stage, TOPIC};

/// Every form of every canary that must not appear.
pub fn forms(canaries: &[String]) -> BTreeSet<String> {
    let mut forms = BTreeSet::new();
    for canary in canaries {
        let bytes = canary.as_bytes();
        let escaped: String = bytes
            .iter()
            .map(|byte| match byte {
                b if b.is_ascii_alphanumeric() || b"-_.~".contains(b) => char::from(*byte).to_string(),
                _ => format!("%{byte:02X}"),
            })
            .collect();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        // Whole groups of three bytes, so that the piece is found wherever base64 begins.
        let encoded = (0..3)
            .filter_map(|skip| bytes.get(skip..))
            .map(|rest| STANDARD.encode(&rest[..rest.len() / 3 * 3]));
        for form in encoded.chain([canary.clone(), escaped, hex]) {
            let characters: Vec<char> = form.chars().collect();
            forms.extend(characters.windows(12).map(|piece| piece.iter().collect::<String>()));
        }
    }
    forms
}

/// The pieces that a text holds. Texts are cut into the same pieces, so that this is a look-up.
pub fn found_in(text: &str, forms: &BTreeSet<String>) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let pieces = characters.windows(12).map(|piece| piece.iter().collect::<String>());
    pieces.filter(|piece| forms.contains(piece)).collect()
}

fn settings() -> Vec<(&'static str, &'static str)> {
    vec![
        ("ROTATOR_ALERT_TOPIC_ARN", TOPIC),
        ("ROTATOR_EMAIL_FROM", "keys@example.com"),
        ("ROTATOR_ADMIN_EMAIL", "admin@example.com"),
        ("ROTATOR_PROPAGATION_TIMEOUT", "5s"),
    ]
}

/// Everything that left the process by any way but an AWS call that must carry it.
fn written(stage: &Stage, errors: &[String]) -> String {
    let mut text = stage.log.text() + &stage.metrics.text();
    for alert in stage.sim.alerts() {
        text += &format!("{alert:?}\n");
    }
    for mail in stage.sim.mails() {
        text += &format!("{mail:?}\n");
    }
    for report in stage.sim.secret_arns(crate::stage::ACCOUNT, crate::stage::REGION) {
        for report in stage.sim.rotation_reports(&report) {
            text += &format!("{:?}\n", report.steps);
        }
    }
    text + &errors.join("\n")
}

#[tokio::test(start_paused = true)]
async fn at_trace_level_no_fault_at_any_operation_makes_a_secret_appear_anywhere() {
    let kinds = [
        FaultKind::Throttle,
        FaultKind::Error5xx,
        FaultKind::Denied,
        FaultKind::ErrorCode("SignatureDoesNotMatch", 403),
        FaultKind::ErrorCode("InvalidSignatureException", 400),
        FaultKind::RequestLost,
        FaultKind::ResponseLost,
        FaultKind::Hang,
    ];
    let operations = [
        "DescribeSecret",
        "GetSecretValue",
        "ListAccessKeys",
        "TagResource",
        "CreateAccessKey",
        "PutSecretValue",
        "GetCallerIdentity",
        "UpdateSecretVersionStage",
        "ListUserTags",
        "SendEmail",
        "UntagResource",
        "Publish",
    ];
    for operation in operations {
        for kind in &kinds {
            let stage = Stage::new(Options::default(), &settings());
            let (_, arn) = stage.adopted();
            stage.sim.add_fault(Fault::on(operation, 0, kind.clone()));
            if operation == "Publish" {
                stage.sim.add_fault(Fault::on("ListAccessKeys", 0, FaultKind::Denied));
            }
            stage.sim.rotate(&arn).await;
            let forms = forms(&stage.sim.canaries());
            assert!(forms.len() > 100);
            let leaked = found_in(&written(&stage, &[]), &forms);
            assert!(leaked.is_empty(), "{operation} {kind:?}: {leaked:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_search_finds_a_canary_that_was_written() {
    let stage = Stage::plain();
    let (key, _) = stage.adopted();
    let forms = forms(&stage.sim.canaries());
    let secret = &key.secret_access_key;
    for text in [secret.clone(), secret[3..18].to_owned(), STANDARD.encode(format!("x{secret}"))] {
        assert!(!found_in(&format!("before {text} after"), &forms).is_empty(), "{text}");
    }
}

/// Whatever other crates would log is dropped by the product's own subscriber, at every level.
#[tokio::test(start_paused = true)]
async fn the_sdks_own_trace_output_is_shut_out_though_it_holds_secrets() {
    let everything = Lines::default();
    let stage = Stage::new(Options::default(), &settings());
    let (_, arn) = stage.adopted();
    {
        let writer = everything.clone();
        let all = tracing_subscriber::registry()
            .with(tracing_subscriber::fmt::layer().with_ansi(false).with_writer(move || writer.clone()));
        let _unfiltered = tracing::subscriber::set_default(all);
        stage.rotated(&arn).await;
    }
    let forms = forms(&stage.sim.canaries());
    let own: String = everything.text().lines().filter(|line| line.contains(" iam_key_rotator")).collect();
    assert!(!own.is_empty() && found_in(&own, &forms).is_empty(), "our own lines hold nothing at any level");
    // The reason for the filter: the SDK at TRACE does not keep what it signs and sends to itself.
    assert!(!found_in(&everything.text(), &forms).is_empty(), "if this fails the filter may be lifted");
    assert!(found_in(&stage.log.text(), &forms).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_the_middle_of_a_rotation_shows_no_secret() {
    let stage = Stage::new(Options::default(), &settings());
    let (_, arn) = stage.adopted();
    stage.sim.on_call(|call| {
        assert_ne!(call.operation, "PutSecretValue", "a panic while the new key is at hand");
        Box::pin(async {})
    });
    let report = stage.sim.rotate(&arn).await;
    let message = report.error().unwrap().message.clone();
    assert!(message.contains("A defect in iam-key-rotator"), "{message}");
    assert!(
        !message.contains("while the new key is at hand"),
        "a panic's message may quote a secret: {message}"
    );
    let leaked = found_in(&written(&stage, &[message]), &forms(&stage.sim.canaries()));
    assert!(leaked.is_empty(), "{leaked:?}");
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_not_ours_is_not_repeated_anywhere() {
    let stage = Stage::new(Options::default(), &settings());
    let mut errors = Vec::new();
    let canary = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    for event in [
        json!({"Step": canary}),
        json!({"Step": "createSecret", "SecretId": [canary]}),
        json!({"Step": "createSecret", "SecretId": "x", "ClientRequestToken": format!("{canary}\n")}),
        json!({"Step": "createSecret", "SecretId": "x", "ClientRequestToken": "t", "RotationToken": [canary]}),
        json!(canary),
    ] {
        errors.push(stage.sim.invoke(FUNCTION, event).await.unwrap_err().to_string());
    }
    let leaked = found_in(&written(&stage, &errors), &forms(&[canary.to_owned()]));
    assert!(leaked.is_empty(), "{leaked:?}");
}
