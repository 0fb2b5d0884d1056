"""The operator's command `algoitny`.

Sub-commands run AlgoItny locally, manage the DynamoDB table, users and problems, and submit code.
"""
