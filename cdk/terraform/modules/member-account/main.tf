# What a member account grants: a role for each function, which only that function's role may assume, and only with the
# ExternalId. The sweep's can make no key here either.

data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

locals {
  documents = "${path.module}/documents"
  # A path and a name; without a path the role is at the root.
  parts = split("/", trimprefix(var.role_name, "/"))
  name  = local.parts[length(local.parts) - 1]
  path  = length(local.parts) == 1 ? "/" : "/${join("/", slice(local.parts, 0, length(local.parts) - 1))}/"

  values = {
    partition         = data.aws_partition.this.partition
    account           = data.aws_caller_identity.this.account_id
    external_id       = var.external_id
    rotation_role_arn = var.rotation_role_arn
    sweep_role_arn    = var.sweep_role_arn
    user_path         = var.user_path
    user_tag_value    = var.user_tag_value
    exempt_group      = var.exempt_group
  }

  programs = toset(["rotation", "sweep"])
  policies = merge(
    { rotation = { role = "rotation", document = "rotation-${var.users}" } },
    { audit = { role = "sweep", document = "sweep-audit" } },
    var.mode == "audit" ? {} : { retire = { role = "sweep", document = "sweep-retire-${var.users}" } },
  )
}

resource "aws_iam_policy" "boundary" {
  for_each    = var.permissions_boundary_arn == null ? local.programs : toset([])
  name        = "${local.name}-${each.key}-boundary"
  description = "The most that the ${each.key} function of iam-key-rotator can ever be allowed here"
  policy      = templatefile("${local.documents}/${each.key}-boundary.json.tftpl", local.values)
}

resource "aws_iam_role" "this" {
  for_each             = local.programs
  name                 = "${local.name}-${each.key}"
  path                 = local.path
  description          = "The ${each.key} function of iam-key-rotator acts here"
  assume_role_policy   = templatefile("${local.documents}/${each.key}-trust.json.tftpl", local.values)
  max_session_duration = 3600
  permissions_boundary = var.permissions_boundary_arn == null ? aws_iam_policy.boundary[each.key].arn : var.permissions_boundary_arn
}

resource "aws_iam_role_policy" "this" {
  for_each = local.policies
  name     = each.key
  role     = aws_iam_role.this[each.value.role].name
  policy   = templatefile("${local.documents}/${each.value.document}.json.tftpl", local.values)
}
