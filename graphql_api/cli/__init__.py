"""The operator's command `algoitny`: local development, the table, users, problems, submissions."""
