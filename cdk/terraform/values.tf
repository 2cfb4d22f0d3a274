data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

data "aws_region" "this" {}

locals {
  documents = "${path.module}/documents"

  partition = data.aws_partition.this.partition
  account   = data.aws_caller_identity.this.account_id
  # The provider's version 6 renamed the attribute `name`; `id` is the region's name in all.
  region = data.aws_region.this.id

  members      = var.members != null
  organization = var.organization != null
  retires      = var.mode != "audit"
  enforces     = var.mode == "enforce"
  # A successor for an exposed key is the one rotation that retire starts.
  rotates = local.enforces || (var.mode == "retire" && var.exposed != "alert")
  # Without text of its own no policy could be limited to the name.
  creates     = local.enforces && !contains(["{user}", "{account}{user}", "{user}{account}"], var.secret_name)
  address     = try(regex("<([^<>]*)>\\s*$", var.email_from)[0], var.email_from)
  member_role = local.members ? trimprefix(var.members.role_name, "/") : null

  # What the documents refer to. ARNs are written from names, so that a plan shows every policy in full.
  values = {
    partition = local.partition
    account   = local.account
    region    = local.region

    alerts_topic  = local.alert_topic_arn
    alert_key_arn = try(var.alert_key.arn, null)

    rotation_function     = "${var.name}-rotation"
    rotation_function_arn = "arn:${local.partition}:lambda:${local.region}:${local.account}:function:${var.name}-rotation"
    rotation_logs         = "/aws/lambda/${var.name}-rotation"
    rotation_logs_arn     = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws/lambda/${var.name}-rotation:*"
    rotation_role_arn     = "arn:${local.partition}:iam::${local.account}:role/${var.name}-rotation"

    sweep_function                = "${var.name}-sweep"
    sweep_function_arn            = "arn:${local.partition}:lambda:${local.region}:${local.account}:function:${var.name}-sweep"
    sweep_logs                    = "/aws/lambda/${var.name}-sweep"
    sweep_logs_arn                = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws/lambda/${var.name}-sweep:*"
    sweep_role_arn                = "arn:${local.partition}:iam::${local.account}:role/${var.name}-sweep"
    sweep_dead_letters_arn        = "arn:${local.partition}:sqs:${local.region}:${local.account}:${var.name}-dead-letters"
    sweep_dead_letters_queue_name = "${var.name}-dead-letters"

    exposed_keys_health_arn     = "arn:${local.partition}:events:${local.region}:${local.account}:rule/${var.name}-exposed-health"
    exposed_keys_guard_duty_arn = "arn:${local.partition}:events:${local.region}:${local.account}:rule/${var.name}-exposed-guardduty"

    key_creation_rule                   = "${var.name}-key-creation"
    key_creation_rule_arn               = "arn:${local.partition}:events:${local.region}:${local.account}:rule/${var.name}-key-creation"
    key_creation_undelivered_arn        = "arn:${local.partition}:sqs:${local.region}:${local.account}:${var.name}-undelivered"
    key_creation_undelivered_queue_name = "${var.name}-undelivered"

    user_path       = var.user_path
    user_tag_value  = var.user_tag_value
    exempt_group    = var.exempt_group
    exempt_tag      = var.exempt_tag
    secret_name     = var.secret_name
    listed          = var.scope_secrets
    replica_regions = var.replica_regions
    secrets_key_arn = try(var.created_secrets_key.arn, null)

    email_from     = local.address
    email_identity = var.email_identity
    email_template = var.email_template

    member_external_id         = try(var.members.external_id, null)
    member_role                = local.member_role
    organization_state_machine = "arn:${local.partition}:states:${local.region}:${local.account}:stateMachine:${var.name}-organization"
    unit_root                  = try(join("-", slice(split("-", var.organization.unit), 0, 2)), null)
  }
}
