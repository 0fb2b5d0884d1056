"""Migrations, which rewrite the items of earlier program versions in the current form."""
