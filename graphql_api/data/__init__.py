"""The storage of the product in DynamoDB, S3 and Redis. Stores take and return records."""
