import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.data.dynamo.bodies import PACKED, Bodies
from graphql_api.data.packing import DamagedBody, pack, unpack


@given(st.binary(max_size=5000))
def test_what_was_packed_unpacks_to_the_same_bytes(raw: bytes) -> None:
    assert unpack(pack(raw)) == raw


def test_two_kilobytes_of_code_pack_below_one() -> None:
    code = "".join(f"    total = total + values[{n}] * weight({n})\n" for n in range(48)).encode()
    assert len(code) > 2000
    assert len(pack(code)) < 1024


@pytest.mark.parametrize("position", [0, 10, -1])
def test_a_changed_byte_is_noticed(position: int) -> None:
    packed = bytearray(pack(b"some code that somebody wrote" * 20))
    packed[position] ^= 0x55
    with pytest.raises(DamagedBody):
        unpack(bytes(packed))


@pytest.mark.parametrize("raw", [bytes(64 * 1024 * 1024)], ids=["64 MB that pack to 6 KB"])
async def test_a_long_body_does_not_hold_up_the_event_loop_however_well_it_packs(
    raw: bytes,
) -> None:
    packed = pack(raw)
    assert len(packed) < 10_000
    manifest = {"PK": "a", "SK": "b", "v": 1, "tp": "body", PACKED: packed}
    reading = asyncio.ensure_future(Bodies(dynamo=None).of_manifest(manifest))  # type: ignore[arg-type]
    turns = 0
    while not reading.done():
        turns += 1
        await asyncio.sleep(0.001)
    assert await reading == raw
    assert turns > 2
