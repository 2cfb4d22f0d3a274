# The hourly sweep of this account. An organization's sweep has its own schedule, and sweeps this account with the others.

resource "aws_scheduler_schedule" "sweep" {
  count                        = local.organization ? 0 : 1
  name                         = "${var.name}-sweep"
  description                  = "iam-key-rotator: sweeps this account"
  schedule_expression          = var.schedule
  schedule_expression_timezone = "Etc/UTC"
  state                        = "ENABLED"

  # A window would add to the hour in which a key is to be inactive.
  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.sweep.arn
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

resource "aws_iam_role" "scheduler" {
  name                 = "${var.name}-scheduler"
  assume_role_policy   = templatefile("${local.documents}/scheduler-trust.json.tftpl", local.values)
  permissions_boundary = var.permissions_boundary_arn
}

resource "aws_iam_role_policy" "scheduler" {
  name   = "sweep"
  role   = aws_iam_role.scheduler.name
  policy = templatefile("${local.documents}/scheduler-${local.organization ? "organization" : "sweep"}.json.tftpl", local.values)
}
