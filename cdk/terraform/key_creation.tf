# Alerts when a key is made by anything but the rotator: nothing rotates such a key.

locals {
  watched = var.watch_key_creation ? 1 : 0
  message = jsondecode(templatefile("${local.documents}/key-creation-message.json.tftpl", {}))
}

resource "aws_cloudwatch_event_rule" "key_creation" {
  count       = local.watched
  name        = local.values.key_creation_rule
  description = "An access key was made outside the rotator. What to do: docs/runbook.md, \"ForeignKeyCreated\"."
  event_pattern = templatefile("${local.documents}/key-creation.json.tftpl", merge(local.values, {
    key_creators = concat([local.values.rotation_role_arn], var.key_creators)
  }))
}

resource "aws_cloudwatch_event_target" "key_creation" {
  count     = local.watched
  rule      = aws_cloudwatch_event_rule.key_creation[0].name
  target_id = "Target0"
  arn       = local.alert_topic_arn
  role_arn  = aws_iam_role.key_creation[0].arn

  dead_letter_config {
    arn = aws_sqs_queue.undelivered[0].arn
  }

  input_transformer {
    input_paths    = local.message.InputPathsMap
    input_template = local.message.InputTemplate
  }
}

# A role, since AWS says that EventBridge does not support conditions in a topic's policy.
resource "aws_iam_role" "key_creation" {
  count                = local.watched
  name                 = "${var.name}-key-creation"
  description          = "iam-key-rotator: EventBridge publishes alerts of keys made outside the rotator"
  assume_role_policy   = templatefile("${local.documents}/events-trust.json.tftpl", local.values)
  permissions_boundary = var.permissions_boundary_arn
}

resource "aws_iam_role_policy" "key_creation" {
  count  = local.watched
  name   = "alerts"
  role   = aws_iam_role.key_creation[0].name
  policy = templatefile("${local.documents}/${local.rotation_policies["alerts"]}.json.tftpl", local.values)
}

resource "aws_sqs_queue" "undelivered" {
  count                     = local.watched
  name                      = local.values.key_creation_undelivered_queue_name
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue_policy" "undelivered" {
  count     = local.watched
  queue_url = aws_sqs_queue.undelivered[0].url
  policy    = templatefile("${local.documents}/undelivered-queue.json.tftpl", local.values)
}
