"""docs/sandbox.md lists every attack with the layers that stop it."""

from importlib import import_module

import pytest

from tests.support.paths import ROOT

DOCS = ROOT / "docs" / "sandbox.md"
MODULES = ("learn", "change", "outlive", "exhaust", "exhaust_memory")


@pytest.mark.parametrize("module", MODULES)
def test_every_attack_is_listed_with_its_layers(module):
    attacks = import_module(f"tests.integration.judge.sandbox.test_{module}").ATTACKS
    rows = [attack.row for attack in attacks]
    assert rows
    listed = DOCS.read_text().splitlines()
    assert [row for row in rows if row not in listed] == []
