//! SESv2: mails out, and read back by tests.
//!
//! <https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html>

use serde_json::{Value, json};

use crate::front::door::Context;
use crate::front::params::Input;
use crate::front::protocol::{ApiError, Reply, Service};
use crate::front::routing::unknown_operation;
use crate::world::messages::{Mail, Template};

const MOST_RECIPIENTS: usize = 50;

pub(crate) fn call(context: &mut Context<'_>, operation: &str, body: &Value) -> Result<Reply, ApiError> {
    let input = Input(body);
    let answer = match operation {
        "SendEmail" => send_email(context, body),
        "GetAccount" => Ok(account(context)),
        "CreateEmailIdentity" => create_identity(context, input),
        "GetEmailIdentity" => get_identity(context, input),
        "CreateEmailTemplate" => create_template(context, body),
        "GetEmailTemplate" => get_template(context, input),
        _ => Err(unknown_operation(Service::Ses, operation)),
    }?;
    Ok(Reply::Json(answer))
}

fn send_email(context: &mut Context<'_>, body: &Value) -> Result<Value, ApiError> {
    let from =
        body["FromEmailAddress"].as_str().ok_or_else(|| bad_request("FromEmailAddress is required."))?;
    let to: Vec<String> = ["ToAddresses", "CcAddresses", "BccAddresses"]
        .iter()
        .flat_map(|field| body["Destination"][*field].as_array().into_iter().flatten())
        .filter_map(|address| address.as_str().map(str::to_owned))
        .collect();
    if to.is_empty() || to.len() > MOST_RECIPIENTS {
        return Err(bad_request("1 to 50 recipients are required."));
    }
    let mut must_be_verified = vec![from];
    if context.state.options.ses_sandbox {
        must_be_verified.extend(to.iter().map(String::as_str));
    }
    let unverified: Vec<&str> =
        must_be_verified.into_iter().filter(|address| !context.is_verified(address)).collect();
    if !unverified.is_empty() {
        return Err(ApiError::new(
            400,
            "MessageRejected",
            format!(
                "Email address is not verified. The following identities failed the check in \
                 region {}: {}",
                context.region.to_uppercase(),
                unverified.join(", ")
            ),
        ));
    }
    let mut mail = Mail {
        at: context.now,
        account: context.caller.account.clone(),
        from: from.to_owned(),
        to,
        subject: String::new(),
        text: None,
        html: None,
        template: None,
        template_data: None,
    };
    fill(context, body, &mut mail)?;
    context.state.world.mails.push(mail);
    let id = context.state.world.ids.uuid("mail-id");
    Ok(json!({"MessageId": id}))
}

/// Content: simple, or a template with its data.
fn fill(context: &Context<'_>, body: &Value, mail: &mut Mail) -> Result<(), ApiError> {
    let content = &body["Content"];
    let simple = &content["Simple"];
    let text = |part: &Value| part["Data"].as_str().map(str::to_owned);
    if simple.is_object() {
        mail.subject = text(&simple["Subject"])
            .filter(|subject| !subject.contains(['\r', '\n']))
            .ok_or_else(|| bad_request("A subject on one line is required."))?;
        mail.text = text(&simple["Body"]["Text"]);
        mail.html = text(&simple["Body"]["Html"]);
        if mail.text.is_none() && mail.html.is_none() {
            return Err(bad_request("The body is required."));
        }
        return Ok(());
    }
    let Some(name) = content["Template"]["TemplateName"].as_str() else {
        return Err(bad_request("Simple or Template content is required (Raw is not simulated)."));
    };
    let key = (context.caller.account.clone(), name.to_owned());
    let template = context.state.world.templates.get(&key).ok_or_else(|| {
        let message = format!("Template {name} does not exist.");
        ApiError::new(404, "NotFoundException", message)
    })?;
    let data = content["Template"]["TemplateData"].as_str().unwrap_or("{}");
    let values: Value = serde_json::from_str(data).map_err(|_| bad_request("TemplateData is no JSON."))?;
    mail.subject = render(&template.subject, &values);
    mail.text = template.text.as_deref().map(|part| render(part, &values));
    mail.html = template.html.as_deref().map(|part| render(part, &values));
    mail.template = Some(name.to_owned());
    mail.template_data = Some(data.to_owned());
    Ok(())
}

/// `{{name}}` by its value. (SES drops a mail silently when a value is missing; here the gap stays
/// visible.)
fn render(template: &str, values: &Value) -> String {
    let Some(values) = values.as_object() else {
        return template.to_owned();
    };
    values.iter().fold(template.to_owned(), |text, (name, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text.replace(&format!("{{{{{name}}}}}"), &value)
    })
}

impl Context<'_> {
    fn identities(&self) -> &[String] {
        let key = (self.caller.account.clone(), self.region.to_owned());
        self.state.world.identities.get(&key).map_or(&[], Vec::as_slice)
    }

    /// By address or by domain; `Name <address>` is understood.
    fn is_verified(&self, address: &str) -> bool {
        let address = address.rsplit_once('<').map_or(address, |(_, rest)| rest.trim_end_matches('>'));
        let domain = address.rsplit('@').next().unwrap_or_default();
        self.identities().iter().any(|identity| identity == address || identity == domain)
    }
}

fn account(context: &Context<'_>) -> Value {
    let sandbox = context.state.options.ses_sandbox;
    let quota = if sandbox { 200.0 } else { 50_000.0 };
    let sent = context.state.world.mails.len();
    json!({
        "ProductionAccessEnabled": !sandbox,
        "SendingEnabled": !context.state.options.ses_paused,
        "EnforcementStatus": if context.state.options.ses_paused { "SHUTDOWN" } else { "HEALTHY" },
        "SendQuota": {"Max24HourSend": quota, "MaxSendRate": 1.0, "SentLast24Hours": sent},
    })
}

/// Verified at once: nobody clicks the link here.
fn create_identity(context: &mut Context<'_>, input: Input<'_>) -> Result<Value, ApiError> {
    let name = input.required("EmailIdentity")?.to_owned();
    let key = (context.caller.account.clone(), context.region.to_owned());
    let kind = identity_type(&name);
    context.state.world.identities.entry(key).or_default().push(name);
    Ok(json!({"IdentityType": kind, "VerifiedForSendingStatus": true}))
}

fn get_identity(context: &mut Context<'_>, input: Input<'_>) -> Result<Value, ApiError> {
    let name = input.required("EmailIdentity")?;
    let place = (context.caller.account.clone(), context.region.to_owned());
    let pending = context.state.world.deployment.unverified.get(&place);
    if pending.is_some_and(|pending| pending.iter().any(|identity| identity == name)) {
        return Ok(json!({
            "IdentityType": identity_type(name),
            "VerifiedForSendingStatus": false,
            "VerificationStatus": "PENDING",
        }));
    }
    if !context.identities().iter().any(|identity| identity == name) {
        let message = format!("Email identity {name} does not exist.");
        return Err(ApiError::new(404, "NotFoundException", message));
    }
    Ok(json!({
        "IdentityType": identity_type(name),
        "VerifiedForSendingStatus": true,
        "VerificationStatus": "SUCCESS",
    }))
}

fn identity_type(name: &str) -> &'static str {
    if name.contains('@') { "EMAIL_ADDRESS" } else { "DOMAIN" }
}

fn create_template(context: &mut Context<'_>, body: &Value) -> Result<Value, ApiError> {
    let name = Input(body).required("TemplateName")?.to_owned();
    let content = &body["TemplateContent"];
    let part = |field: &str| content[field].as_str().map(str::to_owned);
    let key = (context.caller.account.clone(), name);
    if context.state.world.templates.contains_key(&key) {
        let message = "The template already exists.";
        return Err(ApiError::new(400, "AlreadyExistsException", message));
    }
    let template =
        Template { subject: part("Subject").unwrap_or_default(), text: part("Text"), html: part("Html") };
    context.state.world.templates.insert(key, template);
    Ok(json!({}))
}

fn get_template(context: &mut Context<'_>, input: Input<'_>) -> Result<Value, ApiError> {
    let name = input.required("TemplateName")?;
    let key = (context.caller.account.clone(), name.to_owned());
    let template = context.state.world.templates.get(&key).ok_or_else(|| {
        let message = format!("Template {name} does not exist.");
        ApiError::new(404, "NotFoundException", message)
    })?;
    Ok(json!({
        "TemplateName": name,
        "TemplateContent": {
            "Subject": template.subject, "Text": template.text, "Html": template.html,
        },
    }))
}

fn bad_request(message: &str) -> ApiError {
    ApiError::new(400, "BadRequestException", message)
}
