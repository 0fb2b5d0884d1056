"""An attack with the layers that stop it, and the three tests that every attack has."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import chain

import pytest

from tests.support.sandbox.host import HostFixture, HostSnapshot
from tests.support.sandbox.sandboxes import SandboxFixture
from tests.support.sandbox.weakened import Layer

Act = Callable[[SandboxFixture, HostFixture], bool]
Weaken = Callable[[Sequence[Layer], SandboxFixture], AbstractContextManager[SandboxFixture]]


def _named(layers: Sequence[Layer]) -> str:
    return ", ".join(f"{one.name}{' (root)' if one.of_root else ''}" for one in layers)


@dataclass(frozen=True)
class Attack:
    """`act` runs the attack in a sandbox and returns whether it succeeded.

    Each of `layers` alone stops it. With control groups each of `with_groups` does too, and without
    them each of `without_groups`.
    """

    act: Act
    layers: tuple[Layer, ...]
    with_groups: tuple[Layer, ...] = ()
    without_groups: tuple[Layer, ...] = ()

    @property
    def name(self) -> str:
        return self.act.__name__

    @property
    def row(self) -> str:
        """The attack as docs/sandbox.md lists it."""
        stopped_by = [_named(self.layers)] if self.layers else []
        if self.with_groups:
            stopped_by.append(f"with control groups: {_named(self.with_groups)}")
        if self.without_groups:
            stopped_by.append(f"without: {_named(self.without_groups)}")
        return f"| {self.name.replace('_', ' ')} | {'; '.join(stopped_by)} |"

    def layers_of(self, sandbox: SandboxFixture) -> tuple[Layer, ...]:
        """Return the layers that the sandbox of the current user has."""
        more = self.with_groups if sandbox.has_groups else self.without_groups
        root = os.geteuid() == 0
        return tuple(one for one in (*self.layers, *more) if root or not one.of_root)


class Attacks:
    """The attacks of one module, each registered with the layers that stop it."""

    def __init__(self) -> None:
        self._attacks: list[Attack] = []

    def stopped_by(
        self,
        *layers: Layer,
        with_groups: tuple[Layer, ...] = (),
        without_groups: tuple[Layer, ...] = (),
    ) -> Callable[[Act], Act]:
        def register(act: Act) -> Act:
            self._attacks.append(Attack(act, layers, with_groups, without_groups))
            return act

        return register

    def __iter__(self) -> Iterator[Attack]:
        return iter(self._attacks)

    def alone(self) -> Iterator[tuple[Attack, Layer]]:
        """Yield each layer of each attack, if it is not the only layer on every host."""
        for attack in self:
            hosts = [
                (*attack.layers, *more) for more in (attack.with_groups, attack.without_groups)
            ]
            several = [layers for layers in hosts if len(layers) > 1]
            for layer in dict.fromkeys(chain(*several)):
                yield attack, layer


class LayeredAttacks:
    """Tests of a module's `ATTACKS`; conftest.py parametrizes `attack` and `layer`."""

    @pytest.fixture
    def kind(self, best_sandbox: SandboxFixture) -> SandboxFixture:
        """A sandbox with the limits for which the layers are tested."""
        return best_sandbox

    def test_it_is_stopped(self, sandbox: SandboxFixture, host: HostFixture, attack: Attack):
        snapshot = HostSnapshot(sandbox)
        assert not attack.act(sandbox, host)
        snapshot.assert_untouched()

    @pytest.mark.thorough
    def test_each_layer_alone_stops_it(
        self, kind: SandboxFixture, host: HostFixture, weaken: Weaken, attack: Attack, layer: Layer
    ):
        layers = attack.layers_of(kind)
        if layer not in layers or len(layers) == 1:
            pytest.skip(f"here {layer} is none of those that stop it, or the only one")
        with weaken([one for one in layers if one is not layer], kind) as sandbox:
            assert not attack.act(sandbox, host)

    @pytest.mark.thorough
    def test_it_works_without_them(
        self, kind: SandboxFixture, host: HostFixture, weaken: Weaken, attack: Attack
    ):
        with weaken(attack.layers_of(kind), kind) as sandbox:
            assert attack.act(sandbox, host)


class LayeredAttacksOnLimits(LayeredAttacks):
    """The same tests for attacks that other layers stop without control groups."""

    @pytest.fixture
    def kind(self, sandbox: SandboxFixture) -> SandboxFixture:
        return sandbox
