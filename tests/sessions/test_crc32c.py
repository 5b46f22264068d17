import random

from sessions.crc32c import advance_tables, crc32c, masked, masked_crc32c, run
from tests.sessions.builders import slow_crc32c, slow_masked


def test_the_check_value_of_the_standard():
    assert crc32c(b"123456789") == 0xE3069283


def test_rfc_3720_vectors():
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"\xff" * 32) == 0x62A8AB43
    assert crc32c(bytes(range(32))) == 0x46DD794E


def test_the_mask_rotates_by_15_and_adds_a_constant():
    # 0x80000001 rotated right by 15: bit 31 -> 16, bit 0 -> 17, so 0x00030000; plus 0xA282EAD8
    assert masked(0x80000001) == 0xA285EAD8


def test_random_bytes_agree_with_the_bitwise_definition():
    rng = random.Random(1)
    for _ in range(50):
        data = rng.randbytes(rng.randrange(200))
        assert masked_crc32c(data) == slow_masked(data)
        assert crc32c(data) == slow_crc32c(data)


def test_advance_tables_jump_over_zero_bytes():
    rng = random.Random(2)
    for n in (0, 1, 4, 31, 200):
        a, b, c, d = advance_tables(n)
        for _ in range(20):
            register = rng.getrandbits(32)
            jumped = a[register & 255] ^ b[register >> 8 & 255] ^ c[register >> 16 & 255] ^ d[register >> 24]
            assert jumped == run(register, bytes(n))
