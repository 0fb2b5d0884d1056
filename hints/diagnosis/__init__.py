"""Diagnosis: the kind of mistake of a failed execution, found without a language model."""
