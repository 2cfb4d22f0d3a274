//! The end of a story: nothing changes any more, and what becomes of each user is what becomes of the same user
//! under a fresh deployment with the last settings.

use std::collections::BTreeMap;

use serde_json::Value;
use simulator::{KeyView, Options, SecretView};

use super::form::Form;
use super::life::Life;
use super::stacks::Stack;
use super::watch::current_pair;
use super::{ACCOUNT, EXEMPT_TAG, USER_TAG};

/// Nothing of a user is expected to change that has not changed for so many days: a late-comer has moved on after 35.
const QUIET: u64 = 45;
/// Whoever is rotated by then no more is not rotated at all.
const LAST_ROTATION: u64 = 135;
/// An operator repeats a rotation that did not help after so many days.
const PATIENCE: u64 = 5;

/// How long the end takes at most, and how many days pass between two sweeps after the first days.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub(super) most: u64,
    pub(super) gap: u64,
}

/// What was seen of a user on a day.
struct Sight {
    day: u64,
    current: Option<String>,
    /// The user's keys and whether they are active.
    keys: Vec<(String, bool)>,
    form: Form,
}

/// What becomes of a user.
#[derive(Debug)]
pub(super) struct Settled {
    /// What is left between two rotations when all is done that there is to do; without any rotation, what lasts;
    /// `None` if nothing does.
    pub(super) form: Option<Form>,
    /// Whether the user's key was rotated.
    pub(super) rotated: bool,
    /// Whether no key has changed at all.
    pub(super) untouched: bool,
}

/// Normal operation until nothing new comes: sweeps, schedules, and an operator who follows the findings.
pub(super) async fn settle(life: &mut Life, pace: Pace) -> BTreeMap<&'static str, Settled> {
    let mut sights: BTreeMap<&'static str, Vec<Sight>> = BTreeMap::new();
    let (mut day, mut acted) = (0, BTreeMap::new());
    note_sights(life, day, &mut sights);
    while day < pace.most && !sights.values().all(|seen| settled(seen).form.is_some()) {
        let by = if day < 10 { 1 } else { pace.gap };
        day += by;
        life.pass(by).await;
        follow_findings(life, day, &mut acted).await;
        note_sights(life, day, &mut sights);
    }
    sights.into_iter().map(|(user, seen)| (user, settled(&seen))).collect()
}

fn note_sights(life: &Life, day: u64, sights: &mut BTreeMap<&'static str, Vec<Sight>>) {
    for user in life.users.clone() {
        let current = life.secret_of(user).as_ref().and_then(current_pair).map(|(id, _)| id);
        let keys = life.fleet.keys(user);
        sights.entry(user).or_default().push(Sight { day, current, keys, form: Form::of(life, user) });
    }
}

/// What the findings ask of a person: that a secret which was moved back is rotated again, and in a mode that starts
/// no rotation one that did not end; that a key which nobody needs makes room.
async fn follow_findings(life: &mut Life, day: u64, acted: &mut BTreeMap<&'static str, u64>) {
    let enforces = |stack: &Stack| stack.settings.get("ROTATOR_MODE") == Some(&"enforce");
    let enforces = life.watch().stacks.iter().any(enforces);
    for user in life.users.clone() {
        if is_left_alone(life, user) {
            continue;
        }
        let found = life.found.get(user).cloned().unwrap_or_default();
        let has = |kind: &str| found.iter().any(|line| line.starts_with(kind));
        if has("RotationBlocked") {
            life.delete_unneeded(user);
        }
        let asks = has("RolledBack") || (has("RotationStuck") && !enforces);
        let lately = acted.get(user).is_some_and(|last| day < last + PATIENCE);
        let Some(secret) = life.secret_of(user).filter(|_| asks && !lately) else { continue };
        acted.insert(user, day);
        let report = life.sim().rotate(&secret.arn).await;
        let error = report.error().map_or_else(String::new, ToString::to_string);
        life.tell(&format!("the operator rotates the secret of {user}: {} {error}", report.succeeded));
        life.watch().check_at_rest();
    }
}

fn settled(seen: &[Sight]) -> Settled {
    let starts: Vec<usize> = (1..seen.len()).filter(|&at| seen[at].current != seen[at - 1].current).collect();
    let (rotated, untouched) = (!starts.is_empty(), seen.iter().all(|sight| sight.keys == seen[0].keys));
    let form = match starts.as_slice() {
        [.., begin, end] => cleanest(&seen[*begin..*end]),
        [begin] => lasting(&seen[*begin..]).and_then(|_| cleanest(&seen[*begin..])),
        [] => lasting(seen).filter(|_| seen.last().is_some_and(|last| last.day >= LAST_ROTATION)),
    };
    Settled { form, rotated, untouched }
}

/// The form that has not changed for long.
fn lasting(seen: &[Sight]) -> Option<Form> {
    let last = seen.last()?;
    let since = seen.iter().rev().take_while(|sight| sight.form == last.form).last()?;
    (last.day - since.day >= QUIET).then(|| last.form.clone())
}

/// The form with the fewest keys, findings and notes.
fn cleanest(seen: &[Sight]) -> Option<Form> {
    seen.iter().map(|sight| &sight.form).min_by_key(|form| form.size()).cloned()
}

/// The same account, as it is now, under a fresh deployment of the stacks that there are: each user with the key that is in
/// use and the keys that no rotation made. Whatever else there is comes of what was before.
pub(super) fn fresh(life: &Life) -> Life {
    let options = Options { start: Some(life.sim().now()), seed: 77, ..life.sim().options() };
    let stacks = life.watch().stacks.clone();
    let mut fresh = Life::new(options, &life.users, stacks);
    fresh.late.clone_from(&life.late);
    for user in life.users.clone() {
        copy_user(life, &fresh, user);
    }
    let group = life.watch().group.clone();
    let denied = life.watch().denied.clone();
    group.into_iter().for_each(|user| fresh.exempt_by_group(user, true));
    denied.into_iter().for_each(|user| fresh.deny(user, true));
    fresh.watch().accept();
    fresh
}

fn copy_user(life: &Life, fresh: &Life, user: &'static str) {
    if let Some(reason) = life.sim().user_tags(ACCOUNT, user).get(EXEMPT_TAG) {
        fresh.sim().tag_user(ACCOUNT, user, EXEMPT_TAG, reason);
    }
    let secret = life.secret_of(user);
    let current = secret.as_ref().and_then(current_pair).map(|(id, _)| id);
    let adopted =
        |id: &str| current.is_none() && secret.as_ref().is_some_and(|secret| secret.stage(id).is_some());
    for key in life.sim().keys(ACCOUNT, user) {
        let held = secret.as_ref().is_some_and(|secret| secret.stage(&key.id).is_some());
        let is_current = current.as_ref() == Some(&key.id);
        if !is_current && !adopted(&key.id) && (held || !life.watch().by_hand.contains(&key.id)) {
            continue;
        }
        let copy = copy_key(fresh, user, &key);
        if let Some(secret) = secret.as_ref().filter(|_| is_current) {
            copy_secret(fresh, user, secret, &copy);
        }
    }
}

fn copy_key(fresh: &Life, user: &str, key: &KeyView) -> simulator::KeyPair {
    let copy = fresh.sim().create_access_key_at(ACCOUNT, user, key.created);
    if let Some(used) = &key.last_used {
        fresh.sim().use_key_at(&copy.access_key_id, &used.service, &used.region, used.at);
    }
    if !key.active {
        fresh.sim().set_key_status(&copy.access_key_id, false);
    }
    fresh.watch().by_hand.insert(copy.access_key_id.clone());
    copy
}

fn copy_secret(fresh: &Life, user: &str, secret: &SecretView, key: &simulator::KeyPair) {
    let text = secret.stage("AWSCURRENT").and_then(|version| version.text()).unwrap();
    let mut value: Value = serde_json::from_str(text).unwrap();
    for (names, part) in [
        (["AccessKeyId", "access_key_id"], &key.access_key_id),
        (["SecretAccessKey", "secret_access_key"], &key.secret_access_key),
    ] {
        if let Some(name) = names.iter().find(|name| value.get(name).is_some()) {
            value[*name] = part.as_str().into();
        }
    }
    let sim = fresh.sim();
    let arn = sim.create_secret(&secret.name, Some(&value.to_string()), &[(USER_TAG, user)]);
    let version = sim.secret(&arn).stage("AWSCURRENT").unwrap().id.clone();
    sim.set_label(&arn, &version, &key.access_key_id);
    let Some(function) = &secret.rotation_function else { return };
    sim.set_rotation(&arn, function);
    let every = secret.rotation_rules.as_ref().and_then(|rules| rules["AutomaticallyAfterDays"].as_u64());
    if let Some(every) = every {
        sim.set_rotation_days(&arn, u32::try_from(every).unwrap());
        sim.set_next_rotation(&arn, secret.next_rotation);
    }
}

/// Whether the user ends as under a fresh deployment; otherwise what is different.
pub(super) async fn compare(life: &mut Life, pace: Pace) -> Result<(), String> {
    let mut fresh = fresh(life);
    let expected = settle(&mut fresh, pace).await;
    fresh.verdict().map_err(|wrong| format!("{}\nfresh:\n{wrong}", life.story))?;
    drop(fresh);
    let ended = settle(life, pace).await;
    life.verdict()?;
    for (user, end) in &ended {
        let want = &expected[user];
        let problem = match &end.form {
            _ if is_left_alone(life, user) => {
                (!end.untouched && !end.rotated).then(|| "was touched".to_owned())
            }
            // What an audit, or a list without the user, leaves of the rotation that was under way stays.
            _ if !want.rotated && !may_act(life, user) => None,
            Some(form) if form.waits_for_a_person() => None,
            None => Some("never settles".to_owned()),
            form if *form == want.form => None,
            // An operator has finished what was under way, and nothing rotates the user by itself.
            Some(form) if end.rotated && !want.rotated && form.adds_nothing_to(&want.form) => None,
            Some(form) if !end.rotated && want.form.as_ref() == Some(&form.without_record()) => None,
            _ => Some("ends otherwise".to_owned()),
        };
        if let Some(problem) = problem {
            return Err(format!("{}\n{user} {problem}:\n{end:#?}\nfresh:\n{want:#?}", life.story));
        }
    }
    Ok(())
}

/// A user that neither function touches: what a rotation superseded before stays as it is (docs/fleet.md).
fn is_left_alone(life: &Life, user: &'static str) -> bool {
    let watch = life.watch();
    watch.stacks.iter().all(|stack| watch.is_exempt(user, &stack.settings)) || watch.denied.contains(user)
}

/// Whether a sweep takes care of the user: an audit changes nothing, and a list names whom it is for.
pub(super) fn may_act(life: &Life, user: &str) -> bool {
    let watch = life.watch();
    watch.stacks.iter().any(|stack| watch.is_in_sweeps_scope(user, stack))
}
