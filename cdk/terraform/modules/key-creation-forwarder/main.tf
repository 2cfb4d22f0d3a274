# IAM sends its events to one region of the partition: us-east-1, cn-north-1 or us-gov-west-1. Give this module a provider
# of that region. It sends CreateAccessKey to the region of the rotator, whose rule reads it.

data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

locals {
  values = {
    partition      = data.aws_partition.this.partition
    account        = data.aws_caller_identity.this.account_id
    rotator_region = var.rotator_region
  }
}

resource "aws_cloudwatch_event_rule" "this" {
  name          = "${var.name}-forwarder"
  description   = "Forwards CreateAccessKey to ${var.rotator_region}, where the rotator's rule looks at it"
  event_pattern = templatefile("${path.module}/documents/key-creation.json.tftpl", local.values)
}

resource "aws_cloudwatch_event_target" "this" {
  rule      = aws_cloudwatch_event_rule.this.name
  target_id = "Target0"
  arn       = "arn:${local.values.partition}:events:${var.rotator_region}:${local.values.account}:event-bus/default"
  role_arn  = aws_iam_role.this.arn
}

resource "aws_iam_role" "this" {
  name                 = "${var.name}-forwarder"
  assume_role_policy   = templatefile("${path.module}/documents/events-trust.json.tftpl", local.values)
  permissions_boundary = var.permissions_boundary_arn
}

resource "aws_iam_role_policy" "this" {
  name   = "forward"
  role   = aws_iam_role.this.name
  policy = templatefile("${path.module}/documents/forward.json.tftpl", local.values)
}
