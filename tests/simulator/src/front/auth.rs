//! Who calls, and may they.

use std::time::{Duration, SystemTime};

use crate::clock::amz_date;
use crate::front::door::Transport;
use crate::front::protocol::{ApiError, Protocol, Request, Service};
use crate::front::sigv4::Authorization;
use crate::simulator::State;
use crate::world::World;

/// How far a request's date may be off
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html>).
const DATE_TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// An authenticated principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    pub account: String,
    pub arn: String,
    pub user_id: String,
    pub kind: CallerKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CallerKind {
    /// The account's root: may do everything there.
    Root,
    /// An IAM user: may only ask who it is.
    User { name: String },
    /// A role session: may do everything in its account.
    Role { name: String },
}

/// Earliest and latest moment that counts as "now" for a request's date.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DateWindow {
    pub from: SystemTime,
    pub until: SystemTime,
}

impl DateWindow {
    /// In-process clients sign with simulated time. Clients over HTTP sign with the host's, but SDKs
    /// that measure the skew of our `Date` header follow the simulated clock, possibly as it was before
    /// the last `advance`: anything between the two clocks is fine.
    pub(crate) fn of(arrived: SystemTime, transport: Transport) -> Self {
        match transport {
            Transport::InProcess => Self { from: arrived, until: arrived },
            Transport::Http => {
                let host = crate::clock::host_now();
                Self { from: arrived.min(host), until: arrived.max(host) }
            }
        }
    }

    /// Why a date is refused, in AWS's words
    /// (<https://github.com/EngineerBetter/control-tower/issues/51> quotes STS).
    fn refuses(self, date: SystemTime) -> Option<String> {
        let minutes = DATE_TOLERANCE.as_secs() / 60;
        let (earliest, latest) = (self.from - DATE_TOLERANCE, self.until + DATE_TOLERANCE);
        let told = |words: &str, relation: &str, bound, server, sign: char| {
            let [sent, bound, server] = [date, bound, server].map(amz_date);
            format!("{words}: {sent} is {relation} {bound} ({server} {sign} {minutes} min.)")
        };
        if date < earliest {
            return Some(told("Signature expired", "now earlier than", earliest, self.from, '-'));
        }
        (date > latest)
            .then(|| told("Signature not yet current", "still later than", latest, self.until, '+'))
    }
}

/// The owner of an access key id, without any proof.
pub(crate) fn owner(world: &mut World, access_key_id: &str) -> Option<Caller> {
    if let Some(account) = world.root_account(access_key_id) {
        return Some(Caller {
            arn: format!("arn:aws:iam::{account}:root"),
            user_id: account.clone(),
            account,
            kind: CallerKind::Root,
        });
    }
    if let Some(session) = world.sessions.get(access_key_id) {
        return Some(Caller {
            account: session.account.clone(),
            arn: format!("arn:aws:sts::{}:assumed-role/{}/{}", session.account, session.role, session.name),
            user_id: format!("{}:{}", session.role_id, session.name),
            kind: CallerKind::Role { name: session.role.clone() },
        });
    }
    let (account, user) = world.key_owners.get(access_key_id).cloned().or_else(|| {
        let deleted = world.deleted_keys.get(access_key_id)?;
        Some((deleted.account.clone(), deleted.user.clone()))
    })?;
    let user = world.accounts.get(&account)?.users.get(&user)?;
    Some(Caller {
        account,
        arn: user.arn.clone(),
        user_id: user.id.clone(),
        kind: CallerKind::User { name: user.name.clone() },
    })
}

/// Checks a request's signature as AWS does; an accepted user key counts as used.
pub(crate) fn authenticate(
    state: &mut State,
    service: Service,
    request: &Request,
    authorization: &Authorization,
    window: DateWindow,
) -> Result<Caller, ApiError> {
    let refusal = Refusal(service);
    let secret = usable_secret(state, request, authorization, refusal)?;
    let date = request
        .header("x-amz-date")
        .and_then(crate::clock::parse_amz_date)
        .ok_or_else(|| refusal.bad_signature("The request carries no readable X-Amz-Date."))?;
    if let Some(message) = window.refuses(date) {
        return Err(refusal.bad_signature(&message));
    }
    if !authorization.verifies(request, &secret) {
        return Err(refusal.bad_signature(
            "The request signature we calculated does not match the signature you provided. Check \
             your AWS Secret Access Key and signing method. Consult the service documentation for \
             details.",
        ));
    }
    let id = &authorization.access_key_id;
    let caller = owner(&mut state.world, id).ok_or_else(|| refusal.unknown())?;
    let (now, lag) = (state.clock.now(), state.options.last_used_lag);
    if let Some(key) = state.world.key_mut(id) {
        key.uses.record(now, lag, service.name(), &authorization.region);
    }
    Ok(caller)
}

/// The secret that belongs to a key that AWS would accept here and now.
fn usable_secret(
    state: &mut State,
    request: &Request,
    authorization: &Authorization,
    refusal: Refusal,
) -> Result<String, ApiError> {
    let id = &authorization.access_key_id;
    let now = state.clock.now();
    if state.options.disabled_regions.contains(authorization.region.as_str()) {
        return Err(refusal.unknown());
    }
    let token = request.header("x-amz-security-token");
    if let Some(session) = state.world.sessions.get(id) {
        if token != Some(session.token.as_str()) {
            return Err(refusal.unknown());
        }
        if session.expires.is_some_and(|at| at <= now) {
            return Err(refusal.expired());
        }
        return Ok(session.secret.clone());
    }
    if token.is_some() {
        return Err(refusal.unknown());
    }
    if let Some(secret) = state.world.root_secret(id) {
        return Ok(secret);
    }
    let propagation = state.options.propagation_in(&authorization.region);
    let revocation = state.options.revocation;
    let flaky = state.options.flaky_endpoints;
    if let Some(key) = state.world.key_mut(id) {
        let usable = key.is_usable(now, propagation, revocation, flaky);
        return usable.then(|| key.secret.clone()).ok_or_else(|| refusal.unknown());
    }
    state
        .world
        .deleted_keys
        .get(id)
        .filter(|deleted| now < deleted.at + revocation && deleted.key.active)
        .map(|deleted| deleted.key.secret.clone())
        .ok_or_else(|| refusal.unknown())
}

/// The words each protocol refuses credentials with
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html>).
#[derive(Clone, Copy)]
struct Refusal(Service);

impl Refusal {
    fn status(self) -> u16 {
        if matches!(self.0.protocol(), Protocol::Json11 { .. }) { 400 } else { 403 }
    }

    fn is_query(self) -> bool {
        matches!(self.0.protocol(), Protocol::Query { .. })
    }

    fn unknown(self) -> ApiError {
        let code = if self.is_query() { "InvalidClientTokenId" } else { "UnrecognizedClientException" };
        let message = "The security token included in the request is invalid.";
        ApiError::new(self.status(), code, message)
    }

    fn expired(self) -> ApiError {
        let code = if self.is_query() { "ExpiredToken" } else { "ExpiredTokenException" };
        let message = "The security token included in the request is expired";
        ApiError::new(self.status(), code, message)
    }

    fn bad_signature(self, message: &str) -> ApiError {
        let code = if self.is_query() { "SignatureDoesNotMatch" } else { "InvalidSignatureException" };
        ApiError::new(self.status(), code, message)
    }
}

/// Whether the caller may do this at all. Without policies: users may only ask who they are.
pub(crate) fn authorize(service: Service, operation: &str, caller: &Caller) -> Result<(), ApiError> {
    let open = service == Service::Sts && operation == "GetCallerIdentity";
    if open || !matches!(caller.kind, CallerKind::User { .. }) {
        return Ok(());
    }
    Err(service.denied(format!(
        "User: {} is not authorized to perform: {}:{operation} because no identity-based policy \
         allows the {}:{operation} action",
        caller.arn,
        service.name(),
        service.name()
    )))
}
