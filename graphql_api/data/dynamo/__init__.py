"""The client and the definition of the DynamoDB table, and the storage of large bodies."""
