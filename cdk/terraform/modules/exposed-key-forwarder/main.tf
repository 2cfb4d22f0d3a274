# Sends reports of exposed keys to the region of the rotator. AWS Health has global events in us-east-1, with a backup in
# us-west-2; in China and GovCloud in both regions. GuardDuty has its findings in each region where it is on. Give this
# module a provider of such a region.

data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

data "aws_region" "this" {}

locals {
  values = {
    partition      = data.aws_partition.this.partition
    account        = coalesce(var.rotator_account, data.aws_caller_identity.this.account_id)
    rotator_region = var.rotator_region
  }
  # Roles belong to no region, so each region needs a name of its own.
  name  = "${var.name}-exposed-${data.aws_region.this.id}"
  rules = toset(["health", "guardduty"])
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each      = local.rules
  name          = "${var.name}-exposed-${each.key}"
  description   = "Forwards reports of exposed keys to ${var.rotator_region}, where the rotator's sweep gets them"
  event_pattern = templatefile("${path.module}/documents/${each.key}.json.tftpl", local.values)
}

# There is no dead-letter queue: EventBridge repeats a delivery for 24 hours, and nobody watches a queue in each region.
resource "aws_cloudwatch_event_target" "this" {
  for_each  = local.rules
  rule      = aws_cloudwatch_event_rule.this[each.key].name
  target_id = "Target0"
  arn       = "arn:${local.values.partition}:events:${var.rotator_region}:${local.values.account}:event-bus/default"
  role_arn  = aws_iam_role.this.arn
}

resource "aws_iam_role" "this" {
  name                 = local.name
  description          = "iam-key-rotator: EventBridge forwards reports of exposed keys to ${var.rotator_region}"
  assume_role_policy   = templatefile("${path.module}/documents/events-trust.json.tftpl", local.values)
  permissions_boundary = var.permissions_boundary_arn
}

resource "aws_iam_role_policy" "this" {
  name   = "forward"
  role   = aws_iam_role.this.name
  policy = templatefile("${path.module}/documents/forward.json.tftpl", local.values)
}
