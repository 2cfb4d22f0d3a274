# The sweep of an organization: a state machine that sweeps one account after another, many at a time.

resource "aws_sfn_state_machine" "organization" {
  count    = local.organization ? 1 : 0
  name     = "${var.name}-organization"
  role_arn = aws_iam_role.organization[0].arn
  definition = templatefile("${local.documents}/state-machine.json.tftpl", merge(local.values, {
    selection       = { for name, value in { unit = var.organization.unit, accounts = var.organization.accounts } : name => value if value != null }
    max_concurrency = var.organization.max_concurrency
  }))

  logging_configuration {
    log_destination        = "${aws_cloudwatch_log_group.organization[0].arn}:*"
    level                  = "ALL"
    include_execution_data = false
  }

  tracing_configuration {
    enabled = true
  }

  depends_on = [aws_iam_role_policy.organization]
}

resource "aws_cloudwatch_log_group" "organization" {
  count             = local.organization ? 1 : 0
  name              = "/aws/vendedlogs/states/${var.name}-organization-sweep"
  retention_in_days = 365
}

resource "aws_iam_role" "organization" {
  count                = local.organization ? 1 : 0
  name                 = "${var.name}-organization"
  assume_role_policy   = templatefile("${local.documents}/state-machine-trust.json.tftpl", local.values)
  permissions_boundary = var.permissions_boundary_arn
}

resource "aws_iam_role_policy" "organization" {
  for_each = local.organization ? { run = "state-machine-run", map = "state-machine-map" } : {}
  name     = each.key
  role     = aws_iam_role.organization[0].name
  policy   = templatefile("${local.documents}/${each.value}.json.tftpl", local.values)
}

resource "aws_scheduler_schedule" "organization" {
  count                        = local.organization ? 1 : 0
  name                         = "${var.name}-organization"
  description                  = "iam-key-rotator: sweeps the organization"
  schedule_expression          = var.organization.schedule
  schedule_expression_timezone = "Etc/UTC"
  state                        = "ENABLED"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_sfn_state_machine.organization[0].arn
    role_arn = aws_iam_role.scheduler.arn
    input    = "{}"

    dead_letter_config {
      arn = aws_sqs_queue.dead_letters.arn
    }

    retry_policy {
      maximum_event_age_in_seconds = 7200
      maximum_retry_attempts       = 10
    }
  }

  depends_on = [aws_iam_role_policy.scheduler]
}
