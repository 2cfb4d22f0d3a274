# The functions' roles. Each has the policies of what is switched on, and no others.

locals {
  mails      = var.email_template == null ? "mails" : "mails-template"
  boundaries = var.permissions_boundary_arn == null ? toset(["rotation", "sweep"]) : toset([])

  rotation_policies = { for policy, document in {
    execution   = var.vpc == null ? "rotation-execution" : "rotation-execution-vpc"
    vpc         = var.vpc == null ? null : "rotation-vpc"
    rotation    = "rotation-${var.users}"
    alerts      = var.alert_key == null ? "alerts" : "alerts-encrypted"
    mails       = var.email_from == null ? null : local.mails
    members     = local.members ? "rotation-members" : null
    secrets-key = var.created_secrets_key == null ? null : "rotation-secrets-key"
    tracing     = var.tracing ? "tracing" : null
  } : policy => document if document != null }

  listed = length(var.scope_secrets) == 0 ? "" : "-listed"

  sweep_policies = { for policy, document in {
    execution    = var.vpc == null ? "sweep-execution" : "sweep-execution-vpc"
    vpc          = var.vpc == null ? null : "sweep-vpc"
    dead-letters = "sweep-dead-letters"
    audit        = "sweep-audit${local.listed}"
    retire       = local.retires ? "sweep-retire-${var.users}" : null
    enforce      = local.rotates ? "sweep-enforce${local.listed}" : null
    create       = local.creates ? "sweep-create" : null
    replicas     = local.creates && length(var.replica_regions) > 0 ? "sweep-replicas" : null
    alerts       = var.alert_key == null ? "alerts" : "alerts-encrypted"
    mails        = var.email_from == null ? null : local.mails
    members      = local.members ? "sweep-members" : null
    organization = !local.organization ? null : try(var.organization.unit, null) == null ? "sweep-accounts" : "sweep-accounts-of-unit"
    secrets-key  = var.created_secrets_key == null ? null : "sweep-secrets-key"
    tracing      = var.tracing ? "tracing" : null
  } : policy => document if document != null }
}

resource "aws_iam_policy" "boundary" {
  for_each    = local.boundaries
  name        = "${var.name}-${each.key}-boundary"
  description = "The most that the ${each.key} function of iam-key-rotator can ever be allowed"
  policy      = templatefile("${local.documents}/${each.key}-boundary.json.tftpl", local.values)
}

resource "aws_iam_role" "rotation" {
  name                 = "${var.name}-rotation"
  description          = "iam-key-rotator: rotates IAM access keys for Secrets Manager: execution role"
  assume_role_policy   = templatefile("${local.documents}/lambda-trust.json.tftpl", local.values)
  permissions_boundary = var.permissions_boundary_arn == null ? aws_iam_policy.boundary["rotation"].arn : var.permissions_boundary_arn
}

resource "aws_iam_role" "sweep" {
  name                 = "${var.name}-sweep"
  description          = "iam-key-rotator: looks after the keys of an account: execution role"
  assume_role_policy   = templatefile("${local.documents}/lambda-trust.json.tftpl", local.values)
  permissions_boundary = var.permissions_boundary_arn == null ? aws_iam_policy.boundary["sweep"].arn : var.permissions_boundary_arn
}

resource "aws_iam_role_policy" "rotation" {
  for_each = local.rotation_policies
  name     = each.key
  role     = aws_iam_role.rotation.name
  policy   = templatefile("${local.documents}/${each.value}.json.tftpl", local.values)
}

resource "aws_iam_role_policy" "sweep" {
  for_each = local.sweep_policies
  name     = each.key
  role     = aws_iam_role.sweep.name
  policy   = templatefile("${local.documents}/${each.value}.json.tftpl", local.values)
}
