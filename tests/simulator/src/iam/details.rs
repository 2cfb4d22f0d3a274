//! All users at once, with their groups and tags.
//!
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html>

use super::{paged, user_xml, validation};
use crate::front::door::Context;
use crate::front::params::Form;
use crate::front::protocol::ApiError;
use crate::front::xml::Xml;
use crate::world::identity::lookup_name;

const KINDS: [&str; 5] = ["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"];
/// "If you do not include this parameter, the number of items defaults to 100."
const DEFAULT_PAGE: usize = 100;

/// Only users are simulated: whoever does not ask for them alone would miss the rest.
pub(super) fn get_account_authorization_details(
    context: &mut Context<'_>,
    form: &Form,
) -> Result<Xml, ApiError> {
    let kinds = form.list("Filter.member", "");
    if let Some(other) = kinds.iter().find(|kind| !KINDS.contains(&kind.as_str())) {
        return Err(validation(format!("Value '{other}' at 'filter' failed to satisfy constraint")));
    }
    if kinds != ["User"] {
        return Err(validation("Filter must be User: other kinds are not simulated."));
    }
    let page_size = match form.get("MaxItems") {
        None => context.state.options.page_size.min(DEFAULT_PAGE),
        Some(_) => context.state.options.page_size,
    };
    let account = context.state.world.account(&context.caller.account);
    let members = account.users.values().map(|user| (user.id.as_str(), user)).collect();
    let page = paged("UserDetailList", members, form, page_size, |user| {
        let lookup = lookup_name(&user.name);
        let groups = account.groups.values().filter(|group| group.members.contains(&lookup));
        user_xml(user, true).list("GroupList", groups.map(|group| Xml::value(&group.name)))
    })?;
    Ok(page.list("GroupDetailList", []).list("RoleDetailList", []).list("Policies", []))
}
