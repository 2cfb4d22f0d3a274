output "secret_arn" {
  description = "ARN of the secret, for what reads the key."
  value       = aws_secretsmanager_secret.this.arn
}

output "secret_name" {
  description = "Name of the secret, for the user's tag iam-key-rotator:secret."
  value       = aws_secretsmanager_secret.this.name
}
