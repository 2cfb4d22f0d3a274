# A secret with one IAM user's access key, rotated by Secrets Manager. It begins without a value: the first rotation puts
# the first key into it. So no value of it is ever in Terraform's state.

data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

data "aws_region" "this" {}

locals {
  account     = data.aws_caller_identity.this.account_id
  named_after = replace(replace(var.rotator.secret_name, "{user}", var.user.name), "{account}", local.account)
}

resource "aws_secretsmanager_secret" "this" {
  name        = coalesce(var.secret_name, local.named_after)
  description = "IAM access key of ${var.user.name}, rotated by iam-key-rotator"
  kms_key_id  = try(var.kms_key.arn, null)
  # Without a value, it is the tag that says whose secret this is.
  tags = { "iam-key-rotator:user" = var.user.name }

  dynamic "replica" {
    for_each = var.replica_regions
    content {
      region = replica.value
    }
  }

  lifecycle {
    # The rotator keeps tags of its own here, and the command line sets overlaps. Terraform would take them off.
    ignore_changes = [tags, tags_all]
    # It holds the only copy of a working key.
    prevent_destroy = true
  }
}

resource "aws_secretsmanager_secret_policy" "this" {
  secret_arn          = aws_secretsmanager_secret.this.arn
  block_public_policy = true
  policy = templatefile("${path.module}/documents/secret${var.refuse_others ? "-refuse-others" : ""}.json.tftpl", {
    partition         = data.aws_partition.this.partition
    account           = local.account
    reader_arns       = concat([var.user.arn], var.readers)
    rotation_role_arn = var.rotator.rotation_role_arn
  })
}

# The first rotation begins with the schedule, so the function must be able to use the key by then.
resource "aws_iam_role_policy" "key" {
  count = var.kms_key == null ? 0 : 1
  name  = "key-of-${var.user.name}"
  role  = element(split("/", var.rotator.rotation_role_arn), -1)
  policy = templatefile("${path.module}/documents/secrets-key.json.tftpl", {
    partition   = data.aws_partition.this.partition
    account     = local.account
    region      = data.aws_region.this.id
    own_key_arn = var.kms_key.arn
  })
}

resource "aws_secretsmanager_secret_rotation" "this" {
  # After the policy: readers are let in before there is anything to read.
  secret_id           = aws_secretsmanager_secret_policy.this.id
  rotation_lambda_arn = var.rotator.rotation_function_arn
  rotate_immediately  = var.rotate_immediately

  rotation_rules {
    schedule_expression = var.schedule
  }

  depends_on = [aws_iam_role_policy.key]
}
