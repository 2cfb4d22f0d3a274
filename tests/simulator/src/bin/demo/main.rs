//! `make demo`: the real functions on a simulated AWS, in two acts: a key is rotated, and a company's
//! account is swept for a year. Every fact that is printed is checked. `--serve` leaves the simulated
//! AWS up for the AWS CLI.

mod company;
mod function;
mod scene;
mod show;
mod year;

use std::process::ExitCode;
use std::time::Duration;

use scene::{Scene, Settings};
use show::{Facts, heading, say};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

const USAGE: &str = "usage: demo [--serve [--port N]]

Rotates an IAM access key, then looks after a company's keys for a year, offline: AWS is simulated on
127.0.0.1, the functions are the real binaries. Ends with 0 if every stated fact was checked and found
true.

  --serve    leave the simulated AWS up, and print the environment for the AWS CLI
  --port N   where to serve (default: any free port)";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (mut serve, mut port) = (false, 0);
    while let Some(argument) = arguments.next() {
        match (argument.as_str(), arguments.len()) {
            ("--serve", _) => serve = true,
            ("--help" | "-h", _) => {
                println!("{USAGE}");
                return ExitCode::SUCCESS;
            }
            ("--port", 1..) => match arguments.next().and_then(|text| text.parse().ok()) {
                Some(number) => port = number,
                None => return wrong_usage(),
            },
            _ => return wrong_usage(),
        }
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.to_string()),
    };
    let played = runtime.block_on(async {
        if serve {
            return self::serve(port).await.map(|()| true);
        }
        let mut facts = Facts::default();
        rotate(&mut facts).await?;
        year::play(&mut facts).await?;
        Ok(facts.conclude())
    });
    match played {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => failed("a stated fact was not true"),
        Err(error) => failed(&error.to_string()),
    }
}

fn wrong_usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}

fn failed(reason: &str) -> ExitCode {
    eprintln!("demo: {reason}");
    ExitCode::FAILURE
}

/// The first act: a rotation, the retirement of what it superseded, and a rotation that fails.
async fn rotate(facts: &mut Facts) -> std::io::Result<()> {
    let scene = Scene::set(0, &Settings { overlap: "24h" }).await?;
    say(&format!("AWS is simulated at {}; the rotation function is the real binary", scene.server.url()));
    say(&format!(
        "{}, started as Lambda starts it. Its log: {}",
        scene.function.program.display(),
        scene.function.log.display()
    ));

    heading("1. A user, a key, and a secret that holds it");
    let old = scene.working_key();
    scene.show();
    facts.check(old.is_some(), "AWSCURRENT's key works");
    let new = rotate_once(&scene, facts, old.as_deref()).await;
    retire(&scene, facts, old.as_deref()).await?;
    let newest = rotate_by_schedule(&scene, facts, new.as_deref()).await;
    fail_and_resume(&scene, facts, newest.as_deref()).await?;
    facts.check(!scene.function.logs_a_secret(&scene.sim)?, "no secret is in the function's log");
    Ok(())
}

async fn rotate_once(scene: &Scene, facts: &mut Facts, old: Option<&str>) -> Option<String> {
    heading("2. aws secretsmanager rotate-secret --secret-id keys/ci-bot");
    say("New keys take 2 seconds here until STS knows them, as they do on AWS.");
    scene.delay_new_keys(Duration::from_secs(2));
    let report = scene.rotate().await;
    scene.show_steps(&report);
    scene.show();
    let new = scene.working_key();
    facts.check(
        report.succeeded && new.is_some() && new.as_deref() != old,
        "AWSCURRENT moved to a new key, and the new key works",
    );
    facts.check(scene.works(old), "the old key still works, for the overlap of 24 hours");
    facts.check(scene.extra_fields_survive(), "the secret's other fields are as they were");
    scene.show_mail();
    facts.check(scene.sim.mails().len() == 1, "the user was mailed once, and the mail holds no secret");
    facts.check(!scene.mails_hold_a_secret(), "no secret is in the mail");
    new
}

async fn retire(scene: &Scene, facts: &mut Facts, old: Option<&str>) -> std::io::Result<()> {
    heading("3. The next day: the old key's time is over");
    say("The sweep runs every hour in its default mode, `retire`: it finishes what rotations began.");
    scene.sweep_hourly(23).await?;
    facts.check(scene.status(old) == Some(true), "after 23 hours the old key is still active");
    scene.sweep_hourly(2).await?;
    facts.check(scene.status(old) == Some(false), "after 25 hours it is inactive");
    facts.check(!scene.works(old), "and no longer works");
    scene.show_mail();

    heading("4. A week later: it is deleted");
    scene.sweep_after(6).await?;
    facts.check(scene.status(old) == Some(false), "six days later it could be activated again");
    scene.sweep_after(2).await?;
    scene.show();
    facts.check(scene.status(old).is_none(), "two days after that it is gone, and one key is left");
    Ok(())
}

async fn rotate_by_schedule(scene: &Scene, facts: &mut Facts, new: Option<&str>) -> Option<String> {
    heading("5. Ninety days after the first, the next rotation, by the secret's own schedule");
    scene.sim.clear_journal();
    scene.sim.advance(82 * DAY);
    let reports = scene.sim.run_due_rotations().await;
    for report in &reports {
        scene.show_steps(report);
    }
    scene.show();
    let newest = scene.working_key();
    facts.check(
        reports.iter().all(|report| report.succeeded) && reports.len() == 1,
        "the rotation that was due has run",
    );
    facts.check(
        scene.works(new) && newest.is_some() && newest.as_deref() != new,
        "the key before works on beside the newest, for the overlap",
    );
    newest
}

async fn fail_and_resume(scene: &Scene, facts: &mut Facts, newest: Option<&str>) -> std::io::Result<()> {
    heading("6. A rotation that fails: STS refuses the new key");
    say("New keys are not accepted at all now. The function gives up after 5 seconds.");
    scene.sweep_after(2).await?;
    scene.sweep_after(88).await?;
    scene.delay_new_keys(DAY);
    let report = scene.rotate().await;
    scene.show_steps(&report);
    scene.show_alert();
    scene.show();
    let error = report.error().map(|error| error.error_type.as_str());
    facts
        .check(!report.succeeded && error == Some("NotPropagated"), "the rotation failed with NotPropagated");
    facts.check(scene.failures() == 1, "one alert was sent");
    facts.check(scene.working_key().as_deref() == newest, "AWSCURRENT is untouched, and its key works");

    heading("7. STS accepts the key, and Secrets Manager tries again");
    scene.delay_new_keys(Duration::ZERO);
    let report = scene.rotate().await;
    scene.show_steps(&report);
    scene.show();
    facts.check(
        scene.working_key().is_some_and(|key| Some(key.as_str()) != newest),
        "the same rotation ended, with the key made before",
    );
    Ok(())
}

/// Leaves the stage to somebody with the AWS CLI.
async fn serve(port: u16) -> std::io::Result<()> {
    let scene = Scene::set(port, &Settings { overlap: "0" }).await?;
    scene.show();
    say("The overlap is 0 here, so that you can rotate as often as you like: the superseded key is");
    say("deactivated at once, and deleted by the next rotation. In another terminal:");
    println!(
        "
  export AWS_ENDPOINT_URL={} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
  export AWS_REGION=eu-west-1 AWS_DEFAULT_REGION=eu-west-1
  aws secretsmanager rotate-secret --secret-id keys/ci-bot
  aws secretsmanager describe-secret --secret-id keys/ci-bot
  aws secretsmanager get-secret-value --secret-id keys/ci-bot --query SecretString --output text
  aws iam list-access-keys --user-name ci-bot

The function's log: {}
Ctrl-C ends it.",
        scene.server.url(),
        scene.function.log.display()
    );
    tokio::signal::ctrl_c().await
}
