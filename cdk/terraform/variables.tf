# Code

variable "name" {
  description = "What the names of all resources begin with. A second rotator in the same account needs another name."
  type        = string
  default     = "iam-key-rotator"

  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9-]{0,39}$", var.name))
    error_message = "name begins with a letter and has at most 40 letters, digits and hyphens."
  }
}

variable "code_path" {
  description = "Folder with the zips of a release or of `make package`: rotation-arm64.zip and sweep-arm64.zip, or those of x86_64. Set either this or code_bucket."
  type        = string
  default     = null

  validation {
    condition     = (var.code_path == null) != (var.code_bucket == null)
    error_message = "Set either code_path or code_bucket: the zips come from one place."
  }
}

variable "code_bucket" {
  description = "S3 bucket with the zips, in the provider's region. Set either this or code_path."
  type        = string
  default     = null
}

variable "code_prefix" {
  description = "What the keys of the zips in code_bucket begin with."
  type        = string
  default     = "iam-key-rotator/0.1.0/"
}

variable "architecture" {
  description = "Architecture of the functions, and of the zips: arm64 or x86_64."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture is arm64 or x86_64."
  }
}

# Users

variable "users" {
  description = "Whose keys the functions may change: tagged (users with the tag iam-key-rotator:rotate), under-path (users below user_path) or everyone (all users without the exempt tag)."
  type        = string
  default     = "tagged"

  validation {
    condition     = contains(["tagged", "under-path", "everyone"], var.users)
    error_message = "users is tagged, under-path or everyone."
  }
}

variable "user_tag_value" {
  description = "With users = tagged: the value that the tag iam-key-rotator:rotate must have."
  type        = string
  default     = "true"

  validation {
    condition     = can(regex("^[\\p{L}\\p{N}\\p{Z}_.:/=+@-]+$", var.user_tag_value))
    error_message = "user_tag_value is the value of a tag: letters, digits, spaces and _.:/=+@- only, and not empty."
  }
}

variable "user_path" {
  description = "Path that users must be below, with a slash at both ends. With users = under-path it decides alone; with users = tagged it limits further."
  type        = string
  default     = "/"

  validation {
    condition     = can(regex("^/([!#-.0-[\\]-~]+/)*$", var.user_path))
    error_message = "user_path begins and ends with a slash, as /service/."
  }

  validation {
    condition     = var.users != "under-path" || var.user_path != "/"
    error_message = "users is under-path, and user_path is every user's: name a path such as /service/, or set users to everyone."
  }

  validation {
    condition     = var.users != "everyone" || var.user_path == "/"
    error_message = "users is everyone, which has no path: set users to under-path, or leave user_path out."
  }
}

variable "enrollment_roles" {
  description = "ARNs of the roles that run Terraform and enroll users. With them the output service_control_policy denies the rotator's tags to all others."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for role in var.enrollment_roles : can(regex("^arn:[^*?,\\s]+$", role))])
    error_message = "enrollment_roles are full ARNs of roles, without wildcards."
  }
}

# Keys

variable "overlap" {
  description = "How long the old key stays active after the new key becomes current, as 24h or 0."
  type        = string
  default     = "24h"

  validation {
    condition     = can(regex("^(0|[0-9]{1,9}[smhd])$", var.overlap))
    error_message = "overlap is a duration such as 30s, 90m, 24h, 10d or 0."
  }
}

variable "recovery" {
  description = "How long the old key then stays inactive before it is deleted."
  type        = string
  default     = "7d"

  validation {
    condition     = can(regex("^(0|[0-9]{1,9}[smhd])$", var.recovery))
    error_message = "recovery is a duration such as 30s, 90m, 24h, 10d or 0."
  }
}

variable "in_use" {
  description = "What to do with an old key that was used after the new key became current: wait or deactivate."
  type        = string
  default     = "wait"

  validation {
    condition     = contains(["wait", "deactivate"], var.in_use)
    error_message = "in_use is wait or deactivate."
  }
}

variable "unknown_keys" {
  description = "What to do with a key that no version of the secret holds and that fills the two-key limit: refuse, delete-inactive or delete-oldest."
  type        = string
  default     = "delete-inactive"

  validation {
    condition     = contains(["refuse", "delete-inactive", "delete-oldest"], var.unknown_keys)
    error_message = "unknown_keys is refuse, delete-inactive or delete-oldest."
  }
}

variable "test_regions" {
  description = "Regions whose STS must accept a new key before it becomes current. Empty: the function's own region."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for region in var.test_regions : can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", region))])
    error_message = "test_regions are regions such as eu-west-1."
  }
}

variable "propagation_timeout" {
  description = "The longest wait for that."
  type        = string
  default     = "60s"

  validation {
    condition     = can(regex("^(0|[0-9]{1,9}[smhd])$", var.propagation_timeout))
    error_message = "propagation_timeout is a duration such as 30s, 90m, 24h, 10d or 0."
  }
}

variable "secret_name" {
  description = "How secrets are named after users: text with {user} once and {account} at most once."
  type        = string
  default     = "iam-key/{user}"

  validation {
    condition     = can(regex("^[\\w/+=.@-]*(\\{account\\}[\\w/+=.@-]*)?\\{user\\}[\\w/+=.@-]*(\\{account\\}[\\w/+=.@-]*)?$", var.secret_name))
    error_message = "secret_name holds {user} once and {account} at most once, as iam-key/{user}. Beside them it may hold letters, digits and /_+=.@- only."
  }

  validation {
    condition     = var.mode != "enforce" || var.scope != "all" || !contains(["{user}", "{account}{user}", "{user}{account}"], var.secret_name)
    error_message = "mode is enforce and scope is all, so the sweep creates secrets: secret_name needs text before or after {user}, as iam-key/{user}."
  }
}

variable "secret_shape" {
  description = "Field names of a secret that has no value yet."
  type        = list(string)
  default     = ["UserName", "AccessKeyId", "SecretAccessKey"]
}

# Mail

variable "email_from" {
  description = "SES sender: an address, or a name with the address in <>. Without it no mail is sent."
  type        = string
  default     = null

  validation {
    condition     = var.email_from == null || can(regex("^([^<>\"\\\\]*<)?[^<>@\"\\\\ ]+@[^<>@\"\\\\ ]+>?$", var.email_from))
    error_message = "email_from is an address, or a name with the address in <>."
  }
}

variable "email_identity" {
  description = "The verified SES identity that sends: an address or a domain. Needed with email_from."
  type        = string
  default     = null

  validation {
    condition     = var.email_from == null || var.email_identity != null
    error_message = "email_from is set: SES sends only for an identity that was verified, so name it in email_identity."
  }
}

variable "email_domain" {
  description = "A user without an address gets {user}@ this domain."
  type        = string
  default     = null
}

variable "email_tag" {
  description = "IAM user tag that holds the user's address."
  type        = string
  default     = "email"
}

variable "admin_email" {
  description = "Gets the sweep's digest, and the mails of users without an address."
  type        = string
  default     = null
}

variable "contact" {
  description = "Whom users can ask about a mail: a name, an address or a URL."
  type        = string
  default     = null

  validation {
    condition     = var.contact == null || can(regex("^[^[:cntrl:]]{1,200}$", var.contact))
    error_message = "contact is a name, an address or a URL, on one line of at most 200 characters."
  }
}

variable "email_template" {
  description = "SES template to use instead of the built-in mail."
  type        = string
  default     = null
}

# Sweep

variable "mode" {
  description = "What the sweep may change: audit only reports, retire also ends superseded keys, enforce also rotates due keys and enrolls users."
  type        = string
  default     = "retire"

  validation {
    condition     = contains(["audit", "retire", "enforce"], var.mode)
    error_message = "mode is audit, retire or enforce."
  }
}

variable "exposed" {
  description = "What the sweep does about a key that AWS reports as exposed: alert, rotate (a successor first) or revoke (even without a successor). In mode audit it only alerts. watch_exposed_keys sends the reports."
  type        = string
  default     = "alert"

  validation {
    condition     = contains(["alert", "rotate", "revoke"], var.exposed)
    error_message = "exposed is alert, rotate or revoke."
  }
}

variable "scope" {
  description = "Which users the sweep works on: enrolled (their secret rotates with the rotation function) or all."
  type        = string
  default     = "enrolled"

  validation {
    condition     = contains(["enrolled", "all"], var.scope)
    error_message = "scope is enrolled or all. Name secrets in scope_secrets."
  }
}

variable "scope_secrets" {
  description = "Names of secrets whose users the sweep works on, in the place of scope."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for name in var.scope_secrets : can(regex("^[\\w/+=.@-]+$", name))])
    error_message = "scope_secrets are names of single secrets: letters, digits and /_+=.@- only."
  }
}

variable "rotate_after" {
  description = "The age at which a key is due."
  type        = string
  default     = "90d"

  validation {
    condition     = can(regex("^[0-9]{1,9}[smhd]$", var.rotate_after)) && !can(regex("^0+[smhd]$", var.rotate_after))
    error_message = "rotate_after is a duration longer than 0, such as 90d."
  }
}

variable "warn_before" {
  description = "Users are mailed this long before each step. 0: no warnings."
  type        = string
  default     = "7d"

  validation {
    condition     = can(regex("^(0|[0-9]{1,9}[smhd])$", var.warn_before))
    error_message = "warn_before is a duration such as 30s, 90m, 24h, 10d or 0."
  }
}

variable "max_age" {
  description = "The age beyond which an active key is a finding. 0: none."
  type        = string
  default     = "0"

  validation {
    condition     = can(regex("^(0|[0-9]{1,9}[smhd])$", var.max_age))
    error_message = "max_age is a duration such as 30s, 90m, 24h, 10d or 0."
  }
}

variable "exempt_users" {
  description = "Names of exempt users. * stands for any characters."
  type        = list(string)
  default     = []
}

variable "exempt_group" {
  description = "Members of this IAM group are exempt. The group need not exist."
  type        = string
  default     = "IAMKeyRotationExemptionGroup"

  validation {
    condition     = can(regex("^[\\w+=,.@-]+$", var.exempt_group))
    error_message = "exempt_group is the name of an IAM group."
  }
}

variable "exempt_tag" {
  description = "IAM users with this tag are exempt. The tag's value is the reason. With users = everyone IAM itself refuses them, and the key cannot be changed."
  type        = string
  default     = "iam-key-rotator:exempt"

  validation {
    condition     = can(regex("^[\\p{L}\\p{N}_.:/=+@-]+$", var.exempt_tag))
    error_message = "exempt_tag is the key of a tag."
  }

  validation {
    condition     = var.users != "everyone" || var.exempt_tag == "iam-key-rotator:exempt"
    error_message = "users is everyone, whose policies name the tag iam-key-rotator:exempt: leave exempt_tag out."
  }
}

variable "refuse_others" {
  description = "Whether secrets that the sweep creates can be read by their user and the rotation function alone."
  type        = bool
  default     = false
}

variable "replica_regions" {
  description = "Regions to which created secrets are replicated."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for region in var.replica_regions : can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", region))])
    error_message = "replica_regions are regions such as eu-central-1."
  }
}

variable "created_secrets_key" {
  description = "Customer key of secrets that the sweep creates. The functions may use it through Secrets Manager alone. Without it, the account's key aws/secretsmanager."
  type        = object({ arn = string })
  default     = null

  validation {
    condition     = var.created_secrets_key == null || var.mode == "enforce"
    error_message = "created_secrets_key is set, but mode creates no secret: set mode to enforce, or give the key to the submodule rotated-key."
  }
}

variable "schedule" {
  description = "When the sweep runs: rate(…) or cron(…), at least every three days. The alarm SweepMissing waits 3 hours with the default, and 74 hours with any other. An organization has its own schedule."
  type        = string
  default     = "rate(1 hour)"

  validation {
    condition     = can(regex("^(rate|cron)\\(.+\\)$", var.schedule))
    error_message = "schedule is rate(…) or cron(…)."
  }
}

variable "reserved_concurrency" {
  description = "How many sweeps may run at once, reserved from the account's concurrency. 0 reserves nothing, as a new account with a quota of 10 needs."
  type        = number
  default     = 1

  validation {
    condition     = var.reserved_concurrency >= 0 && floor(var.reserved_concurrency) == var.reserved_concurrency
    error_message = "reserved_concurrency is a whole number, 0 or more."
  }

  validation {
    condition     = var.organization == null || var.reserved_concurrency == 0 || var.reserved_concurrency >= try(var.organization.max_concurrency, 10)
    error_message = "The organization's max_concurrency is more than reserved_concurrency: the other sweeps would be throttled until they give up. Set reserved_concurrency to at least as many, or to 0."
  }
}

# Alerts

variable "alert_emails" {
  description = "Addresses that get every alert. SNS asks each to confirm."
  type        = list(string)
  default     = []
}

variable "alert_topic" {
  description = "A standard SNS topic that exists, for alerts. It must let CloudWatch publish. Without it, the module creates one."
  type        = object({ arn = string })
  default     = null
}

variable "alert_key" {
  description = "Customer key that encrypts the topic. Its own policy must let CloudWatch use it."
  type        = object({ arn = string })
  default     = null
}

variable "watch_key_creation" {
  description = "Whether to alert when anything but the rotator creates an access key. Needs a trail that records management events, and outside IAM's region the submodule key-creation-forwarder."
  type        = bool
  default     = true
}

variable "watch_exposed_keys" {
  description = "Whether rules send reports of exposed keys, by AWS Health and GuardDuty, to the sweep. Other regions, such as those where AWS Health has global events, need the submodule exposed-key-forwarder."
  type        = bool
  default     = false
}

variable "key_creators" {
  description = "ARNs of other roles whose new keys raise no alert, such as the rotation role of another rotator of this account."
  type        = list(string)
  default     = []
}

# Other accounts

variable "members" {
  description = "How users of other accounts of the organization are reached: the ExternalId that their roles ask for, and what the names of these roles begin with. The submodule member-account makes the roles."
  type = object({
    external_id = string
    role_name   = optional(string, "iam-key-rotator")
  })
  default = null

  validation {
    condition     = var.members == null || try(can(regex("^[\\w+=,.@:/-]+$", var.members.external_id)) && length(var.members.external_id) >= 2, false)
    error_message = "members.external_id has at least 2 letters, digits or +=,.@:/-_."
  }
}

variable "organization" {
  description = "Sweeps every account of the organization, one unit with those below it, or some accounts. Needs members."
  type = object({
    unit            = optional(string)
    accounts        = optional(list(string))
    max_concurrency = optional(number, 10)
    schedule        = optional(string, "rate(1 hour)")
  })
  default = null

  validation {
    condition     = var.organization == null || var.members != null
    error_message = "organization is set, but members is not: without a role to assume, no other account can be reached."
  }

  validation {
    condition     = try(var.organization.unit, null) == null || try(var.organization.accounts, null) == null
    error_message = "organization.unit and organization.accounts are both set: name a unit or a list of accounts."
  }

  validation {
    condition     = try(var.organization.unit, null) == null || can(regex("^ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}$", var.organization.unit))
    error_message = "organization.unit is the id of a unit, as ou-ab12-cdefgh34."
  }

  validation {
    condition     = alltrue([for account in try(coalesce(var.organization.accounts, []), []) : can(regex("^[0-9]{12}$", account))])
    error_message = "organization.accounts are accounts of twelve digits each."
  }

  validation {
    condition     = try(var.organization.max_concurrency, 1) >= 1
    error_message = "organization.max_concurrency is 1 or more."
  }
}

# The functions

variable "rotation_memory" {
  description = "Memory of the rotation function in MB, and with it the share of a CPU."
  type        = number
  default     = 256
}

variable "rotation_timeout" {
  description = "Longest run of the rotation function in seconds."
  type        = number
  default     = 180

  validation {
    condition     = var.rotation_timeout >= 31 && var.rotation_timeout <= 900
    error_message = "rotation_timeout is at most 900 seconds: testSecret needs 30 seconds beside its wait, and Secrets Manager waits for a step at most 15 minutes."
  }
}

variable "sweep_memory" {
  description = "Memory of the sweep function in MB, and with it the share of a CPU."
  type        = number
  default     = 512
}

variable "sweep_timeout" {
  description = "Longest run of the sweep function in seconds. A sweep that needs longer resumes where it stopped."
  type        = number
  default     = 900

  validation {
    condition     = var.sweep_timeout >= 60 && var.sweep_timeout <= 900
    error_message = "sweep_timeout is between 60 and 900 seconds."
  }
}

variable "log_level" {
  description = "Least level of the log lines that are written: DEBUG or INFO. Above INFO the metrics, which are log lines too, would be lost."
  type        = string
  default     = "INFO"

  validation {
    condition     = contains(["DEBUG", "INFO"], var.log_level)
    error_message = "log_level is DEBUG or INFO."
  }
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 365

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653], var.log_retention_days)
    error_message = "log_retention_days is one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653."
  }
}

variable "tracing" {
  description = "Whether AWS X-Ray traces invocations."
  type        = bool
  default     = false
}

variable "vpc" {
  description = "Runs the functions in a VPC. The subnets need a way to AWS's endpoints, IAM's among them."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of all roles, where the organization demands one of its own. Without it, the two functions' roles get one each, which allows what they can ever need."
  type        = string
  default     = null
}
