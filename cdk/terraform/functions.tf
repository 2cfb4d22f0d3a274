# The two functions, their logs and who may invoke them.

resource "aws_cloudwatch_log_group" "rotation" {
  name              = local.values.rotation_logs
  retention_in_days = var.log_retention_days
  # The record of what was done to keys outlives the functions.
  skip_destroy = true
}

resource "aws_cloudwatch_log_group" "sweep" {
  name              = local.values.sweep_logs
  retention_in_days = var.log_retention_days
  skip_destroy      = true
}

resource "aws_lambda_function" "rotation" {
  function_name    = local.values.rotation_function
  description      = "iam-key-rotator: rotates IAM access keys for Secrets Manager"
  role             = aws_iam_role.rotation.arn
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.architecture]
  filename         = local.code.rotation.filename
  source_code_hash = local.code.rotation.hash
  s3_bucket        = var.code_bucket
  s3_key           = local.code.rotation.key
  memory_size      = var.rotation_memory
  timeout          = var.rotation_timeout

  environment {
    variables = local.rotation_environment
  }

  logging_config {
    log_format            = "JSON"
    application_log_level = var.log_level
    system_log_level      = "INFO"
    log_group             = aws_cloudwatch_log_group.rotation.name
  }

  dynamic "tracing_config" {
    for_each = var.tracing ? ["Active"] : []
    content {
      mode = tracing_config.value
    }
  }

  dynamic "vpc_config" {
    for_each = var.vpc[*]
    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  lifecycle {
    precondition {
      condition     = local.seconds.propagation_timeout + 30 <= var.rotation_timeout
      error_message = "propagation_timeout is ${var.propagation_timeout} and rotation_timeout ${var.rotation_timeout} seconds: testSecret needs 30 seconds beside its wait."
    }
  }

  # Lambda makes the function's network interfaces under its role.
  depends_on = [aws_iam_role_policy.rotation]
}

resource "aws_lambda_function" "sweep" {
  function_name    = local.values.sweep_function
  description      = "iam-key-rotator: looks after the keys of an account"
  role             = aws_iam_role.sweep.arn
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.architecture]
  filename         = local.code.sweep.filename
  source_code_hash = local.code.sweep.hash
  s3_bucket        = var.code_bucket
  s3_key           = local.code.sweep.key
  memory_size      = var.sweep_memory
  timeout          = var.sweep_timeout
  # -1 is what the provider takes for nothing reserved.
  reserved_concurrent_executions = var.reserved_concurrency == 0 ? -1 : var.reserved_concurrency

  environment {
    variables = local.sweep_environment
  }

  logging_config {
    log_format            = "JSON"
    application_log_level = var.log_level
    system_log_level      = "INFO"
    log_group             = aws_cloudwatch_log_group.sweep.name
  }

  dynamic "tracing_config" {
    for_each = var.tracing ? ["Active"] : []
    content {
      mode = tracing_config.value
    }
  }

  dynamic "vpc_config" {
    for_each = var.vpc[*]
    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  lifecycle {
    precondition {
      condition     = local.seconds.overlap < local.seconds.rotate_after
      error_message = "overlap (${var.overlap}) is not shorter than rotate_after (${var.rotate_after}): the next rotation would find the superseded key still within its overlap and be refused."
    }

    precondition {
      condition     = local.seconds.max_age == 0 || local.age <= local.seconds.max_age
      error_message = "In mode ${var.mode} a key reaches ${floor(local.age / 3600)} hours with these settings, and max_age is ${var.max_age}. Shorten rotate_after or overlap, or raise max_age."
    }
  }

  depends_on = [aws_iam_role_policy.sweep]
}

locals {
  code = { for program in ["rotation", "sweep"] : program => {
    filename = var.code_path == null ? null : "${var.code_path}/${program}-${var.architecture}.zip"
    hash     = var.code_path == null ? null : filebase64sha256("${var.code_path}/${program}-${var.architecture}.zip")
    key      = var.code_bucket == null ? null : "${var.code_prefix}${program}-${var.architecture}.zip"
  } }
}

resource "aws_lambda_permission" "secrets_manager" {
  statement_id   = "SecretsManager"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.rotation.function_name
  principal      = "secretsmanager.amazonaws.com"
  source_account = local.account
}

resource "aws_lambda_function_event_invoke_config" "sweep" {
  function_name                = aws_lambda_function.sweep.function_name
  qualifier                    = "$LATEST"
  maximum_event_age_in_seconds = 7200
  maximum_retry_attempts       = 2

  destination_config {
    on_failure {
      destination = aws_sqs_queue.dead_letters.arn
    }
  }
}

resource "aws_sqs_queue" "dead_letters" {
  name                      = local.values.sweep_dead_letters_queue_name
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue_policy" "dead_letters" {
  queue_url = aws_sqs_queue.dead_letters.url
  policy    = templatefile("${local.documents}/dead-letters-queue${var.watch_exposed_keys ? "-exposed" : ""}.json.tftpl", local.values)
}
