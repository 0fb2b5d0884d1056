"""The client of the DynamoDB table, its definition, and the storage of large bodies."""
