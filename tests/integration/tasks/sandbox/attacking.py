"""An attack with the layers that stop it, and the three tests that every attack has."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import pytest

from tests.integration.tasks.sandbox.arena import Arena, Host
from tests.integration.tasks.sandbox.boxes import Box
from tests.integration.tasks.sandbox.weakened import Layer

Act = Callable[[Box, Arena], bool]
Weaken = Callable[[Sequence[Layer]], AbstractContextManager[Box]]


@dataclass(frozen=True)
class Attack:
    """`act` tries it in a box and tells whether it did what it must not.

    Each of `layers` alone stops it; where there are no control groups, each of `without_groups`
    does, too, and none of `with_groups`.
    """

    act: Act
    layers: tuple[Layer, ...]
    with_groups: tuple[Layer, ...] = ()
    without_groups: tuple[Layer, ...] = ()

    @property
    def name(self) -> str:
        return self.act.__name__

    def layers_of(self, box: Box) -> tuple[Layer, ...]:
        """The layers that this user's sandbox has."""
        more = self.with_groups if box.has_groups else self.without_groups
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
        """Each attack that more than one layer stops, with each of them."""
        for attack in self:
            layers = (*attack.layers, *attack.with_groups, *attack.without_groups)
            for layer in layers if len(layers) > 1 else ():
                yield attack, layer


class LayeredAttacks:
    """A module's `ATTACKS`; its conftest parametrizes `attack` and `layer`."""

    def test_it_is_stopped(self, box: Box, arena: Arena, attack: Attack):
        host = Host(box)
        assert not attack.act(box, arena)
        host.assert_untouched()

    def test_each_layer_alone_stops_it(
        self, best_box: Box, arena: Arena, weaken: Weaken, attack: Attack, layer: Layer
    ):
        layers = attack.layers_of(best_box)
        if layer not in layers:
            pytest.skip(f"this user's sandbox has no {layer}")
        if len(layers) == 1:
            pytest.skip(f"{layer} is the only one, as shown by the other two tests")
        with weaken([one for one in layers if one is not layer]) as box:
            assert not attack.act(box, arena)

    def test_it_works_without_them(
        self, best_box: Box, arena: Arena, weaken: Weaken, attack: Attack
    ):
        with weaken(attack.layers_of(best_box)) as box:
            assert attack.act(box, arena)
