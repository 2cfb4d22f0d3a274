# Sends reports of exposed keys to the sweep, as far as they arrive in this region.

locals {
  exposed_rules = {
    health    = "AWS Health reports a risk to credentials"
    guardduty = "GuardDuty suspects a user's credentials"
  }
  exposed_watched = var.watch_exposed_keys ? local.exposed_rules : {}
}

resource "aws_cloudwatch_event_rule" "exposed_keys" {
  for_each      = local.exposed_watched
  name          = "${var.name}-exposed-${each.key}"
  description   = "iam-key-rotator: ${each.value}"
  event_pattern = templatefile("${local.documents}/exposed-${each.key}.json.tftpl", local.values)
}

resource "aws_cloudwatch_event_target" "exposed_keys" {
  for_each  = local.exposed_watched
  rule      = aws_cloudwatch_event_rule.exposed_keys[each.key].name
  target_id = "Target0"
  arn       = aws_lambda_function.sweep.arn

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }

  retry_policy {
    maximum_event_age_in_seconds = 7200
    maximum_retry_attempts       = 10
  }
}

resource "aws_lambda_permission" "exposed_keys" {
  for_each      = local.exposed_watched
  statement_id  = "ExposedKeys-${each.key}"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.sweep.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.exposed_keys[each.key].arn
}
