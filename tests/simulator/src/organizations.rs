//! Organizations: its units and accounts, read.
//!
//! <https://docs.aws.amazon.com/organizations/latest/APIReference/API_Operations.html>

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::clock::epoch;
use crate::front::door::Context;
use crate::front::params::{Input, page};
use crate::front::protocol::{ApiError, Reply, Service};
use crate::front::routing::unknown_operation;
use crate::options::AccountFields;
use crate::world::organization::{Member, Organization, Unit};

/// "Valid Range: Minimum value of 1. Maximum value of 20."
const LARGEST_PAGE: u64 = 20;
/// What the token of an empty first page says.
const BEGINNING: &str = "the beginning";

pub(crate) fn call(context: &mut Context<'_>, operation: &str, body: &Value) -> Result<Reply, ApiError> {
    let input = Input(body);
    let context = &*context;
    let organization = match operation {
        "DescribeOrganization" => member_of(context)?,
        _ => reader_of(context)?,
    };
    let answer = match operation {
        "DescribeOrganization" => Ok(describe(organization)),
        "ListRoots" => list(context, input, "Roots", vec![organization], root_json, |it| &it.root_id),
        "ListAccounts" => {
            let members = organization.members.iter().collect();
            list(
                context,
                input,
                "Accounts",
                members,
                |it| account_json(context, organization, it),
                |it| &it.account,
            )
        }
        "ListAccountsForParent" => {
            let parent = parent(organization, input)?;
            let members = organization.members.iter().filter(|member| member.parent == parent).collect();
            list(
                context,
                input,
                "Accounts",
                members,
                |it| account_json(context, organization, it),
                |it| &it.account,
            )
        }
        "ListOrganizationalUnitsForParent" => {
            let parent = parent(organization, input)?;
            let units = organization.units.iter().filter(|unit| unit.parent == parent).collect();
            list(context, input, "OrganizationalUnits", units, |it| unit_json(organization, it), |it| &it.id)
        }
        _ => Err(unknown_operation(Service::Organizations, operation)),
    }?;
    Ok(Reply::Json(answer))
}

/// The caller's organization.
fn member_of<'a>(context: &'a Context<'_>) -> Result<&'a Organization, ApiError> {
    context.state.world.organization_of(&context.caller.account).ok_or_else(|| {
        ApiError::new(
            400,
            "AWSOrganizationsNotInUseException",
            "Your account is not a member of an organization.",
        )
    })
}

/// The same: "You can only call this operation from the management account or a member account that
/// is a delegated administrator."
fn reader_of<'a>(context: &'a Context<'_>) -> Result<&'a Organization, ApiError> {
    let organization = member_of(context)?;
    let account = &context.caller.account;
    if *account == organization.management_account || organization.delegated.contains(account) {
        return Ok(organization);
    }
    Err(Service::Organizations.denied("You don't have permissions to access this resource."))
}

fn parent<'a>(organization: &Organization, input: Input<'a>) -> Result<&'a str, ApiError> {
    let id = input
        .text("ParentId")?
        .filter(|id| !id.is_empty())
        .ok_or_else(|| invalid_input("INPUT_REQUIRED", "You must provide a ParentId."))?;
    if organization.has_parent(id) {
        return Ok(id);
    }
    let message = "You specified a parent that doesn't exist.";
    Err(ApiError::new(400, "ParentNotFoundException", message))
}

/// A page of a list. "These operations can occasionally return an empty set of results even when
/// more results are available": the first page always is one, unless switched off.
fn list<'a, T>(
    context: &Context<'_>,
    input: Input<'_>,
    name: &str,
    items: Vec<&'a T>,
    render: impl Fn(&'a T) -> Value,
    key: impl Fn(&'a T) -> &'a String,
) -> Result<Value, ApiError> {
    let options = &context.state.options;
    let asked = match input.number("MaxResults")? {
        None => LARGEST_PAGE,
        Some(asked @ 1..=LARGEST_PAGE) => asked,
        Some(0) => return Err(invalid_input("MIN_VALUE_EXCEEDED", "MaxResults must be at least 1.")),
        Some(_) => return Err(invalid_input("MAX_VALUE_EXCEEDED", "MaxResults must be at most 20.")),
    };
    let beginning = URL_SAFE_NO_PAD.encode(BEGINNING);
    let token = input.text("NextToken")?;
    if token.is_none() && options.empty_pages {
        return Ok(json!({name: [], "NextToken": beginning}));
    }
    let token = token.filter(|token| *token != beginning);
    let size = options.page_size.min(usize::try_from(asked).unwrap_or(options.page_size));
    let keyed = items.into_iter().map(|item| (key(item), item)).collect();
    let (shown, next) = page(keyed, token, size)
        .ok_or_else(|| invalid_input("INVALID_NEXT_TOKEN", "The NextToken is invalid."))?;
    let mut answer = json!({name: shown.into_iter().map(render).collect::<Vec<_>>()});
    if let Some(next) = next {
        answer["NextToken"] = json!(next);
    }
    Ok(answer)
}

fn invalid_input(reason: &'static str, message: &str) -> ApiError {
    ApiError::new(400, "InvalidInputException", message).because(reason)
}

fn describe(organization: &Organization) -> Value {
    let management = &organization.management_account;
    let email = organization.member(management).map(|member| member.email.clone());
    json!({"Organization": {
        "Id": organization.id,
        "Arn": organization.arn("organization", None),
        "FeatureSet": "ALL",
        "MasterAccountArn": organization.arn("account", Some(management)),
        "MasterAccountId": management,
        "MasterAccountEmail": email,
        "AvailablePolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}],
    }})
}

fn root_json(organization: &Organization) -> Value {
    json!({
        "Id": organization.root_id,
        "Arn": organization.parent_arn(&organization.root_id),
        "Name": "Root",
        "PolicyTypes": [],
    })
}

fn unit_json(organization: &Organization, unit: &Unit) -> Value {
    json!({"Id": unit.id, "Arn": organization.parent_arn(&unit.id), "Name": unit.name})
}

/// `State`, and its predecessor `Status` where [`AccountFields`] says so.
fn account_json(context: &Context<'_>, organization: &Organization, member: &Member) -> Value {
    let is_management = member.account == organization.management_account;
    let mut account = json!({
        "Id": member.account,
        "Arn": organization.arn("account", Some(&member.account)),
        "Email": member.email,
        "Name": member.name,
        "Paths": [format!("{}/{}/", organization.path_to(&member.parent), member.account)],
        "JoinedMethod": if is_management { "INVITED" } else { "CREATED" },
        "JoinedTimestamp": epoch(member.joined),
    });
    let fields = context.state.options.account_fields;
    if matches!(fields, AccountFields::State | AccountFields::Both) {
        account["State"] = json!(member.state);
    }
    if matches!(fields, AccountFields::Status | AccountFields::Both) {
        account["Status"] = json!(status_of(&member.state));
    }
    account
}

/// `Status` has three values. Which of them an account shows that is not yet active, or closed, is
/// not documented; the strict side is that it is not in use.
fn status_of(state: &str) -> &str {
    match state {
        "PENDING_ACTIVATION" | "CLOSED" => "SUSPENDED",
        other => other,
    }
}
