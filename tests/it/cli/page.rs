//! The page of the docs about the command line, with what it really prints.

use std::time::Duration;

use simulator::{Fault, FaultKind, Options};

use super::reactivate::deactivated;
use super::{Ran, Seat, town};
use crate::fleet::Fleet;
use crate::page::expect_page;
use crate::stage::{ACCOUNT, Stage, TOPIC, hours};

const TEMPLATE: &str = include_str!("page.md");

/// As on a terminal, where what was typed is seen behind the question.
fn shown(ran: &Ran) -> String {
    ran.out.trim_start_matches('\n').to_owned()
}

fn slow() -> Stage {
    let options = Options { latency: Duration::from_millis(300), ..Options::default() };
    let stage = Stage::new(options, &[("ROTATOR_ALERT_TOPIC_ARN", TOPIC)]);
    stage.sim.subscribe(TOPIC, "email", "ops@example.com", true);
    stage
}

#[tokio::test(start_paused = true)]
async fn the_page_about_the_command_line_shows_what_it_prints() {
    let town = town();
    let status = Seat::of(&town.sim).run("status").await;
    let plan = Seat::of(&town.sim).run("plan --mode enforce").await;
    town.sim.set_account_alias(ACCOUNT, "prod");
    let sweep = Seat::of(&town.sim).types("prod\n").run("sweep --apply --mode enforce").await;

    let stage = slow();
    stage.adopted();
    let rotate = Seat::of(&stage.sim).types("yes\n").run("rotate ci-bot --wait").await;

    let stage = slow();
    stage.adopted();
    let revoke = Seat::of(&stage.sim).types("yes\nyes\n").run("rotate ci-bot --revoke-now").await;

    let (rescued, old, _) = deactivated("7d").await;
    let line = format!("reactivate ci-bot {old}");
    let reactivate = Seat::of(&rescued.sim).set(&[("ROTATOR_OVERLAP", "7d")]).types("yes\n").run(&line).await;

    let fleet = Fleet::new(&[]);
    fleet.user("deploy", 120);
    let enroll = Seat::of(&fleet.sim).types("yes\n").run("enroll deploy").await;
    let before_snippets = enroll.out.split("\nWhat the consumer changes").next().unwrap().to_owned();

    let stage = slow();
    let (_, arn) = stage.adopted();
    stage.sim.add_fault(Fault::on("GetCallerIdentity", 0, FaultKind::Denied));
    stage.sim.rotate(&arn).await;
    stage.sim.clear_faults();
    stage.sim.advance(hours(5));
    let doctor = Seat::of(&stage.sim).run("doctor ci-bot").await;
    let unstick = Seat::of(&stage.sim).types("yes\n").run("unstick ci-bot").await;

    let page = [
        ("{{status}}", shown(&status)),
        ("{{plan}}", shown(&plan)),
        ("{{sweep}}", shown(&sweep)),
        ("{{rotate}}", shown(&rotate)),
        ("{{revoke}}", shown(&revoke)),
        ("{{reactivate-key}}", old),
        ("{{reactivate}}", shown(&reactivate)),
        ("{{enroll}}", before_snippets),
        ("{{doctor}}", shown(&doctor)),
        ("{{unstick}}", shown(&unstick)),
    ]
    .into_iter()
    .fold(TEMPLATE.to_owned(), |page, (place, output)| page.replace(place, &output));
    assert!(!page.contains("{{"));
    expect_page("docs/cli.md", &page);
}
