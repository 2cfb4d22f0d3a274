output "rotation_function_arn" {
  description = "What secrets rotate with."
  value       = aws_lambda_function.rotation.arn
  # The first rotation begins as soon as a secret has its schedule, so all that it needs must be there.
  depends_on = [aws_iam_role_policy.rotation, aws_lambda_permission.secrets_manager]
}

output "rotation_role_arn" {
  description = "The rotation function's role, for member accounts and for policies of secrets."
  value       = aws_iam_role.rotation.arn
}

output "sweep_function_name" {
  description = "Invoke it with {} to sweep now."
  value       = aws_lambda_function.sweep.function_name
}

output "sweep_role_arn" {
  description = "The sweep function's role, for member accounts."
  value       = aws_iam_role.sweep.arn
}

output "alert_topic_arn" {
  description = "Where failures and findings go."
  value       = local.alert_topic_arn
}

output "dead_letters_url" {
  description = "Queue of the sweep's events that failed."
  value       = aws_sqs_queue.dead_letters.url
}

output "state_machine_arn" {
  description = "The organization's sweep. Start an execution to sweep now. Null without an organization."
  value       = one(aws_sfn_state_machine.organization[*].arn)
}

output "secret_name" {
  description = "How secrets are named after users, for the submodule rotated-key."
  value       = var.secret_name
}

output "service_control_policy" {
  description = "A service control policy that denies the rotator's tags to all but the rotator and enrollment_roles. Null without enrollment_roles."
  value = length(var.enrollment_roles) == 0 ? null : templatefile("${local.documents}/tag-guard-${var.users}.json.tftpl", merge(local.values, {
    enrollment_roles = concat([aws_iam_role.rotation.arn, aws_iam_role.sweep.arn], var.enrollment_roles)
  }))
}
