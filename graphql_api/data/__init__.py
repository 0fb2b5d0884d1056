"""Everything that is kept: DynamoDB, S3 and Redis, as records in and records out."""
