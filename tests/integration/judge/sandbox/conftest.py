"""Parameters of the attack tests."""

from tests.support.sandbox.attacks import Attacks


def pytest_generate_tests(metafunc) -> None:
    """Give `LayeredAttacks` the attacks of its module."""
    attacks: Attacks = getattr(metafunc.module, "ATTACKS", Attacks())
    if "layer" in metafunc.fixturenames:
        pairs = list(attacks.alone())
        ids = [f"{attack.name}-{layer}" for attack, layer in pairs]
        metafunc.parametrize(("attack", "layer"), pairs, ids=ids)
    elif "attack" in metafunc.fixturenames:
        metafunc.parametrize("attack", list(attacks), ids=[attack.name for attack in attacks])
