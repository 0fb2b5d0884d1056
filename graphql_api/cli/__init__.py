"""The operator's command `algoitny`: development, engines, the table, problems, submissions."""
