output "role_arns" {
  description = "ARNs of the two roles, by function: rotation and sweep."
  value       = { for program, role in aws_iam_role.this : program => role.arn }
}
