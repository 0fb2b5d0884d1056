"""The storage of AlgoItny in DynamoDB, S3 and Redis. Stores take and return records."""
